import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FAMILIES, decodeRecord, type FactEvent } from '#contracts';
import { namedUuid, type ChildId } from '#kernel';
import { openCore, openStores, quarantineView, systemChance, systemClock, type OpenedCore } from '#nest-platform';
import { openView, runView, type View, type ViewPlace } from '#projections';
import { parseVkey, splitNotes, verifyLog, type LogVerdict } from '#transparency';
import { openViews } from '../../../sharing-protocol/src/views/views.ts';
import { comes } from './killable.ts';
import type { KilledArea } from './killed-area.ts';

/** Longest that a fold of the whole log may take, in milliseconds. */
const PATIENCE = 600_000;

/** One more process of the area, inside the test: reads the log, the keys and who is who, and projects into files of its own. */
export interface Reader {
  readonly opened: OpenedCore;
  /** Whether every view of the area has read the log to its head, whoever projects it. */
  caughtUp(): Promise<boolean>;
  /** Every table of every view of the area that differs from a fold over the whole log, made now; with the number of rows compared. */
  compare(): Promise<Compared>;
  /** The whole log against every checkpoint that any process of the area ever signed. */
  verify(): Promise<LogVerdict>;
  close(): Promise<void>;
}

/** What came of comparing. */
export interface Compared {
  readonly rows: Readonly<Record<string, number>>;
  readonly parked: number;
  /** `view.table: rows only in the area, rows only in the fold`, an example of each. */
  readonly differences: readonly string[];
}

/** Opens a reader of an area that runs. */
export async function readerOf(area: KilledArea): Promise<Reader> {
  const varDir = join(area.folder, 'var-reader');
  const stores = openStores({ varDir, databaseUrl: area.databaseUrl });
  const opened = await openCore({
    varDir,
    stores,
    background: false,
    keyFile: area.keyFile,
    keyBuckets: `${area.keyFile}.buckets`,
    clock: systemClock,
    chance: systemChance,
    timer: { after: () => () => undefined },
    // Nobody watches this one; what it can't do shows in what is compared.
    alarm: () => undefined,
    eventStoreUrl: area.eventStoreUrl,
  });
  const { core } = opened;
  const live = await viewsIn(opened, stores.views, join(varDir, 'none'));
  await live.stop();
  const caughtUp = async (): Promise<boolean> => behindOf(live.all);
  return {
    opened,
    caughtUp,
    compare: async () => {
      const fold = await viewsIn(opened, { kind: 'sqlite', dir: join(varDir, 'views') }, join(varDir, 'fold'));
      try {
        await comes('the fold', PATIENCE, () => behindOf(fold.all));
        await fold.stop();
        return await compared(live.all, fold.all);
      } finally {
        await fold.close();
      }
    },
    verify: () => {
      const notes = area.varDirs
        .map((dir) => join(dir, 'checkpoints', 'checkpoints'))
        .flatMap((file) => (existsSync(file) ? splitNotes(readFileSync(file, 'utf8')) : []));
      return verifyLog(core.log.readAll({ families: FAMILIES, batch: 1_000 }), {
        checkpoints: [...new Set(notes)],
        known: [parseVkey(core.proof.vkey)],
      });
    },
    close: async () => {
      await live.close();
      await opened.close();
      await stores.close();
    },
  };
}

interface OpenedViews {
  readonly all: readonly View[];
  stop(): Promise<void>;
  close(): Promise<void>;
}

/** Every view an area has, with the definitions that its processes project by. On a server this is no projector: its turn never comes. */
async function viewsIn({ core }: OpenedCore, where: ViewPlace, varDir: string): Promise<OpenedViews> {
  const waits: ViewPlace =
    where.kind === 'sqlite' ? where : { ...where, leadership: { ...where.leadership, lead: neverLeads } };
  const views = await openViews(core, { where: waits, varDir, alarm: () => undefined });
  // It writes what it finds to the log; that is for the processes.
  await views.detections.stop();
  const quarantine = await openView({ definition: quarantineView, where: waits, log: core.log });
  const stopping = new AbortController();
  const running = runView(quarantine, { signal: stopping.signal });
  const stop = async (): Promise<void> => {
    stopping.abort();
    await running;
    await views.stop();
  };
  return {
    all: [...views.all, quarantine],
    stop,
    close: async () => {
      await stop();
      await quarantine.close();
      await views.close();
    },
  };
}

function neverLeads(_name: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

async function behindOf(views: readonly View[]): Promise<boolean> {
  return (await Promise.all(views.map((view) => view.status()))).every(({ behind }) => behind === 0);
}

async function compared(live: readonly View[], fold: readonly View[]): Promise<Compared> {
  const rows: Record<string, number> = {};
  const differences: string[] = [];
  let parked = 0;
  for (const [at, view] of live.entries()) {
    const other = fold[at];
    if (other?.name !== view.name) throw new Error('the views are not the same');
    for (const table of [...Object.keys(view.definition.tables), 'parked']) {
      const [here, there] = [await rowsOf(view, table), await rowsOf(other, table)];
      rows[`${view.name}.${table}`] = here.length;
      if (table === 'parked') parked += here.length;
      const [onlyHere, onlyThere] = [without(here, there), without(there, here)];
      if (onlyHere.length + onlyThere.length === 0 && here.length === there.length) continue;
      const counts = `${String(onlyHere.length)} rows only in the area, ${String(onlyThere.length)} only in the fold`;
      differences.push(`${view.name}.${table}: ${counts}: ${onlyHere[0] ?? '-'} / ${onlyThere[0] ?? '-'}`);
    }
  }
  return { rows, parked, differences };
}

async function rowsOf(view: View, table: string): Promise<readonly string[]> {
  const rows = await view.db.selectFrom(table).selectAll().execute();
  return rows.map((row) =>
    JSON.stringify(
      Object.entries(row)
        .toSorted(byName)
        .map(([name, cell]) => [name, plain(cell)]),
    ),
  );
}

const byName = ([a]: [string, unknown], [b]: [string, unknown]): number => (a < b ? -1 : 1);
const plain = (cell: unknown): unknown => (cell instanceof Uint8Array ? Buffer.from(cell).toString('hex') : cell);

function without(rows: readonly string[], others: readonly string[]): readonly string[] {
  const known = new Set(others);
  return rows.filter((row) => !known.has(row));
}

/** A signal that the log says its subscriber is to be told of. */
export interface Expected {
  readonly id: string;
  readonly fact: string;
  readonly child: ChildId;
}

/** What the facts of an organisation in the log lead to for a subscription, in the order of the log: found without the outbox. */
export async function expectedSignals(
  { core, identity }: OpenedCore,
  { of, subscription }: { readonly of: string; readonly subscription: string },
): Promise<readonly Expected[]> {
  const expected: Expected[] = [];
  for await (const batch of core.log.readAll({ families: ['fact'] })) {
    for (const event of batch) {
      const record = decodeRecord(event.data) as unknown as FactEvent;
      if (record.type !== 'fact.published.v1' || record.data.organisation !== of) continue;
      const child = await identity.childOf(record.data.recordId);
      if (child === undefined) throw new Error('a record without a child');
      const id = namedUuid('signal', subscription, event.id);
      expected.push({ id, fact: event.stream.slice('fact-'.length), child });
    }
  }
  return expected;
}
