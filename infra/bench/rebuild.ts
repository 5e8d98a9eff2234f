import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { timelineView } from '../../apps/sharing-protocol/src/views/timeline/projection.ts';
import { encodeRecord } from '#contracts';
import { openSqliteLog } from '#event-log/sqlite';
import type { EventLog } from '#event-log';
import type { Instant, OrganisationId } from '#kernel';
import { openView, rebuild } from '#projections';

/** Rebuild of the timeline beside a bare scan (readAll and JSON.parse). `--events 1000000` and `--rounds 5` change the size. */
const option = (name: string, otherwise: number) => {
  const at = process.argv.indexOf(name);
  return at < 0 ? otherwise : Number(process.argv[at + 1]);
};
const EVENTS = option('--events', 100_000);
const ROUNDS = option('--rounds', EVENTS > 100_000 ? 1 : 5);
const dir = mkdtempSync(join(tmpdir(), 'rebuild-'));

function eventOf(n: number) {
  const at = new Date(Date.UTC(2020, 0, 1) + n * 60_000).toISOString() as Instant;
  const id = `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
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

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
const say = (line: object) => process.stdout.write(`${JSON.stringify({ bench: 'rebuild', ...line })}\n`);

const log = await openSqliteLog({ path: join(dir, 'log.db') });
try {
  await fill(log);
  const view = await openView({ definition: timelineView, dir: join(dir, 'views'), log });
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
  const [baseline, value] = [Math.round(median(scans)), Math.round(median(builds))];
  const ratio = Number((value / baseline).toFixed(3));
  say({
    figure: `rebuild of ${String(EVENTS)} events`,
    value,
    unit: 'events/s',
    baseline,
    ratio,
    target: 0.25,
    met: ratio >= 0.25,
  });
  const growth = Math.round((peak - before) / 1e6);
  say({
    figure: 'peak memory growth',
    value: growth,
    unit: 'MB',
    baseline: null,
    ratio: null,
    target: 200,
    met: growth <= 200,
  });
} finally {
  await log.close();
  rmSync(dir, { recursive: true });
}
