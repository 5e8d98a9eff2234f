import { tableTexts, type StoreSchema, type Tables } from '#database';

/** What the keys in PostgreSQL need besides: under which bucket key each row is wrapped, and the ledger for every process to see. */
const SHARED: Tables = {
  bucket: {
    // The key is null until something is kept in the bucket.
    columns: { id: { type: 'integer', notNull: true }, key: { type: 'text' } },
    primaryKey: ['id'],
  },
  ledger: {
    columns: {
      seq: { type: 'integer', notNull: true },
      /** Keyed hash of an owner for whom nothing more may be sealed. */
      owner: { type: 'text' },
      entry: { type: 'text', notNull: true },
    },
    primaryKey: ['seq'],
    indexes: [['owner']],
  },
  // One row: who adds to the ledger holds it, so that numbers come in the order in which they can be seen.
  ledger_head: {
    columns: { id: { type: 'integer', notNull: true }, seq: { type: 'integer', notNull: true } },
    primaryKey: ['id'],
  },
};

/** How many buckets: one byte of an owner's hash, once for keys that last and once for brief ones. */
export const BUCKETS = 512;

/**
 * STORAGE FORMAT: the store of the keys. Version 1 is what SQLite files held before there was a version; its tables are the same in both
 * databases, and a row of `keys` says in the clear neither who nor what its key is for.
 */
export const KEYS_STORE: StoreSchema = {
  name: 'keys',
  tables: {
    keys: {
      columns: {
        id: { type: 'text', notNull: true },
        owner: { type: 'text', notNull: true },
        slot: { type: 'text', notNull: true },
        version: { type: 'integer', notNull: true },
        wrapped: { type: 'blob', notNull: true },
      },
      primaryKey: ['id'],
    },
    meta: {
      columns: { name: { type: 'text', notNull: true }, value: { type: 'blob', notNull: true } },
      primaryKey: ['name'],
    },
  },
  changes: [
    (kind) => [
      'create index if not exists keys_of_owner on keys (owner)',
      'create unique index if not exists keys_of_slot on keys (slot, version)',
      ...(kind === 'sqlite' ? [] : forServers()),
    ],
  ],
};

function forServers(): readonly string[] {
  return [
    ...tableTexts('postgres', SHARED),
    'alter table keys add column bucket integer not null references bucket (id), add column bucket_key text not null',
    'create index keys_of_bucket on keys (bucket, id)',
    `insert into bucket (id) select n from generate_series(0, ${String(BUCKETS - 1)}) n`,
    'insert into ledger_head (id, seq) values (1, 0)',
  ];
}
