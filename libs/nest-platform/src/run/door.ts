import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Config } from '../config/config.ts';
import { problemBody, type ProblemInit } from '../problem/problem.ts';
import { requestIdOf } from '../http/hooks.ts';
import { startProblemOf } from './start-problem.ts';

/** Who answers on the port while the hub opens its stores. */
export interface Door {
  /** Frees the port; resolves when another may have it. */
  close(): Promise<void>;
}

const ANSWERS: Readonly<Record<string, { readonly status: number; readonly body: object }>> = {
  '/health/live': { status: 200, body: { status: 'up' } },
  '/health/startup': { status: 503, body: { status: 'starting' } },
  '/health/ready': { status: 503, body: { status: 'down', checks: [] } },
};

const STARTING: ProblemInit = {
  status: 503,
  code: 'HUB_UNAVAILABLE',
  title: 'The hub cannot answer now',
  detail: 'It is starting.',
};

/**
 * Takes the port before anything is opened: one that is taken is told in one message and leaves no trace in the folder; and a start that reads a
 * long log is seen to live, and not killed for being slow. Everything but the probes is 503. Throws a StartProblem where the port can't be had.
 */
export async function openDoor(config: Config): Promise<Door> {
  const server = createServer({ requestTimeout: config.requestTimeoutMs }, answer);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(config.port, config.host, resolve);
    });
  } catch (error) {
    throw startProblemOf(error, config) ?? error;
  }
  return {
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  const id = requestIdOf(request.headers['x-request-id']);
  const path = request.url?.split('?')[0] ?? '';
  const probe = request.method === 'GET' && Object.hasOwn(ANSWERS, path) ? ANSWERS[path] : undefined;
  const { status, body } = probe ?? { status: 503, body: problemBody(STARTING, id) };
  response.writeHead(status, {
    'content-type': `application/${probe === undefined ? 'problem+json' : 'json'}; charset=utf-8`,
    'x-request-id': id,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    // The application takes over in a moment, on connections of its own.
    connection: 'close',
    ...(probe === undefined ? { 'retry-after': '5' } : {}),
  });
  response.end(JSON.stringify(body));
}
