import { fail, ok, type OrganisationId, type Outcome } from '#kernel';
import type { Reason, ReviewEvent, ReviewOpened, ReviewOutcome, Sealed } from '#contracts';
import type { Decider } from '#event-log';

/** What is known of a case; without its words, which only an answer opens. */
export interface Review {
  readonly review: string;
  readonly revision: number;
  /** `asked` while a question waits for its answer. */
  readonly status: 'open' | 'asked' | 'closed';
  /** Whose accesses; null where it is about several people. */
  readonly person: string | null;
  readonly organisation: OrganisationId;
  readonly sources: readonly OrganisationId[];
  readonly assignee: string | null;
  /** Who handed it to the area's officer; null where nobody did. */
  readonly escalatedBy: string | null;
  readonly outcome: ReviewOutcome | null;
  /** Questions by id, true where answered. */
  readonly questions: ReadonlyMap<string, boolean>;
}

/** An officer who acts: pseudonymous subject, and whether they are the area's. */
export interface Officer {
  readonly sub: string;
  readonly ofArea: boolean;
}

/** What may be asked of a case. Words are plain here and sealed where the event is written. */
export type ReviewCommand =
  | { readonly type: 'open'; readonly data: ReviewOpened }
  | { readonly type: 'assign'; readonly to: string; readonly officer: Officer }
  | {
      readonly type: 'decide';
      readonly outcome: ReviewOutcome;
      /** The id of the question where the outcome is `ask-user`; ignored otherwise. */
      readonly question: string;
      readonly words: string;
      readonly officer: Officer;
    }
  | { readonly type: 'answer'; readonly question: string; readonly words: string; readonly by: string }
  | { readonly type: 'reopen'; readonly words: string; readonly officer: Officer };

type Plain<Data> = { readonly [Member in keyof Data]: Member extends 'words' ? string : Data[Member] };
/** A review event without its place in the log, its words not yet sealed. */
export type ReviewChange = ReviewEvent extends infer Event
  ? Event extends { readonly type: infer Type; readonly data: infer Data }
    ? { readonly type: Type; readonly data: Plain<Data> }
    : never
  : never;

/** What a case is folded from: changes as decided, or events as stored; the fold reads no words. */
type Happened = ReviewChange extends infer Change
  ? Change extends { readonly type: infer Type; readonly data: infer Data }
    ? {
        readonly type: Type;
        readonly data: { readonly [Member in keyof Data]: Member extends 'words' ? string | Sealed : Data[Member] };
      }
    : never
  : never;

type Decision = Outcome<readonly ReviewChange[], Reason>;
const AS_BEFORE: Decision = ok([]);

/**
 * `review-<case>`: one review of somebody's accesses. Nobody reviews their own: neither decides nor is assigned who is reviewed. An
 * escalated case is decided by an officer of the area, and by another than who escalated it. A closed case changes only by being reopened.
 */
export const reviewDecider = {
  initialState: undefined as Review | undefined,
  evolve: evolveReview,
  decide: decideReview,
} satisfies Decider<ReviewCommand, Review | undefined, Happened, ReviewChange, Reason>;

/** The case after one more event. Throws where a case begins otherwise than by being opened. */
export function evolveReview(before: Review | undefined, { type, data }: Happened): Review {
  if (type === 'review.opened.v1') {
    const { review, person, organisation, sources } = data;
    const fresh = { status: 'open', assignee: null, escalatedBy: null, outcome: null, questions: new Map() } as const;
    return { review, revision: 0, person, organisation, sources, ...fresh };
  }
  if (before === undefined) throw new Error('a review that was not opened');
  const after = { ...before, revision: before.revision + 1 };
  switch (type) {
    case 'review.assigned.v1':
      return { ...after, assignee: data.to };
    case 'review.decided.v1':
      return decided(after, data.outcome, data.question, data.by);
    case 'review.answered.v1': {
      const questions = new Map(before.questions).set(data.question, true);
      const waiting = [...questions.values()].includes(false);
      return { ...after, questions, status: waiting ? 'asked' : 'open' };
    }
    case 'review.reopened.v1':
      return { ...after, status: 'open', outcome: null, escalatedBy: null };
  }
}

function decided(review: Review, outcome: ReviewOutcome, question: string | undefined, by: string): Review {
  switch (outcome) {
    case 'ask-user':
      return { ...review, outcome, status: 'asked', questions: new Map(review.questions).set(question ?? '', false) };
    case 'escalated':
      return { ...review, outcome, escalatedBy: by };
    case 'appropriate':
    case 'breach':
      return { ...review, outcome, status: 'closed' };
  }
}

function decideReview(command: ReviewCommand, review: Review | undefined): Decision {
  if (command.type === 'open') {
    if (review !== undefined) return AS_BEFORE;
    return command.data.by === command.data.person ? OWN : ok([{ type: 'review.opened.v1', data: command.data }]);
  }
  if (review === undefined) return fail({ code: 'REVIEW_UNKNOWN' });
  if (command.type === 'answer') return answer(command, review);
  const { officer } = command;
  if (officer.sub === review.person) return OWN;
  switch (command.type) {
    case 'assign': {
      if (command.to === review.person) return fail({ code: 'REVIEW_OF_OWN_ACCESS', pointer: '/to' });
      if (review.status === 'closed') return CLOSED;
      const data = { to: command.to, by: officer.sub };
      return review.assignee === command.to ? AS_BEFORE : ok([{ type: 'review.assigned.v1', data }]);
    }
    case 'decide': {
      if (review.status === 'closed') return CLOSED;
      const { outcome, question, words } = command;
      const handed = review.escalatedBy;
      if (handed !== null && (!officer.ofArea || officer.sub === handed)) return fail({ code: 'REVIEW_ESCALATED' });
      if (outcome === 'escalated' && handed !== null) return AS_BEFORE;
      if (outcome === 'ask-user' && review.person === null) return fail({ code: 'NOBODY_TO_ASK', pointer: '/outcome' });
      const data = { outcome, by: officer.sub, words, ...(outcome === 'ask-user' ? { question } : {}) };
      return ok([{ type: 'review.decided.v1', data }]);
    }
    case 'reopen': {
      const data = { by: officer.sub, words: command.words };
      return review.status === 'closed' ? ok([{ type: 'review.reopened.v1', data }]) : AS_BEFORE;
    }
  }
}

function answer(
  { question, words, by }: Extract<ReviewCommand, { readonly type: 'answer' }>,
  review: Review,
): Decision {
  // A question put to somebody else is, to whoever tries, no question.
  if (by !== review.person || !review.questions.has(question)) return fail({ code: 'QUESTION_UNKNOWN' });
  if (review.status === 'closed') return CLOSED;
  return review.questions.get(question) === true
    ? fail({ code: 'QUESTION_ANSWERED' })
    : ok([{ type: 'review.answered.v1', data: { question, by, words } }]);
}

const OWN: Decision = fail({ code: 'REVIEW_OF_OWN_ACCESS' });
const CLOSED: Decision = fail({ code: 'REVIEW_CLOSED' });
