import { fail, ok, type Clock, type OrganisationId, type Outcome } from '#kernel';
import { decodeRecord, reviewStream, type Reason, type ReviewEvent } from '#contracts';
import {
  appendSurely,
  encodeChanges,
  readWholeStream,
  WrongExpectedRevision,
  type EventLog,
  type LogToken,
} from '#event-log';
import type { SealingVault } from '#vault';
import { sealForAudit } from '../disclose/sealed-words.ts';
import { evolveReview, reviewDecider, type Review, type ReviewCommand } from './review.ts';

/** What a case is written with. */
export interface ReviewBook {
  readonly log: EventLog;
  readonly vault: SealingVault;
  readonly clock: Clock;
}

/** What became of a command: the case, whether anything changed, and how far a view must have read to show it. */
export interface ReviewHandled {
  readonly review: Review;
  readonly changed: boolean;
  readonly token: LogToken | null;
}

/** The case as its stream says; undefined where there is none. */
export async function readReview(log: EventLog, review: string): Promise<Review | undefined> {
  return (await reviewEvents(log, review)).reduce<Review | undefined>(evolveReview, undefined);
}

/** Every event of a case, in order. */
export async function reviewEvents(log: EventLog, review: string): Promise<readonly ReviewEvent[]> {
  const events = await readWholeStream(log, reviewStream(review));
  return events.map(({ data }) => decodeRecord(data) as unknown as ReviewEvent);
}

/**
 * Carries out a command on a case. Words are sealed for the place in the stream at which they will stand, so they are sealed again where
 * somebody else was first (three tries); then `WrongExpectedRevision` goes to the caller.
 */
export async function handleReview(
  book: ReviewBook,
  id: string,
  command: ReviewCommand,
  meta: { readonly by: OrganisationId; readonly correlationId: string },
): Promise<Outcome<ReviewHandled, Reason>> {
  const stream = reviewStream(id);
  for (let attempt = 1; ; attempt++) {
    const review = await readReview(book.log, id);
    const decision = reviewDecider.decide(command, review);
    if (!decision.ok) return fail(decision.error);
    const after = review?.revision ?? -1;
    if (decision.value.length === 0) {
      if (review === undefined) throw new Error('a command that left no case');
      return ok({ review, changed: false, token: null });
    }
    const sealed = [];
    for (const [at, { type, data }] of decision.value.entries()) {
      if (!('words' in data)) sealed.push({ type, data });
      else {
        const place = { stream, revision: after + 1 + at, type };
        const words = await sealForAudit(book.vault, book.clock, place, { words: data.words });
        sealed.push({ type, data: { ...data, words } });
      }
    }
    const encoded = encodeChanges(stream, after, sealed, { at: book.clock.now(), ...meta });
    try {
      const { token } = await appendSurely(book.log, stream, after, encoded);
      const next = decision.value.reduce<Review | undefined>(evolveReview, review);
      if (next === undefined) throw new Error('a change that left no case');
      return ok({ review: next, changed: true, token });
    } catch (error) {
      if (!(error instanceof WrongExpectedRevision) || attempt === 3) throw error;
    }
  }
}
