import { epochMs, isUuid, namedUuid, toInstant, type DecisionId, type Instant } from '#kernel';
import {
  decodeRecord,
  detectionStream,
  lookStream,
  reviewStream,
  type DetectionEvent,
  type LookContent,
  type LookEvent,
  type ReviewContent,
  type ReviewOpened,
} from '#contracts';
import type { EventLog } from '#event-log';
import { openFinding, openFromAudit, openLook, type ReviewBook, sealForAudit } from '#sharing';
import { grantProcess, type Grant, type Vault } from '#vault';
import type { OfficersScope } from '../views/reviews/query.ts';

/** What a case may be opened from. */
export interface Opening {
  readonly cause: ReviewOpened['cause']['kind'];
  readonly reference: string;
  readonly decision?: string;
}

/** What a case opened from a cause would say. */
export type Draft = Omit<ReviewOpened, 'review' | 'cause' | 'by' | 'sealed'> & { readonly content: ReviewContent };

type LookRecord = Extract<LookEvent, { type: 'look.recorded.v1' }>;

/** A look as stored; undefined where there is none. */
export async function lookOf(log: EventLog, decision: string): Promise<LookRecord | undefined> {
  if (!isUuid(decision)) return undefined;
  const [event] = await log.readStream(lookStream(decision as DecisionId), { limit: 1 });
  if (event === undefined) return undefined;
  const record = decodeRecord(event.data) as unknown as LookEvent;
  return record.type === 'look.recorded.v1' ? record : undefined;
}

/** What a look says; undefined where its key is gone. */
export function contentOf(
  vault: Pick<Vault, 'open'>,
  grant: Grant,
  look: LookRecord,
): Promise<LookContent | undefined> {
  return openLook(vault, grant, look.data.decision, look.by, look.data.sealed);
}

/** The id of the case of a cause: the same cause again is the same case. */
export function reviewId({ cause, reference }: Opening): string {
  return namedUuid('review', cause, reference);
}

/** What is known of the accesses behind a cause; undefined where nobody knows of any, or they are not the officer's to review. */
export async function draftOf(
  log: EventLog,
  vault: Pick<Vault, 'open'>,
  opening: Opening,
  scope: OfficersScope,
): Promise<Draft | undefined> {
  const draft = await (opening.cause === 'finding' ? fromFinding(log, vault, opening) : fromLook(log, vault, opening));
  const theirs = scope === null || draft?.organisation === scope || draft?.sources.includes(scope) === true;
  return theirs ? draft : undefined;
}

const GRANT = grantProcess('review');

async function fromFinding(
  log: EventLog,
  vault: Pick<Vault, 'open'>,
  { reference }: Opening,
): Promise<Draft | undefined> {
  const [event] = await log.readStream(detectionStream(reference), { limit: 1 });
  if (event === undefined) return undefined;
  const record = decodeRecord(event.data) as unknown as DetectionEvent;
  if (record.type !== 'detection.raised.v1') return undefined;
  const content = await openFinding(vault, GRANT, record.data);
  if (content === undefined) return undefined;
  const [first] = content.evidence;
  const look = first === undefined ? undefined : await lookOf(log, first);
  const { organisation, sources } = record.data;
  const { person, role, child, evidence } = content;
  return {
    person,
    organisation,
    sources,
    content: { role, child, from: look?.recordedAt ?? record.recordedAt, decisions: evidence },
  };
}

async function fromLook(log: EventLog, vault: Pick<Vault, 'open'>, opening: Opening): Promise<Draft | undefined> {
  const { cause, reference } = opening;
  const byGrant = cause === 'break-glass' || cause === 'self-claim';
  const record = await lookOf(log, byGrant ? (opening.decision ?? '') : reference);
  const look = record === undefined ? undefined : await contentOf(vault, GRANT, record);
  if (record === undefined || look === undefined) return undefined;
  // The look named must really have been made under the grant or claim.
  if (cause === 'break-glass' && look.breakGlass !== reference) return undefined;
  if (cause === 'self-claim' && look.relationship?.id !== reference) return undefined;
  return {
    person: look.reader.sub,
    organisation: look.reader.organisation,
    sources: [...new Set(look.slices.map(({ organisation }) => organisation))].sort(),
    content: { role: look.reader.role, child: look.child, from: look.at, decisions: [record.data.decision] },
  };
}

/** The event that opens a case, its accesses and child sealed. */
export async function openedCase(
  book: ReviewBook,
  opening: Opening,
  { content, ...draft }: Draft,
  by: string,
): Promise<ReviewOpened> {
  const review = reviewId(opening);
  const place = { stream: reviewStream(review), revision: 0, type: 'review.opened.v1' };
  const sealed = await sealForAudit(book.vault, book.clock, place, content);
  return { review, cause: { kind: opening.cause, reference: opening.reference }, ...draft, by, sealed };
}

/** Which accesses and child a case is about; undefined where its key is gone. */
export async function openCase(
  vault: Pick<Vault, 'open'>,
  grant: Grant,
  { review, sealed }: ReviewOpened,
): Promise<ReviewContent | undefined> {
  const place = { stream: reviewStream(review), revision: 0, type: 'review.opened.v1' };
  return (await openFromAudit(vault, grant, place, sealed)) as ReviewContent | undefined;
}

/** So many hours later; earlier for a negative number. */
export function hoursAfter(at: Instant, hours: number): Instant {
  return toInstant(epochMs(at) + hours * 3_600_000);
}
