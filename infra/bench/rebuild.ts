import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { timelineView } from '../../apps/sharing-protocol/src/views/timeline/projection.ts';
import { encodeRecord } from '#contracts';
import { openSqliteLog } from '#event-log/sqlite';
import type { EventLog } from '#event-log';
import type { Instant, OrganisationId } from '#kernel';
import { openView, rebuild } from '#projections';
import { figure, median } from './lib.ts';

/** Rebuild of the timeline beside a bare scan (readAll and JSON.parse). `--events 1000000` and `--rounds 5` change the size. */
const option = (name: string, otherwise: number) => {
  const at = process.argv.indexOf(name);
  return at < 0 ? otherwise : Number(process.argv[at + 1]);
};
const EVENTS = option('--events', 100_000);
const ROUNDS = option('--rounds', EVENTS > 100_000 ? 1 : 5);
const dir = mkdtempSync(join(process.env['BENCH_DIR'] ?? tmpdir(), 'rebuild-'));

function eventOf(n: number) {
  const at = new Date(Date.UTC(2020, 0, 1) + n * 60_000).toISOString() as Instant;
  // As ids are: in no order, so that every index page is met.
  const hash = createHash('sha1').update(String(n)).digest('hex');
  const id = `${hash.slice(0, 8)}-${hash.slice(8, 12)}-5${hash.slice(13, 16)}-8${hash.slice(17, 20)}-${hash.slice(20, 32)}`;
  const stream = `fact-${id}`;
  const data = {
    recordId: `record-${String(n % Math.ceil(EVENTS / 1000))}`,
    organisation: 'riverside-school',
    factType: 'attendance.v1',
    category: 'education.attendance',
    index: { code: 'P' },
    happenedAt: at,
    stated: { at, rank: 0, by: id },
    purposes: ['sen-support'],
    reliesOnConsent: false,
    provenance: { kind: 'organisation-signed', kid: 'k1', alg: 'Ed25519' },
    sealed: { key: 'k1', iv: 'AAAAAAAAAAAAAAAA', text: 'A'.repeat(400) },
  };
  const by = 'riverside-school' as OrganisationId;
  return {
    stream,
    event: encodeRecord({
      format: 1,
      stream,
      revision: 0,
      type: 'fact.published.v1',
      recordedAt: at,
      by,
      correlationId: id,
      data,
    }),
  };
}

async function fill(log: EventLog) {
  for (let from = 0; from < EVENTS; from += 1000) {
    const some = Array.from({ length: Math.min(1000, EVENTS - from) }, (_, n) => eventOf(from + n));
    await Promise.all(some.map(({ stream, event }) => log.append(stream, 'none', [event])));
  }
}

async function scan(log: EventLog): Promise<number> {
  const began = performance.now();
  let seen = 0;
  for await (const events of log.readAll({ families: timelineView.families, batch: 2000 })) {
    for (const { data } of events) if (JSON.parse(Buffer.from(data).toString('utf8')) !== null) seen += 1;
  }
  return (seen / (performance.now() - began)) * 1000;
}

const log = await openSqliteLog({ path: join(dir, 'log.db') });
try {
  await fill(log);
  const view = await openView({ definition: timelineView, where: { kind: 'sqlite', dir: join(dir, 'views') }, log });
  const [scans, builds]: [number[], number[]] = [[], []];
  let [before, peak] = [0, 0];
  for (let round = 0; round < ROUNDS; round++) {
    scans.push(await scan(log));
    if (round === 0) before = process.memoryUsage().rss;
    const began = performance.now();
    const { done: position } = await rebuild(view, {
      elapsed: () => performance.now(),
      onProgress: () => {
        peak = Math.max(peak, process.memoryUsage().rss);
      },
    });
    builds.push((position / (performance.now() - began)) * 1000);
  }
  await view.close();
  const size = `${EVENTS.toLocaleString('en-GB')} events`;
  const ratio = median(builds.map((build, at) => build / (scans[at] ?? Number.NaN)));
  const value = median(builds);
  figure({ bench: 'rebuild', figure: size, value, unit: 'events/s', baseline: median(scans), ratio, target: 0.25 });
  const growth = (peak - before) / 1e6;
  figure({ bench: 'rebuild', figure: `memory, ${size}`, value: growth, unit: 'MB', target: 200, atMost: true });
} finally {
  await log.close();
  rmSync(dir, { recursive: true });
}
