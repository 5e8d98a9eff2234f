import type { LookContent, LookEvent } from '#contracts';
import type { LoggedEvent } from '#event-log';
import { whenThere, type RowOperation, type Soon, type ViewDefinition } from '#projections';
import { isKeptFromFamily } from '#sharing';
import { readStored, unknownType } from '../stored.ts';

/** What the usage view may do beyond reading an event: given by composition. */
export interface UsageMeans {
  /** Opens a look under `grantProcess('usage')`; null where its key was destroyed. */
  readonly openLook: (event: LoggedEvent) => Soon<LookContent | null>;
  /** Keyed hash of a child id, `vault.lookupHash('usage-child', childId)`. */
  readonly childHash: (childId: string) => string;
}

/** The usage view: which look was at which child, by keyed hash, and of whose people; the look itself stays sealed. */
export function usageView({ openLook, childHash }: UsageMeans): ViewDefinition {
  return {
    name: 'usage',
    version: 5,
    families: ['look'],
    tables: {
      look: {
        columns: {
          decision_id: { type: 'text', notNull: true },
          recorded_at: { type: 'text', notNull: true },
          child_hash: { type: 'text' },
          organisation: { type: 'text', notNull: true },
          /** 0 for looks that are kept from the family (decision 11). */
          family: { type: 'integer', notNull: true },
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
          ['recorded_at', 'decision_id'],
        ],
      },
      // Whose facts might be read: a data-protection officer sees looks at its organisation's facts too.
      look_source: {
        columns: { decision_id: { type: 'text', notNull: true }, organisation: { type: 'text', notNull: true } },
        primaryKey: ['decision_id', 'organisation'],
      },
      // A table of its own, so that it may be read before or after its look.
      aborted: { columns: { decision_id: { type: 'text', notNull: true } }, primaryKey: ['decision_id'] },
    },
    project: async (event, context) => {
      const record = readStored(event) as unknown as LookEvent;
      switch (record.type) {
        case 'look.aborted.v1':
          return [{ op: 'put', table: 'aborted', row: { decision_id: record.data.decision } }];
        case 'look.recorded.v1':
          return whenThere(context.keyAlive(record.data.sealed.key), (alive) =>
            whenThere(alive ? openLook(event) : null, (content) =>
              content === null ? [] : lookRows(record, content, childHash),
            ),
          );
        default:
          throw unknownType(record);
      }
    },
  };
}

function lookRows(
  record: Extract<LookEvent, { type: 'look.recorded.v1' }>,
  content: LookContent,
  childHash: UsageMeans['childHash'],
): readonly RowOperation[] {
  const { decision, sealed } = record.data;
  const row = {
    decision_id: decision,
    recorded_at: record.recordedAt,
    child_hash: content.child === null ? null : childHash(content.child),
    organisation: content.reader.organisation,
    family: isKeptFromFamily(content) ? 0 : 1,
    key_id: sealed.key,
    iv: sealed.iv,
    sealed_text: sealed.text,
    stream: record.stream,
    revision: record.revision,
    type: record.type,
  };
  const sources = content.effect === 'permit' ? new Set(content.slices.map(({ organisation }) => organisation)) : [];
  return [
    { op: 'put', table: 'look', row },
    ...Array.from(sources, (organisation) => ({
      op: 'put' as const,
      table: 'look_source',
      row: { decision_id: decision, organisation },
    })),
  ];
}
