import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { encodeRecord, factStream, type FactBody } from '#contracts';
import { openSqliteLog } from '#event-log/sqlite';
import { randomUuid, type FactId, type Instant, type OrganisationId, type RecordId } from '#kernel';
import { figure, median } from './lib.ts';
import { freePort } from '../../libs/testing/servers/index.ts';

/**
 * Start to first answer of the built hub, and what it keeps resident, with a million facts present (`--facts n` for fewer). The facts are
 * appended as the publisher would store them, under keys that no vault knows: start reads them, nobody opens them.
 */
const facts = Number(parseArgs({ options: { facts: { type: 'string', default: '1000000' } } }).values.facts);
const folder = mkdtempSync(join(process.env['BENCH_DIR'] ?? tmpdir(), 'tellonce-start-'));
const chance = { bytes: (count: number) => randomBytes(count) };
const main = join(import.meta.dirname, '../../dist/apps/hub/src/main.js');

try {
  await fill(join(folder, 'var'));
  // The first start catches up: tree, views. It is no figure of this bench.
  await started(folder, async (hub, url) => {
    for (let behind = 1; behind > 0; behind = await behindOf(url)) await wait(1000);
    await stop(hub);
  });
  const [times, sizes]: [number[], number[]] = [[], []];
  for (let round = 0; round < 5; round++) {
    await started(folder, async (hub, _url, milliseconds) => {
      times.push(milliseconds / 1000);
      await wait(1500);
      sizes.push(residentOf(hub) / 1024 / 1024);
      await stop(hub);
    });
  }
  const present = `${String(facts)} facts present`;
  figure({
    bench: 'timeline',
    figure: `start to first answer, ${present}`,
    value: median(times),
    unit: 's',
    target: 3,
    atMost: true,
  });
  figure({
    bench: 'timeline',
    figure: `resident, ${present}`,
    value: median(sizes),
    unit: 'MiB',
    target: 300,
    atMost: true,
  });
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function fill(varDir: string): Promise<void> {
  const { mkdirSync } = await import('node:fs');
  mkdirSync(varDir, { recursive: true });
  const log = await openSqliteLog({ path: join(varDir, 'log.db') });
  let pending: Promise<unknown>[] = [];
  for (let n = 0; n < facts; n++) {
    const stream = factStream(randomUuid(chance) as FactId);
    pending.push(log.append(stream, 'none', [encodeRecord(record(stream, n))]));
    if (pending.length === 2000) {
      await Promise.all(pending);
      pending = [];
    }
  }
  await Promise.all(pending);
  await log.close();
}

function record(stream: string, n: number) {
  const at = new Date(Date.UTC(2024, 0, 1) + n * 30_000).toISOString() as Instant;
  const organisation = 'oakfield-primary' as OrganisationId;
  const recordId = `00000000-0000-4000-8000-${String(Math.floor(n / 100)).padStart(12, '0')}` as RecordId;
  const data: FactBody = {
    recordId,
    organisation,
    factType: 'education.enrolment-started.v1',
    category: 'education.enrolment',
    index: { setting: '100101', startDate: '2026-09-01' },
    happenedAt: at,
    stated: { at, rank: 0, by: stream.slice(5) },
    purposes: ['sen-support'],
    reliesOnConsent: false,
    provenance: { kind: 'organisation-signed', kid: 'k', alg: 'Ed25519' },
    sealed: { key: recordId, iv: 'AAAAAAAAAAAAAAAA', text: randomBytes(300).toString('base64url') },
  };
  return {
    format: 1 as const,
    stream,
    revision: 0,
    type: 'fact.published.v1',
    recordedAt: at,
    by: organisation,
    correlationId: 'bench',
    data,
  };
}

async function started(
  cwd: string,
  use: (hub: ChildProcess, url: string, milliseconds: number) => Promise<void>,
): Promise<void> {
  const port = await freePort();
  const url = `http://127.0.0.1:${String(port)}`;
  const env = {
    ...process.env,
    TELLONCE_PORT: String(port),
    TELLONCE_VAR: join(cwd, 'var'),
    TELLONCE_DEMO: '0',
    TELLONCE_LOG_LEVEL: 'error',
  };
  const began = performance.now();
  const hub = spawn(process.execPath, [main], { cwd, env, stdio: ['ignore', 'ignore', 'inherit'] });
  for (;;) {
    const answer = await fetch(`${url}/health/ready`).catch(() => undefined);
    if (answer?.status === 200) break;
    if (hub.exitCode !== null) throw new Error('the hub did not start');
    await wait(10);
  }
  await use(hub, url, performance.now() - began);
}

async function behindOf(url: string): Promise<number> {
  // Views tell nobody without a sign-in; the process is quiet once it has caught up.
  const before = await cpuOf(url);
  await wait(1000);
  return (await cpuOf(url)) - before > 0.2 ? 1 : 0;
}

async function cpuOf(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/process_cpu_seconds_total(?:\{[^}]*\})? ([0-9.]+)/.exec(text)?.[1] ?? 0);
}

function residentOf(hub: ChildProcess): number {
  const status = readFileSync(`/proc/${String(hub.pid)}/status`, 'utf8');
  if (process.env['BENCH_VERBOSE'] !== undefined)
    process.stderr.write(`${status.match(/Rss.*|VmHWM.*/g)?.join(' ') ?? ''}\n`);
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024;
}

async function stop(hub: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => hub.once('exit', resolve));
  hub.kill('SIGTERM');
  await ended;
}
