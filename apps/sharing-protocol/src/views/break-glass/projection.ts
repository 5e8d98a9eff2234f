import type { ViewDefinition } from '#projections';
import type { BreakGlassEvent } from '#sharing';
import { readStored, unknownType } from '../stored.ts';

/** Where an emergency access is written, and how its review stands; the book itself says everything else. */
export const breakGlassView: ViewDefinition = {
  name: 'break-glass',
  version: 2,
  families: ['breakGlass'],
  tables: {
    access: {
      columns: {
        grant_id: { type: 'text', notNull: true },
        book: { type: 'text', notNull: true },
        organisation: { type: 'text', notNull: true },
        child_id: { type: 'text', notNull: true },
        started_at: { type: 'text', notNull: true },
        /** 1 until a review is over. */
        open: { type: 'integer', notNull: true },
        outcome: { type: 'text' },
      },
      primaryKey: ['grant_id'],
      indexes: [['open', 'started_at', 'grant_id'], ['child_id']],
    },
  },
  project: (event) => {
    const record = readStored(event) as unknown as BreakGlassEvent;
    switch (record.type) {
      case 'emergency-access.started.v1': {
        const { grant, organisation, child, from } = record.data;
        const row = { grant_id: grant, book: record.stream, organisation, child_id: child, started_at: from };
        return [{ op: 'put', table: 'access', row: { ...row, open: 1, outcome: null } }];
      }
      case 'emergency-access.reviewed.v1': {
        const { grant, outcome, reviewBy } = record.data;
        const change = { outcome, open: reviewBy === null ? 0 : 1 };
        return [{ op: 'set', table: 'access', where: { grant_id: grant }, change }];
      }
      case 'emergency-access.not-found.v1':
      case 'emergency-access.ended.v1':
      case 'emergency-access.explained.v1':
      case 'emergency-access.reinstated.v1':
        return [];
      default:
        throw unknownType(record);
    }
  },
};
