import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Controller, Get, Module } from '@nestjs/common';
import { Access } from '../guard/access.ts';
import { logCheck } from '../health/checks.ts';
import { Readiness } from '../health/readiness.ts';
import { createApp } from '../http/create-app.ts';
import { Metrics } from '../metrics/metrics.ts';
import { adviseNode } from './node-version.ts';
import { runApp } from './run-app.ts';

let release = (): void => undefined;
let entered = (): void => undefined;

@Controller('slow')
class SlowController {
  @Get()
  @Access({ roles: 'anyone', purpose: 'none' })
  async read(): Promise<string> {
    entered();
    await new Promise<void>((resolve) => {
      release = resolve;
    });
    return 'answered';
  }
}
@Module({ controllers: [SlowController] })
class SlowModule {}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tellonce-run-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function freePort(): Promise<{ port: number; server: Server }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, server };
}

type Composing = Parameters<typeof runApp>[0];

function compose(closed: string[]): Composing {
  return async (config, logger) => {
    const readiness = new Readiness([]);
    const app = await createApp(SlowModule, {
      config,
      logger,
      readiness,
      metrics: new Metrics({ version: '0', sha: '0' }, false),
      authenticator: { verify: () => Promise.reject(new Error('not asked')) },
      refusals: { record: () => Promise.resolve() },
    });
    return {
      app,
      readiness,
      resources: ['views', 'log'].map((name) => ({ name, close: () => void closed.push(name) })),
    };
  };
}

/** Runs with the settings until exit; `signal` sends one. */
function start(env: Record<string, string>, closed: string[] = [], composing: Composing = compose(closed)) {
  const printed: string[] = [];
  let signal: (name: string) => void = () => undefined;
  let ended: (code: number) => void = () => undefined;
  const exited = new Promise<number>((resolve) => {
    ended = resolve;
  });
  const started = runApp(composing, {
    env: { TELLONCE_LOG_LEVEL: 'silent', TELLONCE_VAR: join(folder, 'var'), ...env },
    print: (text) => printed.push(text),
    exit: (code) => ended(code),
    onSignal: (handler) => {
      signal = handler;
    },
  });
  return { printed, exited, started, signal: (name: string) => signal(name) };
}

it('answers what is in flight, then closes the resources in order', async () => {
  const { port, server } = await freePort();
  await new Promise((resolve) => server.close(resolve));
  const closed: string[] = [];
  const run = start({ TELLONCE_PORT: String(port) }, closed);
  await run.started;
  const inside = new Promise<void>((resolve) => {
    entered = resolve;
  });
  expect((await fetch(`http://127.0.0.1:${port}/health/ready`)).status).toBe(200);
  const slow = fetch(`http://127.0.0.1:${port}/slow`);
  await inside;
  run.signal('SIGTERM');
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(closed).toEqual([]);
  await expect(fetch(`http://127.0.0.1:${port}/health/live`, { headers: { connection: 'close' } })).rejects.toThrow();
  release();
  expect(await (await slow).text()).toBe('answered');
  expect([await run.exited, closed]).toEqual([0, ['views', 'log']]);
});

it('lives but has not started while it opens; each probe says what it is for', async () => {
  const { port, server } = await freePort();
  await new Promise((resolve) => server.close(resolve));
  const probes = () =>
    Promise.all(
      ['live', 'ready', 'startup'].map(async (probe) => {
        const answer = await fetch(`http://127.0.0.1:${port}/health/${probe}`);
        return `${probe} ${answer.status}`;
      }),
    );
  let log = true;
  const opening = Promise.withResolvers<undefined>();
  const composing = Promise.withResolvers<undefined>();
  const composed = compose([]);
  const run = start({ TELLONCE_PORT: String(port) }, [], async (...given) => {
    composing.resolve(undefined);
    await opening.promise;
    const made = await composed(...given);
    made.readiness.add(logCheck({ head: () => (log ? Promise.resolve(null) : Promise.reject(new Error('gone'))) }));
    return made;
  });
  await composing.promise;
  const seen = [await probes()];
  opening.resolve(undefined);
  await run.started;
  seen.push(await probes());
  log = false;
  seen.push(await probes());
  expect(seen).toEqual([
    ['live 200', 'ready 503', 'startup 503'],
    ['live 200', 'ready 200', 'startup 200'],
    ['live 200', 'ready 503', 'startup 200'],
  ]);
  run.signal('SIGTERM');
  expect(await run.exited).toBe(0);
});

it('frees the port where the start fails', async () => {
  const { port, server } = await freePort();
  await new Promise((resolve) => server.close(resolve));
  const run = start({ TELLONCE_PORT: String(port) }, [], () => Promise.reject(new Error('no')));
  expect(await run.exited).toBe(70);
  await expect(fetch(`http://127.0.0.1:${port}/health/live`)).rejects.toThrow();
});

it('says all that is wrong with the configuration, and 78', async () => {
  const run = start({ TELLONCE_PORT: 'eighty', TELLONCE_DEMO: 'yes', TELLONCE_PROT: '1' });
  expect(await run.exited).toBe(78);
  expect(run.printed.join('')).toMatch(/TELLONCE_PORT is[^]*TELLONCE_DEMO is[^]*TELLONCE_PROT is/);
});

it('says that the port is taken', async () => {
  const { port, server } = await freePort();
  const closed: string[] = [];
  const run = start({ TELLONCE_PORT: String(port) }, closed);
  expect(await run.exited).toBe(69);
  expect(run.printed).toEqual([
    `Port ${port} of 127.0.0.1 is taken. Stop the other program, or set TELLONCE_PORT to another port.`,
  ]);
  expect(closed).toEqual([]);
  server.close();
});

it('says which folder cannot be written', async () => {
  const file = join(folder, 'a-file');
  writeFileSync(file, '');
  const run = start({ TELLONCE_VAR: join(file, 'var') });
  expect(await run.exited).toBe(73);
  expect(run.printed.join('')).toMatch(/cannot be written \(ENOTDIR\).*TELLONCE_VAR/);
});

it.each([
  ['v24.21.0', false, true, 'fine'],
  ['v26.0.0', false, false, 'fine'],
  ['v20.20.2', false, true, 're-execute'],
  ['v20.20.2', true, true, 'too-old'],
  ['v20.20.2', false, false, 'too-old'],
])('with Node %s (again: %s, pinned one there: %s): %s', (version, again, there, kind) => {
  expect(
    adviseNode(version, '/srv/hub/dist', again, (path) => there && path.startsWith('/srv/hub/node_modules')),
  ).toMatchObject({ kind });
});

it('makes files for its own user only, in a folder too that lets others in', async () => {
  const varDir = join(folder, 'open');
  mkdirSync(varDir, { mode: 0o755 });
  const before = process.umask(0o022);
  try {
    const { port, server } = await freePort();
    server.close();
    const settings = { TELLONCE_LOG_LEVEL: 'silent', TELLONCE_VAR: varDir, TELLONCE_PORT: String(port) };
    const made = join(varDir, 'made');
    await runApp(
      async () => {
        writeFileSync(made, '');
        throw new Error('far enough');
      },
      { env: settings, print: () => undefined, exit: () => undefined, onSignal: () => undefined },
    );
    expect(statSync(made).mode & 0o077).toBe(0);
  } finally {
    process.umask(before);
  }
});
