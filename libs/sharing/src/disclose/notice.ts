import { canonicalBytes, namedUuid, type Clock, type OrganisationId } from '#kernel';
import {
  encodeRecord,
  noticeStream,
  type NoticeAudience,
  type NoticeContent,
  type NoticeKind,
  type NoticeSent,
  type Sealed,
  type SealingContext,
} from '#contracts';
import { WrongExpectedRevision, type EventLog } from '#event-log';
import type { Grant, SealingVault, Vault } from '#vault';
import { auditOwner } from './look.ts';
import { HUB } from './rules.ts';

/** Somebody who is to be told of something. */
export interface Notice extends NoticeContent {
  /** What caused it: with kind and audience it names the notice, so that the same cause tells the same people once. */
  readonly cause: string;
  readonly kind: NoticeKind;
  readonly to: NoticeAudience;
  readonly organisation: OrganisationId | null;
  readonly reference: string;
  readonly correlationId: string;
}

/** What a notice is written with. */
export interface NoticeBook {
  readonly log: EventLog;
  readonly vault: SealingVault;
  readonly clock: Clock;
}

/** Tells somebody, durable when it answers; the same cause, kind and audience again changes nothing. Answers the notice's id. */
export async function sendNotice(book: NoticeBook, notice: Notice): Promise<string> {
  const { kind, to, organisation, reference, child, person } = notice;
  const id = namedUuid('notice', notice.cause, `${kind} ${to} ${organisation ?? ''} ${person ?? ''}`);
  const at = book.clock.now();
  const key = await book.vault.keyFor(auditOwner(HUB), at.slice(0, 4));
  const content: NoticeContent = { child, person };
  const sealed = book.vault.seal(key, noticeContext(id), canonicalBytes(content));
  const data: NoticeSent = { notice: id, kind, to, organisation, reference, sealed };
  const stream = noticeStream(id);
  const record = encodeRecord({
    format: 1,
    stream,
    revision: 0,
    type: 'notice.sent.v1',
    recordedAt: at,
    by: HUB,
    correlationId: notice.correlationId,
    data,
  });
  try {
    await book.log.append(stream, 'none', [record]);
  } catch (error) {
    // Sealed anew it has other bytes: that it is there is all that was wanted.
    if (!(error instanceof WrongExpectedRevision)) throw error;
  }
  return id;
}

/** Whom a notice is about; undefined where its key is gone. */
export async function openNotice(
  vault: Pick<Vault, 'open'>,
  grant: Grant,
  notice: string,
  sealed: Sealed,
): Promise<NoticeContent | undefined> {
  const opened = await vault.open(grant, sealed, noticeContext(notice));
  return opened.ok ? (JSON.parse(Buffer.from(opened.value).toString('utf8')) as NoticeContent) : undefined;
}

function noticeContext(id: string): SealingContext {
  return {
    stream: noticeStream(id),
    revision: 0,
    type: 'notice.sent.v1',
    schema: 'notice.sent.v1',
    owner: auditOwner(HUB),
  };
}
