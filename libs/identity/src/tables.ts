import { tableTexts, type Column, type StoreSchema, type Tables } from '#database';

const text: Column = { type: 'text', notNull: true };
const optional: Column = { type: 'text' };

const FIRST: Tables = {
  source_record: {
    columns: {
      record_id: text,
      organisation: text,
      local_hash: text,
      child_id: text,
      because: text,
      linked: { type: 'integer', notNull: true, default: 0 },
      said_hash: text,
      person_hash: optional,
      birth_hash: optional,
      given_hash: optional,
    },
    primaryKey: ['record_id'],
    unique: [['organisation', 'local_hash']],
  },
  identifier: {
    columns: { kind: text, hash: text, record_id: text },
    primaryKey: ['kind', 'hash', 'record_id'],
    indexes: [['record_id']],
  },
  link: {
    columns: { record_id: text, organisation: text, child_id: text },
    primaryKey: ['record_id'],
    indexes: [['child_id']],
  },
  moved: { columns: { record_id: text, from_child: text }, primaryKey: ['record_id', 'from_child'] },
  moving: { columns: { record_id: text, organisation: text, to_child: text }, primaryKey: ['record_id'] },
  split_fact: { columns: { fact_id: text, record_id: text }, primaryKey: ['fact_id'], indexes: [['record_id']] },
  progress: { columns: { one: { type: 'integer', notNull: true }, token: text }, primaryKey: ['one'] },
  submission: {
    columns: { submission_id: text, record_id: optional, fact_id: text, body_mac: text, outcome: text },
    primaryKey: ['submission_id'],
    indexes: [['record_id']],
  },
  shelf: { columns: { item: text, expires_at: text }, primaryKey: ['item'], indexes: [['expires_at']] },
};

/**
 * The deletable tables. No clear personal data: everything of a person is a hash under the vault's identity key, and rows go by erasure.
 * `link`, `moved` (where a record was before), `moving` (unlinked, not yet linked again), `split_fact`, `child_stream` (how far each child's
 * stream is in them) and `progress` repeat what the log's `child` family says; the rest is found nowhere else.
 *
 * `source_record.linked`: 1 where the log says where the record belongs; 0 where it was decided that it goes to `child_id` and the log may
 * not say so yet; 2 where it was decided that it moves there.
 */
export const IDENTITY_STORE: StoreSchema = {
  name: 'identity',
  tables: FIRST,
  changes: [
    // How far each stream is was not kept before: the log is read once more.
    (kind) => [
      ...tableTexts(kind, {
        child_stream: {
          columns: { child_id: text, revision: { type: 'integer', notNull: true } },
          primaryKey: ['child_id'],
        },
      }),
      ...['link', 'moved', 'moving', 'split_fact', 'progress'].map((table) => `delete from ${table}`),
      'create index unfinished on source_record (linked) where linked <> 1',
      // Files made before this had indexes of other names.
      ...['half_made', 'identifier_of_record', 'link_of_child', 'split_fact_of_record', 'submission_of_record'].map(
        (index) => `drop index if exists ${index}`,
      ),
    ],
  ],
};

/** Tables that the log could not give back. */
export const FOUND_NOWHERE_ELSE = ['source_record', 'identifier', 'submission', 'shelf'] as const;

/** Tables with rows of a record, its own first: whoever changes that one is waited for. */
export const OF_RECORD = [
  'source_record',
  'identifier',
  'submission',
  'link',
  'moved',
  'moving',
  'split_fact',
] as const;
