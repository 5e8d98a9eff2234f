import type { ErasureRequestChange, LegalHoldChange, SubjectAccessChange } from '#sharing';
import type { StoredRecord } from '#contracts';
import type { Column, Row, RowOperation, ViewDefinition } from '#projections';
import { readStored, unknownType } from '../stored.ts';

type Stored<Change> = Change extends { readonly type: infer Type extends string; readonly data: infer Data }
  ? StoredRecord<Type, Data>
  : never;
type RequestEvent = Stored<ErasureRequestChange> | Stored<SubjectAccessChange> | Stored<LegalHoldChange>;

const text: Column = { type: 'text' };
const notNullText: Column = { type: 'text', notNull: true };

/**
 * Requests and holds by what they are listed by; what they say is read from their own streams. No word and no name: the child by its random id.
 */
export const requestsView: ViewDefinition = {
  name: 'requests',
  version: 1,
  families: ['erasureRequest', 'subjectAccess', 'legalHold'],
  tables: {
    request: {
      columns: {
        id: notNullText,
        kind: notNullText,
        child: text,
        /** Whose record it is about; null for all. */
        organisation: text,
        /** 1 while somebody has something to do. */
        open: { type: 'integer', notNull: true },
        status: notNullText,
      },
      primaryKey: ['id'],
      indexes: [
        ['kind', 'open', 'id'],
        ['child', 'kind'],
      ],
    },
    // Organisations that a subject access request waits for.
    source: {
      columns: { id: notNullText, organisation: notNullText, open: { type: 'integer', notNull: true } },
      primaryKey: ['id', 'organisation'],
      indexes: [['organisation', 'open', 'id']],
    },
  },
  project: (event) => operations(readStored(event) as unknown as RequestEvent),
};

function operations(event: RequestEvent): readonly RowOperation[] {
  switch (event.type) {
    case 'erasure-request.received.v1': {
      const { request, child, organisation } = event.data;
      return [opened({ id: request, kind: 'erasure', child, organisation, status: 'received' })];
    }
    case 'erasure-request.granted.v1':
      return [moved(event.data.request, 'granted')];
    case 'erasure-request.refused.v1':
      return [moved(event.data.request, 'refused', 0)];
    case 'erasure-request.started.v1':
    case 'erasure-request.incomplete.v1':
      return [moved(event.data.request, 'in-progress')];
    case 'erasure-request.carried-out.v1':
      return [moved(event.data.request, 'carried-out', 0)];
    case 'legal-hold.placed.v1': {
      const child = event.stream.slice('legalHold-'.length);
      const { hold, organisation } = event.data;
      return [opened({ id: hold, kind: 'hold', child, organisation, status: 'placed' })];
    }
    case 'legal-hold.reviewed.v1':
      return [];
    case 'legal-hold.lifted.v1':
      return [moved(event.data.hold, 'lifted', 0)];
    case 'subject-access.received.v1': {
      const { request, child, sources } = event.data;
      return [
        opened({ id: request, kind: 'subject-access', child, organisation: null, status: 'open' }),
        ...sources.map((organisation) => waiting(request, organisation, 1)),
      ];
    }
    case 'subject-access.answered.v1':
      return [waiting(event.data.request, event.data.source, 0)];
    case 'subject-access.released.v1':
      return ended(event.data.request, 'released');
    case 'subject-access.refused.v1':
      return ended(event.data.request, 'refused');
    case 'subject-access.withdrawn.v1':
      return ended(event.data.request, 'withdrawn');
    case 'subject-access.identity-verified.v1':
    case 'subject-access.paused.v1':
    case 'subject-access.resumed.v1':
    case 'subject-access.extended.v1':
    case 'subject-access.item-marked.v1':
    case 'subject-access.redactions-approved.v1':
      return [];
    default:
      throw unknownType(event);
  }
}

function opened(row: Row): RowOperation {
  return { op: 'put', table: 'request', row: { ...row, open: 1 } };
}

function moved(id: string, status: string, open = 1): RowOperation {
  return { op: 'set', table: 'request', where: { id }, change: { status, open } };
}

function waiting(id: string, organisation: string, open: number): RowOperation {
  return { op: 'put', table: 'source', row: { id, organisation, open } };
}

function ended(id: string, status: string): readonly RowOperation[] {
  return [moved(id, status, 0), { op: 'set', table: 'source', where: { id }, change: { open: 0 } }];
}
