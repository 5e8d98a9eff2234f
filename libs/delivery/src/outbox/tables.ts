import type { StoreSchema } from '#database';

const text = { type: 'text', notNull: true } as const;
const integer = { type: 'integer', notNull: true } as const;

/** The tables of signals on their way, with the place in the log they were taken in up to. */
export const DELIVERY_STORE: StoreSchema = {
  name: 'delivery',
  tables: {
    place: { columns: { id: integer, token: text }, primaryKey: ['id'] },
    signal: {
      columns: {
        id: text,
        seq: integer,
        subscription: text,
        organisation: text,
        key: text,
        kind: text,
        category: text,
        source: text,
        purpose: text,
        relies_on_consent: integer,
        fact: text,
        record: text,
        time: text,
        correlation_id: text,
        state: text,
        attempts: integer,
        due_at: text,
        taken_at: text,
        code: { type: 'text' },
        settled_at: { type: 'text' },
      },
      primaryKey: ['id'],
      indexes: [
        ['state', 'due_at', 'seq'],
        ['subscription', 'key', 'state', 'seq'],
        ['subscription', 'state', 'seq'],
        ['subscription', 'seq'],
        ['record'],
        ['seq'],
      ],
    },
  },
};
