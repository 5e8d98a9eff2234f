import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { LoggedEvent, LogToken } from '#event-log';
import { openSqliteLog } from '#event-log/sqlite';
import { viewBackends, type TestViews } from '#testing/servers';
import { append } from '../test/world.ts';
import { openView, rebuild, type RowOperation, type View, type ViewDefinition } from './index.ts';

/** Whatever operations follow one another, in whatever batches: PostgreSQL, which writes many rows by one statement, has the rows that SQLite has, which writes one by one. */
const text = { type: 'text' } as const;
const needed = { type: 'text', notNull: true } as const;
const tables: ViewDefinition['tables'] = {
  thing: {
    columns: { id: needed, at: text, rank: { type: 'integer' }, kept: text, words: needed, bytes: { type: 'blob' } },
    primaryKey: ['id'],
    indexes: [['at', 'rank']],
  },
  pair: { columns: { id: needed, part: { type: 'integer', notNull: true } }, primaryKey: ['id', 'part'] },
  once: { columns: { event: needed, id: text }, primaryKey: ['event'], once: true },
};

const ids = fc.constantFrom('a', 'b', 'c', 'é"\\{}');
const maybe = fc.option(fc.constantFrom('1', '2', '3', 'Z', 'a'), { nil: null });
const thing = fc.record({
  id: ids,
  at: maybe,
  rank: fc.option(fc.integer({ min: 0, max: 3 }), { nil: null }),
  kept: maybe,
  // Null is refused: the event is parked, with all it would have done.
  words: fc.option(fc.string({ unit: 'grapheme', maxLength: 6 }), { nil: null, freq: 12 }),
  bytes: fc.option(fc.uint8Array({ maxLength: 4 }), { nil: null }),
});
const operation: fc.Arbitrary<RowOperation> = fc.oneof(
  { weight: 4, arbitrary: thing.map((row) => ({ op: 'put', table: 'thing', row }) as const) },
  {
    weight: 4,
    arbitrary: thing.map(
      (row) => ({ op: 'put', table: 'thing', row, newer: ['at', 'rank'], keep: ['kept', 'bytes'] }) as const,
    ),
  },
  { weight: 2, arbitrary: thing.map((row) => ({ op: 'put', table: 'thing', row, keep: ['kept'] }) as const) },
  {
    weight: 3,
    arbitrary: fc
      .record({ id: ids, part: fc.integer({ min: 0, max: 2 }) })
      .map((row) => ({ op: 'put', table: 'pair', row }) as const),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(ids, maybe)
      .map(([id, kept]) => ({ op: 'set', table: 'thing', where: { id }, change: { kept, rank: 1 } }) as const),
  },
  { weight: 1, arbitrary: ids.map((id) => ({ op: 'remove', table: 'thing', where: { id } }) as const) },
  {
    weight: 1,
    arbitrary: maybe.map(
      (at) =>
        ({ op: 'remove', table: 'pair', where: { at }, via: { table: 'thing', column: 'id' }, final: true }) as const,
    ),
  },
  { weight: 1, arbitrary: ids.map((id) => ({ op: 'remove', table: 'once', where: { id }, final: true }) as const) },
);
const world = fc.record({
  events: fc.array(fc.tuple(fc.array(operation, { maxLength: 4 }), ids), { minLength: 1, maxLength: 25 }),
  sizes: fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 5 }),
});

let backends: readonly TestViews[];
let worlds = 0;
beforeAll(async () => {
  backends = await Promise.all(viewBackends.map(([, begin]) => begin()));
});
afterAll(async () => {
  for (const each of backends) await each.remove();
});

async function contentsOf(view: View): Promise<unknown> {
  const rows = async (table: string) => {
    const found = await view.db.selectFrom(table).selectAll().execute();
    const plain = (value: unknown) =>
      ArrayBuffer.isView(value) ? Buffer.from(value as Uint8Array).toString('hex') : value;
    return found
      .map((row) =>
        JSON.stringify(
          Object.entries(row)
            .map(([name, value]) => [name, plain(value)])
            .toSorted(),
        ),
      )
      .toSorted();
  };
  const parked = await view.db.selectFrom('parked').select(['revision', 'reason']).orderBy('revision').execute();
  const live = await view.live();
  return {
    thing: await rows('thing'),
    pair: await rows('pair'),
    once: await rows('once'),
    parked: parked.map((row) => ({ ...row })),
    counts: await live.counts(),
    gone: await live.gone(),
    events: live.events,
  };
}

function batches(events: readonly LoggedEvent[], sizes: readonly number[]): readonly (readonly LoggedEvent[])[] {
  const all: (readonly LoggedEvent[])[] = [];
  for (let from = 0, at = 0; from < events.length; at++) {
    const size = sizes[at % sizes.length] ?? 1;
    all.push(events.slice(from, from + size));
    from += size;
  }
  return all;
}

it('has the same rows on both, read as they came and rebuilt', async () => {
  await fc.assert(
    fc.asyncProperty(world, async ({ events, sizes }) => {
      const log = await openSqliteLog({ path: ':memory:' });
      await append(log, ...events.map(() => 'x'));
      const logged = await log.readStream('registry');
      const definition: ViewDefinition = {
        name: `operations-${String((worlds += 1))}`,
        version: 1,
        families: ['registry'],
        tables,
        project: ({ revision }) => {
          const [operations, id] = events[revision] ?? [[], ''];
          return [...operations, { op: 'put', table: 'once', row: { event: String(revision), id } }];
        },
      };
      const views = await Promise.all(backends.map(({ where }) => openView({ definition, log, where, grace: 0 })));
      try {
        for (const view of views) {
          for (const batch of batches(logged, sizes)) await view.apply(batch, batch.at(-1)?.token ?? ('' as LogToken));
        }
        const [ours, theirs] = await Promise.all(views.map(contentsOf));
        expect(theirs).toEqual(ours);
        for (const view of views) await rebuild(view, { elapsed: () => 1, evenIfFewer: true });
        const [oursAnew, theirsAnew] = await Promise.all(views.map(contentsOf));
        expect(theirsAnew).toEqual(oursAnew);
      } finally {
        for (const view of views) await view.close();
        await log.close();
      }
    }),
    { numRuns: 40 },
  );
});
