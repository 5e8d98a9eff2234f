import { once } from 'node:events';
import {
  connect,
  constants,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
} from 'node:http2';

/** A gRPC call by hand, to see what goes over the wire and not what a client makes of it. */
export class RawCall {
  readonly #stream: ClientHttp2Stream;
  readonly #headers: Promise<IncomingHttpHeaders>;
  readonly #trailers: Promise<IncomingHttpHeaders>;
  readonly #messages: Buffer[] = [];
  #rest = Buffer.alloc(0);
  #wake: () => void = () => undefined;
  #over = false;

  constructor(session: ClientHttp2Session, path: string, headers: Readonly<Record<string, string>>) {
    const stream = session.request({ ':method': 'POST', ':path': path, ...headers });
    this.#stream = stream;
    this.#headers = once(stream, 'response').then(([found]) => found as IncomingHttpHeaders);
    this.#trailers = once(stream, 'trailers').then(([found]) => found as IncomingHttpHeaders);
    // Awaited by whoever expects them; a refusal has headers alone, a cancelled call may have neither.
    for (const each of [this.#headers, this.#trailers]) each.catch(() => undefined);
    stream.on('data', (chunk: Buffer) => this.#take(chunk));
    for (const over of ['end', 'close', 'error']) {
      stream.on(over, () => {
        this.#over = true;
        this.#wake();
      });
    }
  }

  /** One message. */
  write(message: Uint8Array): void {
    const head = Buffer.alloc(5);
    head.writeUInt32BE(message.byteLength, 1);
    this.#stream.write(Buffer.concat([head, message]));
  }

  /** No more messages. */
  end(): void {
    this.#stream.end();
  }

  cancel(): void {
    this.#stream.close(constants.NGHTTP2_CANCEL);
  }

  headers(): Promise<IncomingHttpHeaders> {
    return this.#headers;
  }

  trailers(): Promise<IncomingHttpHeaders> {
    return this.#trailers;
  }

  /** The next message; throws where there is none. */
  async next(): Promise<Uint8Array> {
    for (;;) {
      const message = this.#messages.shift();
      if (message !== undefined) return message;
      if (this.#over) throw new Error('the call is over');
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Puts a message back. */
  unread(message: Uint8Array): void {
    this.#messages.unshift(Buffer.from(message));
  }

  #take(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    while (this.#rest.byteLength >= 5) {
      const end = 5 + this.#rest.readUInt32BE(1);
      if (this.#rest.byteLength < end) break;
      this.#messages.push(this.#rest.subarray(5, end));
      this.#rest = this.#rest.subarray(end);
    }
    this.#wake();
  }
}

/** A connection to a server without TLS. */
export function rawConnection(port: number): ClientHttp2Session {
  return connect(`http://127.0.0.1:${port}`);
}
