import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  MOST_ADD_CHECKPOINT_BYTES,
  openCheckpoint,
  parseAddCheckpoint,
  parseVkey,
  ruleAddCheckpoint,
  SIZE_MEDIA_TYPE,
  splitNote,
  withSignatures,
  WitnessFile,
  type Checkpoint,
  type Cosigner,
} from '#transparency';

/** What a witness serves with. */
export interface WitnessServing {
  /** `host:port`, 0 for any free port. */
  readonly listen: string;
  /** Keys of the logs it witnesses (C2SP vkeys), each named by its origin. */
  readonly logs: readonly string[];
  readonly cosigner: Cosigner;
  /** Where it keeps the last checkpoint of each. */
  readonly state: string;
  /** Seconds since 1970. */
  readonly now: () => bigint;
  readonly say: (line: string) => void;
}

/** A witness that listens. */
export interface ServedWitness {
  readonly url: string;
  close(): Promise<void>;
}

interface Reply {
  readonly status: number;
  readonly text: string;
  readonly type?: string;
}

/** Serves C2SP tlog-witness: `POST /add-checkpoint`, and `GET /<SHA-256 of the origin, hex>/checkpoint` for what was cosigned last. */
export async function serveWitness(serving: WitnessServing): Promise<ServedWitness> {
  const witness = new Witness(serving);
  const server = createServer((request, response) => {
    void answer(witness, request).then(
      (reply) => send(response, reply),
      (error: unknown) => {
        serving.say(`a request failed: ${error instanceof Error ? error.message : 'fault'}`);
        send(response, { status: 500, text: '' });
      },
    );
  });
  Object.assign(server, { requestTimeout: 10_000, headersTimeout: 5_000, maxConnections: 256 });
  const [, host = '127.0.0.1', port = ''] = /^(.*):([0-9]{1,5})$/.exec(serving.listen) ?? [];
  if (port === '') throw new Error('listen on <host>:<port>, for example 127.0.0.1:8091');
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(Number(port), host.replace(/^\[|\]$/g, ''), resolve);
  });
  const url = `http://${host}:${String((server.address() as AddressInfo).port)}`;
  return {
    url,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

class Witness {
  readonly #serving: WitnessServing;
  readonly #logs: ReturnType<typeof parseVkey>[];
  readonly #file: WitnessFile;

  constructor(serving: WitnessServing) {
    this.#serving = serving;
    this.#logs = serving.logs.map(parseVkey);
    this.#file = new WitnessFile(serving.state);
  }

  /** One synchronous step from reading what is held to keeping what replaces it: two requests at once cannot roll it back. */
  addCheckpoint(body: string): Reply {
    const { cosigner, now, say } = this.#serving;
    const ruling = ruleAddCheckpoint(body, this.#logs, (origin) => this.#held(origin));
    switch (ruling.kind) {
      case 'cosign': {
        const line = cosigner.cosign(splitNote(ruling.note)?.text ?? '', now());
        this.#file.keep(withSignatures(ruling.note, [line]));
        return { status: 200, text: `${line}\n` };
      }
      case 'other-size':
        return { status: 409, text: `${String(ruling.size)}\n`, type: SIZE_MEDIA_TYPE };
      case 'refuse':
        if (ruling.contradicts) {
          const offered = parseAddCheckpoint(body)?.checkpoint ?? '';
          const [origin = ''] = offered.split('\n', 1);
          const held = this.#file.held(origin);
          const where = held === undefined ? '' : `. Both heads are in ${this.#file.keepEvidence(held, offered)}`;
          say(`DO NOT TRUST ${origin}: it asked to cosign a head that does not continue the one held${where}`);
        }
        return { status: ruling.status, text: '' };
    }
  }

  latest(originHash: string): Reply {
    const log = this.#logs.find(({ name }) => createHash('sha256').update(name).digest('hex') === originHash);
    const note = log === undefined ? undefined : this.#file.held(log.name);
    return note === undefined ? { status: 404, text: '' } : { status: 200, text: note };
  }

  #held(origin: string): Checkpoint | undefined {
    const log = this.#logs.find(({ name }) => name === origin);
    const note = this.#file.held(origin);
    if (log === undefined || note === undefined) return undefined;
    const opened = openCheckpoint(note, [log]);
    if (!opened.ok) throw new Error(`what is held of ${origin} was not signed by its key`);
    return opened.value;
  }
}

async function answer(witness: Witness, request: IncomingMessage): Promise<Reply> {
  const path = request.url?.split('?')[0] ?? '';
  if (path === '/add-checkpoint') {
    if (request.method !== 'POST') return { status: 405, text: '' };
    const body = await bodyOf(request);
    return body === undefined ? { status: 413, text: '' } : witness.addCheckpoint(body);
  }
  const hash = /^\/([0-9a-f]{64})\/checkpoint$/.exec(path)?.[1];
  return hash !== undefined && request.method === 'GET' ? witness.latest(hash) : { status: 404, text: '' };
}

/** The body as text; undefined where it is longer than any checkpoint may be. */
async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MOST_ADD_CHECKPOINT_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function send(response: ServerResponse, { status, text, type }: Reply): void {
  if (response.destroyed) return;
  response.writeHead(status, {
    'content-type': type ?? 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    ...(status === 413 ? { connection: 'close' } : {}),
  });
  response.end(text);
}
