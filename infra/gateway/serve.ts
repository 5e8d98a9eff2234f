import { createServer, request as ask, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { APPS, appFor, isPrivate, type App } from './route.ts';

/** A gateway that listens. */
export interface Gateway {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * The table of routes as a small proxy, for tests and for trying the processes on one machine; nginx with the same table is for everything
 * else. Streams both ways, stores and logs nothing. `port` 0: any free one.
 */
export async function serveGateway(apps: Readonly<Record<App, string>>, port: number): Promise<Gateway> {
  const server = createServer((request, response) => forward(apps, request, response));
  // As nginx has it: whoever uses a connection again after a few seconds must not meet it closing.
  server.keepAliveTimeout = 75_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    close: () => closed(server),
  };
}

function forward(apps: Readonly<Record<App, string>>, request: IncomingMessage, response: ServerResponse): void {
  const path = (request.url ?? '/').split('?')[0] ?? '/';
  if (isPrivate(path)) {
    refuse(response, 404, 'CALLER_ROUTE_UNKNOWN', 'There is no such route');
    return;
  }
  const to = new URL(apps[appFor(request.method ?? 'GET', path, request.headers['content-type'])]);
  const onward = ask(
    { host: to.hostname, port: to.port, method: request.method, path: request.url, headers: request.headers },
    (answer) => {
      if (response.destroyed) {
        answer.resume();
        return;
      }
      response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      answer.once('error', () => response.destroy());
      answer.pipe(response);
    },
  );
  // An app may answer before it has read the body, and close: that answer is on its way all the same.
  onward.on('error', () => {
    if (!response.headersSent) refuse(response, 503, 'HUB_UNAVAILABLE', 'The hub cannot answer now');
    else if (!response.writableEnded) response.destroy();
  });
  // Whoever goes away in the middle ends both halves; there is nobody left to tell.
  response.once('close', () => onward.destroy());
  request.pipe(onward);
}

function refuse(response: ServerResponse, status: number, code: string, title: string): void {
  const type = `urn:tellonce:problem:${code.toLowerCase().replaceAll('_', '-')}`;
  const instance = `urn:uuid:${randomUUID()}`;
  response.writeHead(status, {
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
    ...(status === 503 ? { 'retry-after': '5' } : {}),
  });
  response.end(JSON.stringify({ type, title, status, code, instance }));
}

async function closed(server: Server): Promise<void> {
  const ended = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await ended;
}

/** `node_modules/.bin/node infra/gateway/serve.ts 8080 education=http://127.0.0.1:8081 …`: until a signal comes (npx would keep it). */
if (import.meta.main) {
  const [port = '8080', ...named] = process.argv.slice(2);
  const given = new Map(named.map((pair) => pair.split('=') as [string, string]));
  const missing = APPS.filter((app) => !given.has(app));
  if (missing.length > 0) throw new Error(`say where they are: ${missing.map((app) => `${app}=URL`).join(' ')}`);
  const gateway = await serveGateway(Object.fromEntries(given) as Record<App, string>, Number(port));
  console.log(`gateway: ${gateway.url}`);
  for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => void gateway.close());
}
