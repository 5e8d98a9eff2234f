import type { NoticeContent, NoticeEvent } from '#contracts';
import type { LoggedEvent } from '#event-log';
import type { ViewDefinition } from '#projections';
import { readStored } from '../stored.ts';

/** What the view of notices may do beyond reading an event: given by composition. */
export interface NoticesMeans {
  /** Opens a notice under `grantProcess('notices')`; null where its key was destroyed. */
  readonly openNotice: (event: LoggedEvent) => Promise<NoticeContent | null>;
  /** Keyed hash of a child id. */
  readonly childHash: (childId: string) => string;
  /** Keyed hash of a person, who is one in their organisation only. */
  readonly personHash: (organisation: string, person: string) => string;
  /** False where no record of the child is kept any more: its family is not to be told again by a rebuild. */
  readonly isKept: (childId: string) => boolean;
}

/** Who was told what: child and person by keyed hash, so that each reads their own and the file names nobody. */
export function noticesView({ openNotice, childHash, personHash, isKept }: NoticesMeans): ViewDefinition {
  return {
    name: 'notices',
    version: 1,
    families: ['notice'],
    tables: {
      notice: {
        columns: {
          notice_id: { type: 'text', notNull: true },
          sent_at: { type: 'text', notNull: true },
          kind: { type: 'text', notNull: true },
          audience: { type: 'text', notNull: true },
          organisation: { type: 'text' },
          reference: { type: 'text', notNull: true },
          /** For the audience `family` only. */
          child_hash: { type: 'text' },
          /** For the audience `person` only. */
          person_hash: { type: 'text' },
        },
        primaryKey: ['notice_id'],
        indexes: [
          ['audience', 'organisation', 'sent_at', 'notice_id'],
          ['child_hash', 'sent_at', 'notice_id'],
          ['person_hash', 'sent_at', 'notice_id'],
        ],
      },
    },
    project: async (event, context) => {
      const { data, recordedAt } = readStored(event) as unknown as NoticeEvent;
      if (!(await context.keyAlive(data.sealed.key))) return [];
      const content = await openNotice(event);
      if (content === null) return [];
      const { child, person } = content;
      const family = data.to === 'family';
      if (family && (child === null || !isKept(child))) return [];
      const row = {
        notice_id: data.notice,
        sent_at: recordedAt,
        kind: data.kind,
        audience: data.to,
        organisation: data.organisation,
        reference: data.reference,
        child_hash: family && child !== null ? childHash(child) : null,
        person_hash:
          data.to === 'person' && person !== null && data.organisation !== null
            ? personHash(data.organisation, person)
            : null,
      };
      return [{ op: 'put', table: 'notice', row }];
    },
    /** By the child, when its last record is erased. */
    erase: (child) => [{ op: 'remove', table: 'notice', where: { child_hash: childHash(child) } }],
  };
}
