import type { LookContent, LookEvent } from '#contracts';
import type { LoggedEvent } from '#event-log';
import { whenThere, type RowOperation, type Soon, type ViewDefinition } from '#projections';
import { readStored, unknownType } from '../stored.ts';

/** What the audit view may do beyond reading an event: given by composition. */
export interface AuditMeans {
  /** Opens a look under `grantProcess('audit')`; null where its key was destroyed. */
  readonly openLook: (event: LoggedEvent) => Soon<LookContent | null>;
  /** Keyed hash of a child id, `vault.lookupHash('audit-child', childId)`. */
  readonly childHash: (childId: string) => string;
  /** Keyed hash of the subject of a sign-in, `vault.lookupHash('audit-user', sub)`. */
  readonly userHash: (sub: string) => string;
}

/**
 * The audit view: what a data-protection officer finds decisions by. An index and nothing more: what was decided is read from the log, so
 * that what is exported are the bytes that the tree proves. Rows are found by one column and read newest first, hence the indexes.
 */
export function auditView(means: AuditMeans): ViewDefinition {
  const newestFirst = ['recorded_at', 'decision_id'];
  return {
    name: 'audit',
    version: 1,
    families: ['look'],
    tables: {
      look: {
        columns: {
          decision_id: { type: 'text', notNull: true },
          recorded_at: { type: 'text', notNull: true },
          /** Position in the log: a question is answered as of one. */
          token: { type: 'text', notNull: true },
          key_id: { type: 'text', notNull: true },
          child_hash: { type: 'text' },
          user_hash: { type: 'text', notNull: true },
          organisation: { type: 'text', notNull: true },
          role: { type: 'text', notNull: true },
          purpose: { type: 'text', notNull: true },
          /** `permit` or `deny`; whether it was aborted stands in a table of its own. */
          effect: { type: 'text', notNull: true },
          /** The kind of relationship it rests on, `self-claimed`, or `none`. */
          relationship: { type: 'text', notNull: true },
          break_glass: { type: 'integer', notNull: true },
          route: { type: 'text', notNull: true },
        },
        primaryKey: ['decision_id'],
        indexes: [
          newestFirst,
          ['child_hash', ...newestFirst],
          ['user_hash', ...newestFirst],
          ['organisation', ...newestFirst],
          ['organisation', 'effect', ...newestFirst],
          ['break_glass', ...newestFirst],
          ['relationship', ...newestFirst],
          ['effect', ...newestFirst],
        ],
      },
      // What might be read of whom. With the time, so that it is read newest first without its look.
      slice: {
        columns: {
          decision_id: { type: 'text', notNull: true },
          organisation: { type: 'text', notNull: true },
          category: { type: 'text', notNull: true },
          /** 1 where its own people looked, as they mostly do: looks of others at an organisation's facts are found past them. */
          own: { type: 'integer', notNull: true },
          recorded_at: { type: 'text', notNull: true },
        },
        primaryKey: ['decision_id', 'organisation', 'category'],
        indexes: [
          ['organisation', ...newestFirst],
          ['organisation', 'own', ...newestFirst],
          ['category', ...newestFirst],
        ],
      },
      // A table of its own, so that it may be read before or after its look.
      aborted: {
        columns: { decision_id: { type: 'text', notNull: true }, token: { type: 'text', notNull: true } },
        primaryKey: ['decision_id'],
      },
    },
    project: async (event, context) => {
      const record = readStored(event) as unknown as LookEvent;
      switch (record.type) {
        case 'look.aborted.v1':
          return [{ op: 'put', table: 'aborted', row: { decision_id: record.data.decision, token: event.token } }];
        case 'look.recorded.v1':
          return whenThere(context.keyAlive(record.data.sealed.key), (alive) =>
            whenThere(alive ? means.openLook(event) : null, (content) =>
              content === null ? [] : rowsOf(event, record, content, means),
            ),
          );
        default:
          throw unknownType(record);
      }
    },
  };
}

function rowsOf(
  event: LoggedEvent,
  record: Extract<LookEvent, { type: 'look.recorded.v1' }>,
  content: LookContent,
  { childHash, userHash }: AuditMeans,
): readonly RowOperation[] {
  const { decision, sealed } = record.data;
  const row = {
    decision_id: decision,
    recorded_at: record.recordedAt,
    token: event.token,
    key_id: sealed.key,
    child_hash: content.child === null ? null : childHash(content.child),
    user_hash: userHash(content.reader.sub),
    organisation: content.reader.organisation,
    role: content.reader.role,
    purpose: content.purpose,
    effect: content.effect,
    relationship: content.relationship?.kind ?? 'none',
    break_glass: content.breakGlass === undefined ? 0 : 1,
    route: content.route,
  };
  // The same slice may be listed twice: with consent and without. Putting it again changes nothing.
  const slices = content.slices.map(({ organisation, category }) => ({
    op: 'put' as const,
    table: 'slice',
    row: {
      decision_id: decision,
      organisation,
      category,
      own: organisation === content.reader.organisation ? 1 : 0,
      recorded_at: record.recordedAt,
    },
  }));
  return [{ op: 'put', table: 'look', row }, ...slices];
}
