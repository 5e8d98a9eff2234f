import { encodeRecord } from '#contracts';
import type { EventLog, LogToken } from '#event-log';
import type { Instant, OrganisationId } from '#kernel';
import type { View, ViewDefinition } from '../src/index.ts';

/** A view of what stands in the registry's stream: `bad` can't be understood, `null` has a value that its table refuses, `gone …` removes. */
export const definition: ViewDefinition = {
  name: 'of-names',
  version: 1,
  families: ['registry'],
  tables: {
    seen: {
      columns: { revision: { type: 'integer', notNull: true }, type: { type: 'text', notNull: true } },
      primaryKey: ['revision'],
      indexes: [['type', 'revision']],
    },
  },
  project: ({ revision, type }) => {
    if (type === 'bad') throw new SyntaxError('a secret');
    return [{ op: 'put', table: 'seen', row: { revision, type: type === 'null' ? null : type } }];
  },
  erase: (type) => [{ op: 'remove', table: 'seen', where: { type }, final: true }],
};

/** Appends events of these types to the registry's stream; where the last one stands. */
export async function append(log: EventLog, ...types: readonly string[]): Promise<LogToken> {
  const tail = await log.tail('registry');
  const events = types.map((type, at) =>
    encodeRecord({
      format: 1,
      stream: 'registry',
      revision: tail + 1 + at,
      type,
      recordedAt: '2026-01-01T00:00:00.000Z' as Instant,
      by: 'hub' as OrganisationId,
      correlationId: 'c',
      data: {},
    }),
  );
  return (await log.append('registry', tail < 0 ? 'none' : tail, events)).token;
}

/** The types that the view has, in order. */
export async function types(view: View): Promise<readonly unknown[]> {
  const rows = await view.db.selectFrom('seen').selectAll().orderBy('revision').execute();
  return rows.map((row) => row['type']);
}
