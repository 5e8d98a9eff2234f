import {
  purposeBits,
  type ChildEvent,
  type FactBody,
  type FactEvent,
  type FactWithdrawn,
  type StoredRecord,
} from '#contracts';
import { decodeRecord } from '#contracts';
import type { LoggedEvent } from '#event-log';
import type { Column, ProjectContext, Row, RowOperation, ViewDefinition } from '#projections';

const STATED = ['stated_at', 'stated_rank', 'stated_by'];
const text: Column = { type: 'text' };
const integer: Column = { type: 'integer' };
const COLUMNS: Readonly<Record<string, Column>> = {
  fact_id: { type: 'text', notNull: true },
  /** Where the fact is placed now; a split moves it. Null where only a withdrawal came. */
  record_id: text,
  /** The record it was sealed for; never moves. */
  owner: text,
  organisation: text,
  category: text,
  key_id: text,
  fact_type: text,
  happened_at: text,
  stated_at: { type: 'text', notNull: true },
  stated_rank: { type: 'integer', notNull: true },
  stated_by: { type: 'text', notNull: true },
  recorded_at: text,
  purposes: integer,
  relies_on_consent: integer,
  index_fields: text,
  provenance: text,
  iv: text,
  sealed_text: text,
  stream: text,
  revision: integer,
  type: text,
  withdrawn: { type: 'integer', notNull: true },
};

/** The timeline: `fact` has the statement that holds, `statement` every one that was made, for questions about a day. */
export const timelineView: ViewDefinition = {
  name: 'timeline',
  version: 1,
  families: ['fact', 'child'],
  tables: {
    fact: {
      columns: COLUMNS,
      primaryKey: ['fact_id'],
      indexes: [['record_id', 'happened_at', 'fact_id'], ['record_id', 'recorded_at', 'fact_id'], ['owner']],
    },
    statement: { columns: COLUMNS, primaryKey: ['fact_id', ...STATED], indexes: [['owner']] },
  },
  project,
  erase: (recordId) => removals(recordId),
};

function project(event: LoggedEvent, context: ProjectContext): readonly RowOperation[] {
  const record = decodeRecord(event.data) as unknown as FactEvent | ChildEvent;
  switch (record.type) {
    case 'fact.published.v1':
    case 'fact.corrected.v1':
      return bodyRows(record, record.data, context);
    case 'fact.regated.v1':
      return record.data.outcome === 'published' ? bodyRows(record, record.data.body, context) : [];
    case 'fact.withdrawn.v1':
      return puts(withdrawal(record, record.data));
    case 'record.split.v1': {
      const { facts, recordId, toRecord } = record.data;
      return facts.flatMap((fact) => moves(fact, recordId, toRecord));
    }
    case 'record.erased.v1':
      return removals(record.data.recordId);
    default:
      return [];
  }
}

function bodyRows(record: StoredRecord<string, unknown>, body: FactBody, context: ProjectContext) {
  if (!context.keyAlive(body.sealed.key)) return [];
  return puts({
    ...envelope(record, body.stated),
    record_id: body.recordId,
    owner: body.recordId,
    organisation: body.organisation,
    category: body.category,
    key_id: body.sealed.key,
    fact_type: body.factType,
    happened_at: body.happenedAt,
    purposes: purposeBits(body.purposes),
    relies_on_consent: body.reliesOnConsent ? 1 : 0,
    index_fields: JSON.stringify(body.index),
    provenance: JSON.stringify(body.provenance),
    iv: body.sealed.iv,
    sealed_text: body.sealed.text,
    withdrawn: 0,
  });
}

function withdrawal(record: StoredRecord<string, unknown>, data: FactWithdrawn): Row {
  const { recordId, organisation, stated } = data;
  return { ...envelope(record, stated), record_id: recordId, owner: recordId, organisation, withdrawn: 1 };
}

function envelope(record: StoredRecord<string, unknown>, stated: FactBody['stated']): Row {
  return {
    fact_id: record.stream.slice('fact-'.length),
    stated_at: stated.at,
    stated_rank: stated.rank,
    stated_by: stated.by,
    recorded_at: record.recordedAt,
    stream: record.stream,
    revision: record.revision,
    type: record.type,
  };
}

function puts(row: Row): readonly RowOperation[] {
  return [
    { op: 'put', table: 'fact', row, newer: STATED, keep: ['record_id'] },
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

function removals(recordId: string): readonly RowOperation[] {
  return [
    { op: 'remove', table: 'fact', where: { owner: recordId } },
    { op: 'remove', table: 'fact', where: { record_id: recordId } },
    { op: 'remove', table: 'statement', where: { owner: recordId } },
  ];
}
