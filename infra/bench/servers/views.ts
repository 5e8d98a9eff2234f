import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CompiledQuery, KyselyPlugin } from 'kysely';
import pg from 'pg';
import { timelineView } from '../../../apps/sharing-protocol/src/views/timeline/projection.ts';
import { timelinePage } from '../../../apps/sharing-protocol/src/views/timeline/query.ts';
import { encodeRecord, purposeBits } from '#contracts';
import { alone, bareTableTexts, columnType, indexTexts, quoted, type Tables } from '#database';
import { migrateDatabase } from '#database/postgres';
import { openSqliteLog } from '#event-log/sqlite';
import type { EventLog } from '#event-log';
import { toInstant, type OrganisationId } from '#kernel';
import { openView, rebuild, VIEWS_STORE, type Row, type View, type ViewPlace } from '#projections';
import { startPostgres } from '../../../libs/testing/servers/index.ts';
import { figure, median } from '../lib.ts';

const CHILDREN_HAVE = 500;
const PAGES = 600;
const ROUNDS = 3;
const BATCH = 500;
const TRANSACTION = 20_000;
const { tables } = timelineView;

/**
 * The timeline view on SQLite and on PostgreSQL, each beside bare SQL on the same database: events a second while a view is rebuilt and while it is
 * followed, beside writing the same rows without reading, projecting or keeping a checkpoint; pages of 50 of a child with 500 facts, beside the page's own statement sent by the driver.
 */
export async function benchViews(events: number): Promise<void> {
  const dir = mkdtempSync(join(process.env['BENCH_DIR'] ?? tmpdir(), 'servers-views-'));
  const server = await startPostgres();
  const log = await openSqliteLog({ path: join(dir, 'log.db') });
  try {
    await fill(log, events);
    const rows = await rowsOf(log);
    await migrateDatabase(server.url, [VIEWS_STORE]);
    const sides = [sqliteSide(dir), await postgresSide(server.url)];
    const size = `${events.toLocaleString('en-GB')} events`;
    for (const side of sides) await write(side, log, rows, size);
    await pages(sides, events, size);
    for (const { view, bare } of sides) {
      await (await view(log)).close();
      await bare.close();
    }
  } finally {
    await log.close();
    await server.remove();
    rmSync(dir, { recursive: true, force: true });
  }
}

/** One database: the view in it, and the same tables without the view. */
interface Side {
  readonly name: string;
  readonly view: (log: EventLog) => Promise<View>;
  readonly bare: Bare;
}
interface Bare {
  /** Writes all rows into new tables; with their indexes made before or after. Milliseconds. */
  write(rows: readonly TableRow[], indexes: 'before' | 'after'): Promise<number>;
  /** Sends the statement of a page. Milliseconds. */
  ask(query: CompiledQuery): Promise<number>;
  close(): Promise<void>;
}
interface TableRow {
  readonly table: string;
  readonly row: Row;
}

async function write(side: Side, log: EventLog, rows: readonly TableRow[], size: string): Promise<void> {
  const [built, builtBare, followed, followedBare]: [number[], number[], number[], number[]] = [[], [], [], []];
  const events = rows.length / Object.keys(tables).length;
  const perSecond = (milliseconds: number): number => (events / milliseconds) * 1000;
  for (let round = 0; round < ROUNDS; round++) {
    const view = await side.view(log);
    if (round === 0) {
      const began = performance.now();
      for await (const batch of log.readAll({ families: timelineView.families, batch: BATCH })) {
        const last = batch.at(-1);
        if (last !== undefined) await view.apply(batch, last.token);
      }
      followed.push(perSecond(performance.now() - began));
      followedBare.push(perSecond(await side.bare.write(rows, 'before')));
    }
    const began = performance.now();
    await rebuild(view, { elapsed: () => performance.now() });
    built.push(perSecond(performance.now() - began));
    builtBare.push(perSecond(await side.bare.write(rows, 'after')));
  }
  const said = (what: string, values: readonly number[], bare: readonly number[]): void =>
    figure({
      bench: 'servers',
      figure: `timeline ${what} on ${side.name}, ${size}`,
      value: median(values),
      unit: 'events/s',
      baseline: median(bare),
      ratio: median(values.map((value, at) => value / (bare[at] ?? Number.NaN))),
    });
  said('rebuilt', built, builtBare);
  said('followed', followed, followedBare);
}

async function pages(sides: readonly Side[], events: number, size: string): Promise<void> {
  const times = sides.map(() => ({ page: [] as number[], bare: [] as number[] }));
  const children = Math.floor(events / CHILDREN_HAVE);
  for (let n = -50; n < PAGES; n++) {
    for (const [at, side] of sides.entries()) {
      const { db } = await side.view(NOWHERE);
      const question = {
        // A prime step: neighbours in time are other children.
        records: [recordOf(((n + 50) * 7_919) % children)],
        slices: [{ organisation: 'riverside-school', category: 'education.attendance', reliesOnConsent: false }],
        purposeBit: purposeBits(['sen-support']),
        orderBy: 'happened',
        limit: 50,
      } as const;
      let asked: CompiledQuery | undefined;
      const noting: KyselyPlugin = {
        transformQuery: ({ node, queryId }) => {
          asked = db.getExecutor().compileQuery(node, queryId);
          return node;
        },
        transformResult: async ({ result }) => result,
      };
      await timelinePage(db.withPlugin(noting), { ...question, records: [recordOf(0)] });
      const began = performance.now();
      const { rows } = await timelinePage(db, question);
      const took = performance.now() - began;
      if (rows.length !== 50 || asked === undefined) throw new Error('not the page that is claimed');
      await timelinePage(db.withPlugin(noting), question);
      const bare = await side.bare.ask(asked);
      if (n < 0) continue;
      times[at]?.page.push(took);
      times[at]?.bare.push(bare);
    }
  }
  for (const [at, { name }] of sides.entries()) {
    const { page = [], bare = [] } = times[at] ?? {};
    for (const [what, of] of [['p50', median] as const, ['p99', p99] as const])
      figure({
        bench: 'servers',
        figure: `page of 50 on ${name}, ${size}, ${what}`,
        value: of(page),
        unit: 'ms',
        baseline: of(bare),
        atMost: true,
      });
  }
}

const p99 = (times: readonly number[]): number =>
  times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? Number.NaN;

/** For a view that is open already. */
const NOWHERE = {} as EventLog;

function once(where: ViewPlace): Side['view'] {
  let opened: Promise<View> | undefined;
  return (log) => (opened ??= openView({ definition: timelineView, log, where, grace: 0 }));
}

function sqliteSide(dir: string): Side {
  const path = join(dir, 'bare.db');
  const open = (): DatabaseSync => {
    rmSync(path, { force: true });
    const db = new DatabaseSync(path);
    db.exec(
      'pragma page_size = 8192; pragma journal_mode = wal; pragma synchronous = normal; pragma cache_size = -64000',
    );
    return db;
  };
  let db = open();
  const prepared = new Map<string, ReturnType<DatabaseSync['prepare']>>();
  return {
    name: 'SQLite',
    view: once({ kind: 'sqlite', dir: join(dir, 'views') }),
    bare: {
      write: async (rows, indexes) => {
        prepared.clear();
        db.close();
        for (const end of ['-wal', '-shm']) rmSync(path + end, { force: true });
        db = open();
        for (const text of bareTableTexts('sqlite', tables, true)) db.exec(text);
        const began = performance.now();
        if (indexes === 'before') for (const text of indexTexts(tables)) db.exec(text);
        const statements = new Map(
          Object.entries(tables).map(([name, { columns }]) => {
            const marks = Object.keys(columns).map(() => '?');
            return [name, db.prepare(`insert into "${name}" values (${marks.join(', ')})`)] as const;
          }),
        );
        const size = indexes === 'before' ? BATCH * 2 : TRANSACTION * 2;
        for (let from = 0; from < rows.length; from += size) {
          db.exec('begin');
          for (const { table, row } of rows.slice(from, from + size))
            statements.get(table)?.run(...cells(tables, table, row));
          db.exec('commit');
        }
        if (indexes === 'after') for (const text of indexTexts(tables)) db.exec(text);
        return performance.now() - began;
      },
      ask: async ({ sql, parameters }) => {
        const began = performance.now();
        const statement = prepared.get(sql) ?? db.prepare(sql);
        prepared.set(sql, statement);
        statement.all(...(parameters as readonly SQLInputValue[]));
        return performance.now() - began;
      },
      close: async () => db.close(),
    },
  };
}

async function postgresSide(url: string): Promise<Side> {
  const client = new pg.Client({
    connectionString: url,
    options: '-c search_path=bare -c synchronous_commit=off -c random_page_cost=1.1',
  });
  await client.connect();
  const puts = new Map(
    Object.entries(tables).map(([name, { columns }]) => {
      const lists = Object.values(columns).map(
        ({ type }, at) => `$${String(at + 1)}::${columnType('postgres', type).replace(' collate "C"', '')}[]`,
      );
      const text = `insert into "${name}" (${quoted(Object.keys(columns))}) select * from unnest(${lists.join(', ')})`;
      return [name, { name: `put-${name}`, text }] as const;
    }),
  );
  return {
    name: 'PostgreSQL',
    view: once({ kind: 'postgres', url, leadership: alone }),
    bare: {
      write: async (rows, indexes) => {
        await client.query('drop schema if exists bare cascade; create schema bare');
        for (const text of bareTableTexts('postgres', tables, true)) await client.query(text);
        const began = performance.now();
        if (indexes === 'before') for (const text of indexTexts(tables)) await client.query(text);
        for (let from = 0; from < rows.length; from += BATCH * 2) {
          const batch = rows.slice(from, from + BATCH * 2);
          await client.query('begin');
          for (const [name, put] of puts) {
            const columns = Object.keys(tables[name]?.columns ?? {});
            const own = batch.filter(({ table }) => table === name);
            const values = columns.map((column) => own.map(({ row }) => row[column] ?? null));
            await client.query({ ...put, values });
          }
          await client.query('commit');
        }
        if (indexes === 'after') for (const text of indexTexts(tables)) await client.query(text);
        for (const name of Object.keys(tables)) await client.query(`vacuum (analyze) "${name}"`);
        return performance.now() - began;
      },
      ask: async ({ sql, parameters }) => {
        const began = performance.now();
        await client.query({ name: 'page', text: sql, values: [...parameters] });
        return performance.now() - began;
      },
      close: () => client.end(),
    },
  };
}

function cells(all: Tables, table: string, row: Row): SQLInputValue[] {
  return Object.keys(all[table]?.columns ?? {}).map((column) => row[column] ?? null);
}

const recordOf = (child: number): string => `record-${String(child)}`;

/** What the view writes for each event, in order. */
async function rowsOf(log: EventLog): Promise<readonly TableRow[]> {
  const rows: TableRow[] = [];
  for await (const events of log.readAll({ families: timelineView.families, batch: 2_000 })) {
    for (const event of events) {
      for (const operation of await timelineView.project(event, { keyAlive: () => true }))
        if (operation.op === 'put') rows.push({ table: operation.table, row: operation.row });
    }
  }
  return rows;
}

async function fill(log: EventLog, events: number): Promise<void> {
  const children = Math.floor(events / CHILDREN_HAVE);
  const by = 'riverside-school' as OrganisationId;
  const one = (n: number) => {
    const at = toInstant(Date.UTC(2020, 0, 1) + n * 60_000);
    // As ids are: in no order, so that every index page is met.
    const hash = createHash('sha1').update(String(n)).digest('hex');
    const id = `${hash.slice(0, 8)}-${hash.slice(8, 12)}-5${hash.slice(13, 16)}-8${hash.slice(17, 20)}-${hash.slice(20, 32)}`;
    const [stream, type] = [`fact-${id}`, 'fact.published.v1'];
    const data = {
      recordId: recordOf(n % children),
      organisation: by,
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
    const record = encodeRecord({ format: 1, stream, revision: 0, type, recordedAt: at, by, correlationId: id, data });
    return log.append(stream, 'none', [record]);
  };
  for (let from = 0; from < events; from += 1_000)
    await Promise.all(Array.from({ length: Math.min(1_000, events - from) }, (_, n) => one(from + n)));
}
