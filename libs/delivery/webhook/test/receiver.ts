import {
  createServer as createHttp,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { createServer as createTcp, type AddressInfo, type Server, type Socket } from 'node:net';
import { toInstant, type OrganisationId } from '#kernel';
import type { Signal } from '#delivery';

/** One request as it arrived. */
export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly connection: number;
}

/** A real receiver on loopback. */
export interface Receiver {
  readonly url: string;
  readonly port: number;
  readonly received: readonly Received[];
  /** Ids in the order in which they came. */
  ids(): readonly string[];
  stop(): Promise<void>;
}

/** A receiver that speaks HTTP and answers as told; the request has been read to its end by then. */
export async function httpReceiver(
  answer: (response: ServerResponse, request: Received, nth: number) => void = (response) =>
    response.writeHead(204).end(),
): Promise<Receiver> {
  const received: Received[] = [];
  const connections = new Map<Socket, number>();
  const server = createHttp((request, response) => void take(request, response));
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const connection = connections.get(request.socket) ?? connections.size + 1;
    connections.set(request.socket, connection);
    const body = Buffer.concat(chunks).toString('utf8');
    const one = { path: request.url ?? '', headers: request.headers, body, connection };
    received.push(one);
    answer(response, one, received.length - 1);
  };
  return { ...(await listening(server, () => server.closeAllConnections())), received, ids: () => idsOf(received) };
}

/** A receiver that says exactly these bytes, or does worse, to each connection. */
export async function rawReceiver(onConnection: (socket: Socket) => void): Promise<Receiver> {
  const sockets = new Set<Socket>();
  const server = createTcp((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    onConnection(socket);
  });
  const stop = (): void => sockets.forEach((socket) => socket.destroy());
  return { ...(await listening(server, stop)), received: [], ids: () => [] };
}

/** Signals with the ids `s0`, `s1`, … of these keys. */
export function signalsOf(...keys: readonly string[]): readonly Signal[] {
  return keys.map((key, at) => ({
    id: `s${String(at)}`,
    organisation: 'oakfield-primary' as OrganisationId,
    key,
    kind: 'fact-published',
    category: 'health.screening',
    time: toInstant(Date.parse('2026-11-24T09:30:00Z')),
    ask: `https://hub.example/v1/signals/s${String(at)}`,
  }));
}

const idsOf = (received: readonly Received[]): readonly string[] =>
  received.map(({ headers }) => String(headers['webhook-id']));

async function listening(server: Server, end: () => void) {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const stop = (): Promise<void> => {
    end();
    return new Promise((resolve) => server.close(() => resolve()));
  };
  return { url: `http://127.0.0.1:${String(port)}/hook`, port, stop };
}
