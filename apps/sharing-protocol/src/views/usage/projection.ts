import { decodeRecord, type LookContent, type LookEvent } from '#contracts';
import type { LoggedEvent } from '#event-log';
import type { ViewDefinition } from '#projections';

/** What the usage view may do beyond reading an event: given by composition. */
export interface UsageMeans {
  /** Opens a look under `grantProcess('usage')`; null where its key was destroyed. */
  readonly openLook: (event: LoggedEvent) => LookContent | null;
  /** Keyed hash of a child id, `vault.lookupHash('usage-child', childId)`. */
  readonly childHash: (childId: string) => string;
}

/** The usage view: which look was at which child, by keyed hash, and of whose people; the look itself stays sealed. */
export function usageView({ openLook, childHash }: UsageMeans): ViewDefinition {
  return {
    name: 'usage',
    version: 1,
    families: ['look'],
    tables: {
      look: {
        columns: {
          decision_id: { type: 'text', notNull: true },
          recorded_at: { type: 'text', notNull: true },
          child_hash: { type: 'text' },
          organisation: { type: 'text', notNull: true },
          key_id: { type: 'text', notNull: true },
          iv: { type: 'text', notNull: true },
          sealed_text: { type: 'text', notNull: true },
          stream: { type: 'text', notNull: true },
          revision: { type: 'integer', notNull: true },
          type: { type: 'text', notNull: true },
        },
        primaryKey: ['decision_id'],
        indexes: [
          ['child_hash', 'recorded_at', 'decision_id'],
          ['organisation', 'recorded_at', 'decision_id'],
        ],
      },
      // A table of its own, so that it may be read before or after its look.
      aborted: { columns: { decision_id: { type: 'text', notNull: true } }, primaryKey: ['decision_id'] },
    },
    project: (event, context) => {
      const record = decodeRecord(event.data) as unknown as LookEvent;
      if (record.type === 'look.aborted.v1') {
        return [{ op: 'put', table: 'aborted', row: { decision_id: record.data.decision } }];
      }
      if (record.type !== 'look.recorded.v1' || !context.keyAlive(record.data.sealed.key)) return [];
      const content = openLook(event);
      if (content === null) return [];
      const { decision, sealed } = record.data;
      const row = {
        decision_id: decision,
        recorded_at: record.recordedAt,
        child_hash: content.child === null ? null : childHash(content.child),
        organisation: content.reader.organisation,
        key_id: sealed.key,
        iv: sealed.iv,
        sealed_text: sealed.text,
        stream: record.stream,
        revision: record.revision,
        type: record.type,
      };
      return [{ op: 'put', table: 'look', row }];
    },
  };
}
