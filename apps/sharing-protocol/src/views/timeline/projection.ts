import {
  purposeBits,
  type ChildEvent,
  type FactBody,
  type FactEvent,
  type FactWithdrawn,
  type StoredRecord,
} from '#contracts';
import type { LoggedEvent } from '#event-log';
import type { Column, ProjectContext, Row, RowOperation, ViewDefinition } from '#projections';
import { readStored, unknownType } from '../stored.ts';
import { sliceOf } from './slice.ts';

const STATED = ['stated_at', 'stated_rank', 'stated_by'];
const KEPT = ['record_id'];
const text: Column = { type: 'text' };
const integer: Column = { type: 'integer' };
const notNullText: Column = { type: 'text', notNull: true };
const notNullInteger: Column = { type: 'integer', notNull: true };

/** The statement that holds, by what a page is chosen by; its words are in `statement`. */
const FACT: Readonly<Record<string, Column>> = {
  fact_id: notNullText,
  /** Where the fact is placed now; a split moves it. Null where only a withdrawal came. */
  record_id: text,
  /** The record it was sealed for; never moves. */
  owner: text,
  /** What a decision permits or not; see {@link sliceOf}. */
  slice: text,
  happened_at: text,
  recorded_at: text,
  stated_at: notNullText,
  stated_rank: notNullInteger,
  stated_by: notNullText,
  purposes: integer,
  fact_type: text,
  withdrawn: notNullInteger,
  /** Its statement; null where only a split came. */
  revision: integer,
};
/** Every statement that was made; its stream is `fact-<fact_id>`. */
const STATEMENT: Readonly<Record<string, Column>> = {
  fact_id: notNullText,
  revision: notNullInteger,
  owner: text,
  slice: text,
  happened_at: text,
  recorded_at: text,
  stated_at: notNullText,
  stated_rank: notNullInteger,
  stated_by: notNullText,
  purposes: integer,
  fact_type: text,
  withdrawn: notNullInteger,
  organisation: text,
  category: text,
  key_id: text,
  index_fields: text,
  provenance: text,
  iv: text,
  sealed_text: text,
  type: text,
};

/** The timeline: `fact` has the statement that holds, `statement` every one that was made, for questions about a day. */
export const timelineView: ViewDefinition = {
  name: 'timeline',
  version: 2,
  families: ['fact', 'child'],
  tables: {
    fact: {
      columns: FACT,
      primaryKey: ['fact_id'],
      // Each has all that chooses a page, so that a child's other facts are passed over without reading their rows.
      indexes: [
        ['record_id', 'happened_at', 'fact_id', 'slice', 'purposes', 'withdrawn', 'revision'],
        ['record_id', 'recorded_at', 'fact_id', 'slice', 'purposes', 'withdrawn', 'revision'],
        ['owner'],
      ],
    },
    statement: { columns: STATEMENT, primaryKey: ['fact_id', 'revision'], once: true, indexes: [['owner']] },
  },
  project,
  erase: (recordId) => removals(recordId),
};

async function project(event: LoggedEvent, context: ProjectContext): Promise<readonly RowOperation[]> {
  const record = readStored(event) as unknown as FactEvent | ChildEvent;
  switch (record.type) {
    case 'fact.published.v1':
    case 'fact.corrected.v1':
      return bodyRows(record, record.data, context);
    case 'fact.regated.v1':
      return record.data.outcome === 'published' ? bodyRows(record, record.data.body, context) : [];
    case 'fact.withdrawn.v1':
      return withdrawal(record, record.data);
    case 'record.split.v1': {
      const { facts, recordId, toRecord } = record.data;
      return facts.flatMap((fact) => moves(fact, recordId, toRecord));
    }
    case 'record.erased.v1':
      return removals(record.data.recordId);
    case 'fact.withheld.v1':
    case 'fact.quarantined.v1':
    case 'record.linked.v1':
    case 'record.unlinked.v1':
      return [];
    default:
      throw unknownType(record);
  }
}

async function bodyRows(record: StoredRecord<string, unknown>, body: FactBody, context: ProjectContext) {
  if (!(await context.keyAlive(body.sealed.key))) return [];
  return puts(body.recordId, {
    ...envelope(record, body.stated),
    owner: body.recordId,
    slice: sliceOf(body.organisation, body.category, body.sealed.key, body.reliesOnConsent),
    happened_at: body.happenedAt,
    purposes: purposeBits(body.purposes),
    fact_type: body.factType,
    withdrawn: 0,
    organisation: body.organisation,
    category: body.category,
    key_id: body.sealed.key,
    index_fields: JSON.stringify(body.index),
    provenance: JSON.stringify(body.provenance),
    iv: body.sealed.iv,
    sealed_text: body.sealed.text,
    type: record.type,
  });
}

function withdrawal(record: StoredRecord<string, unknown>, { recordId, organisation, stated }: FactWithdrawn) {
  const row = { ...envelope(record, stated), owner: recordId, organisation, type: record.type, withdrawn: 1 };
  return puts(recordId, row);
}

function envelope(record: StoredRecord<string, unknown>, stated: FactBody['stated']) {
  return {
    fact_id: record.stream.slice('fact-'.length),
    revision: record.revision,
    recorded_at: record.recordedAt,
    stated_at: stated.at,
    stated_rank: stated.rank,
    stated_by: stated.by,
  };
}

function puts(place: string | null, row: Row): readonly RowOperation[] {
  return [
    { op: 'put', table: 'fact', row: { ...row, record_id: place }, newer: STATED, keep: KEPT },
    { op: 'put', table: 'statement', row },
  ];
}

/** A fact not yet published when its record was split must still come out at the new place: an empty row waits for it. */
function moves(fact: string, from: string, to: string): readonly RowOperation[] {
  const row = {
    fact_id: fact,
    record_id: to,
    owner: from,
    stated_at: '',
    stated_rank: -1,
    stated_by: '',
    withdrawn: 1,
  };
  return [
    { op: 'put', table: 'fact', row, newer: STATED },
    { op: 'set', table: 'fact', where: { fact_id: fact }, change: { record_id: to } },
  ];
}

/** What is sealed for the record, and what a split placed with it: both their statements too. */
function removals(recordId: string): readonly RowOperation[] {
  const of = { table: 'fact', column: 'fact_id' };
  return [
    { op: 'remove', table: 'statement', where: { record_id: recordId }, via: of, final: true },
    { op: 'remove', table: 'statement', where: { owner: recordId }, final: true },
    { op: 'remove', table: 'fact', where: { owner: recordId }, final: true },
    { op: 'remove', table: 'fact', where: { record_id: recordId }, final: true },
  ];
}
