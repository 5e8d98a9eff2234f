import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { doubleProcess } from '../../libs/event-log/eventstoredb/test/processes.ts';
import { caughtUp, type CatchUp } from './servers/catch-up.ts';
import { fillDouble, fillSqlite } from './servers/fill.ts';
import { figure } from './lib.ts';

/**
 * What a slow reader of a long catch-up holds after collection, at a tenth, half and the end of it, beside what it held at the tenth; on the
 * SQLite log and on the EventStoreDB adapter, whose server is the double in a process of its own. Each reader is a process of its own, so that
 * nothing else is in its memory. `BENCH_EVENTS` of 600 bytes (1,000,000); after each batch of 500 the reader waits for `BENCH_PAUSE_MS`, or, where
 * that is not set, for as long as a batch took without waiting. `-- memory sqlite` or `-- memory eventstoredb` measures one alone.
 */
const EVENTS = Number(process.env['BENCH_EVENTS'] ?? 1_000_000);
const pause = process.env['BENCH_PAUSE_MS'];
const only = process.argv[2];
/** MiB: what a reader may hold more at the end than at the tenth. A batch is a third of one. */
const MOST_GROWTH = 8;

const folder = mkdtempSync(join(process.env['BENCH_DIR'] ?? tmpdir(), 'memory-'));
try {
  if (only !== 'eventstoredb') await onSqlite(join(folder, 'log.db'));
  if (only !== 'sqlite') await onServer(join(folder, 'double.db'));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function onSqlite(path: string): Promise<void> {
  await fillSqlite(path, EVENTS);
  tell('SQLite', await measured('sqlite', path));
  rmSync(path);
}

async function onServer(file: string): Promise<void> {
  await fillDouble(file, EVENTS);
  const server = await doubleProcess(file);
  try {
    tell('EventStoreDB adapter', await measured('server', server.url));
  } finally {
    await server.kill();
  }
}

function measured(backend: 'sqlite' | 'server', at: string): Promise<CatchUp> {
  return caughtUp({ backend, at, events: EVENTS, ...(pause === undefined ? {} : { pause: Number(pause) }) });
}

function tell(backend: string, { eager, slow, samples }: CatchUp): void {
  const bench = 'memory';
  const about = `${backend}, ${EVENTS.toLocaleString('en-GB')} events`;
  figure({
    bench,
    figure: `${about}, slow reader beside one that never waits`,
    value: slow,
    unit: 'events/s',
    baseline: eager,
  });
  const [first] = samples;
  for (const { share, held, rss } of samples) {
    const at = `${about}, at ${String(share * 100)} %`;
    const beside = first === undefined || share === first.share ? null : first;
    figure({ bench, figure: `${at}, held`, value: held, unit: 'MiB', baseline: beside?.held ?? null });
    figure({ bench, figure: `${at}, rss`, value: rss, unit: 'MiB', baseline: beside?.rss ?? null });
  }
  const last = samples.at(-1);
  if (first === undefined || last === undefined) throw new Error('nothing was measured');
  const growth = { bench, unit: 'MiB', atMost: true } as const;
  figure({ ...growth, figure: `${about}, held more at the end`, value: last.held - first.held, target: MOST_GROWTH });
  figure({ ...growth, figure: `${about}, rss more at the end`, value: last.rss - first.rss });
}
