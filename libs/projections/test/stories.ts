import { encodeRecord } from '#contracts';
import type { EventLog } from '#event-log';
import type { Instant, OrganisationId } from '#kernel';
import type { RowOperation, ViewDefinition } from '../src/index.ts';

/** How many streams the events of {@link tell} are of. */
const STREAMS = 7;

/** A view whose rows depend on the order and on every event: which was last in each stream, each that was told, and those that an end removed. */
export const stories: ViewDefinition = {
  name: 'stories',
  version: 1,
  families: ['process'],
  tables: {
    last: {
      columns: { stream: { type: 'text', notNull: true }, revision: { type: 'integer' }, first: { type: 'integer' } },
      primaryKey: ['stream'],
    },
    told: {
      columns: { stream: { type: 'text', notNull: true }, revision: { type: 'integer', notNull: true } },
      primaryKey: ['stream', 'revision'],
      once: true,
    },
  },
  project: ({ stream, revision }) => [
    { op: 'put', table: 'last', row: { stream, revision, first: revision }, keep: ['first'] },
    { op: 'put', table: 'told', row: { stream, revision } },
    ...(revision % 10 === 9 ? [removal(stream, revision - 5)] : []),
  ],
};

function removal(stream: string, revision: number): RowOperation {
  return { op: 'remove', table: 'told', where: { stream, revision } };
}

/** Appends so many events, in turns to a few streams; begins where the log ends. */
export async function tell(log: EventLog, from: number, count: number): Promise<number> {
  await Promise.all(
    Array.from({ length: count }, (_, at) => {
      const n = from + at;
      const [stream, revision] = [`process-${String(n % STREAMS)}`, Math.floor(n / STREAMS)];
      const about = {
        format: 1,
        recordedAt: '2026-01-01T00:00:00.000Z' as Instant,
        by: 'hub' as OrganisationId,
      } as const;
      const record = encodeRecord({ ...about, stream, revision, type: 'told', correlationId: 'c', data: {} });
      return log.append(stream, revision === 0 ? 'none' : revision - 1, [record]);
    }),
  );
  return from + count;
}

/** The rows as a fold over the log has them. */
export async function folded(
  log: EventLog,
): Promise<{ readonly last: readonly string[]; readonly told: readonly string[] }> {
  const [last, told] = [new Map<string, number>(), new Set<string>()];
  for await (const events of log.readAll({ families: ['process'] })) {
    for (const { stream, revision } of events) {
      last.set(stream, revision);
      told.add(`${stream} ${String(revision)}`);
      if (revision % 10 === 9) told.delete(`${stream} ${String(revision - 5)}`);
    }
  }
  return {
    last: [...last].map(([stream, revision]) => `${stream} ${String(revision)} 0`).toSorted(),
    told: [...told].toSorted(),
  };
}
