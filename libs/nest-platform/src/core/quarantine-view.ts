import { decodeRecord, type FactEvent, type FactQuarantined, type Reason } from '#contracts';
import type { LoggedEvent } from '#event-log';
import type { FactId, Instant } from '#kernel';
import type { RowOperation, View, ViewDefinition } from '#projections';
import type { Publishing } from '#sharing';
import { randomUUID } from 'node:crypto';
import type { QuarantineDesk, QuarantinedItem } from '../submissions/tokens.ts';

/** Items that wait, by organisation: codes and pointers in the clear, never a word of an item. */
export const quarantineView: ViewDefinition = {
  name: 'quarantine',
  version: 1,
  families: ['fact'],
  tables: {
    item: {
      columns: {
        fact_id: { type: 'text', notNull: true },
        organisation: { type: 'text', notNull: true },
        fact_type: { type: 'text' },
        reasons: { type: 'text', notNull: true },
        quarantined_at: { type: 'text', notNull: true },
        expires_at: { type: 'text', notNull: true },
      },
      primaryKey: ['fact_id'],
      indexes: [['organisation', 'quarantined_at', 'fact_id']],
    },
  },
  project: (event) => operations(event),
};

function operations(event: LoggedEvent): readonly RowOperation[] {
  const record = decodeRecord(event.data) as unknown as FactEvent;
  const factId = record.stream.slice('fact-'.length);
  switch (record.type) {
    case 'fact.quarantined.v1':
      return [waiting(factId, record.recordedAt, record.data)];
    case 'fact.regated.v1':
      if (record.data.outcome === 'quarantined') return [waiting(factId, record.recordedAt, record.data.body)];
      return [{ op: 'remove', table: 'item', where: { fact_id: factId } }];
    default:
      return [];
  }
}

function waiting(factId: string, at: Instant, body: FactQuarantined): RowOperation {
  const { organisation, factType, reasons, expiresAt } = body;
  const row = {
    fact_id: factId,
    organisation,
    fact_type: factType,
    reasons: JSON.stringify(reasons),
    quarantined_at: at,
    expires_at: expiresAt,
  };
  return { op: 'put', table: 'item', row };
}

/** The desk over this view and the publisher: always of one organisation. */
export function quarantineDesk(view: View, publishing: Publishing): QuarantineDesk {
  return {
    list: async (organisation, cursor, limit) => {
      let query = view.db.selectFrom('item').selectAll().where('organisation', '=', organisation);
      if (cursor !== undefined) query = query.where('fact_id', '>', cursor);
      const rows = await query
        .orderBy('fact_id')
        .limit(limit + 1)
        .execute();
      const items = rows.slice(0, limit).map(itemOf);
      const last = items.at(-1);
      return { items, ...(rows.length > limit && last !== undefined ? { next: last.factId } : {}) };
    },
    resolve: async (organisation, factId, action) => {
      const own = await view.db
        .selectFrom('item')
        .select('fact_id')
        .where('fact_id', '=', factId)
        .where('organisation', '=', organisation)
        .executeTakeFirst();
      if (own === undefined) return { outcome: 'unknown' };
      const meta = { correlationId: randomUUID(), by: organisation };
      const resolved = await publishing.resolveQuarantine(factId, { action, meta });
      switch (resolved.kind) {
        case 'replayed':
          return resolved.result;
        case 'discarded':
          return { outcome: 'discarded', reasons: [], token: null };
        case 'not-replayable':
          return { outcome: 'not-replayable' };
        case 'not-waiting':
        case 'unopenable':
          return { outcome: 'unknown' };
      }
    },
  };
}

function itemOf(row: Readonly<Record<string, unknown>>): QuarantinedItem {
  return {
    factId: String(row['fact_id']) as FactId,
    factType: typeof row['fact_type'] === 'string' ? row['fact_type'] : null,
    reasons: JSON.parse(String(row['reasons'])) as readonly Reason[],
    quarantinedAt: String(row['quarantined_at']) as Instant,
    expiresAt: String(row['expires_at']) as Instant,
  };
}
