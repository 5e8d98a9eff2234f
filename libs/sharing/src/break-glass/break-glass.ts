import { epochMs, fail, never, ok, toInstant, type Instant, type OrganisationId, type Outcome } from '#kernel';
import { BREAK_GLASS_REASONS, type Reason, type Sealed } from '#contracts';
import type { Decider } from '#event-log';
import { HUB } from '../disclose/rules.ts';
import type {
  BreakGlassEvent,
  EmergencyAccessEnded,
  EmergencyAccessExplained,
  EmergencyAccessNotFound,
  EmergencyAccessReinstated,
  EmergencyAccessReviewed,
  EmergencyAccessStarted,
  ReviewOutcome,
} from './events.ts';
import { BREAK_GLASS_LIMITS, mayBreakGlass } from './terms.ts';

/** One emergency access as the book tells it. */
export interface EmergencyAccess extends EmergencyAccessStarted {
  /** Null unless ended before `until`: by the user, or by a review that found a breach. */
  readonly endedAt: Instant | null;
  /** Oldest first. */
  readonly explanations: readonly { readonly at: Instant; readonly words: Sealed }[];
  /** True where the user's word is waited for: at first, and when a reviewer asked. */
  readonly toExplain: boolean;
  /** The last review; null before the first. */
  readonly review: { readonly outcome: ReviewOutcome; readonly at: Instant; readonly by: string } | null;
  /** True until a review closed it. */
  readonly toReview: boolean;
  /** True from a review that found a breach until the area's officer lifts it. */
  readonly bars: boolean;
}

/** Fold of one user's emergency book. Immutable. */
export interface EmergencyBook {
  readonly accesses: ReadonlyMap<string, EmergencyAccess>;
  /** Every start and every attempt that found nobody, oldest first. */
  readonly starts: readonly Instant[];
  readonly attempts: ReadonlySet<string>;
}

/** What may be asked of a book; times are arguments. */
export type BreakGlassCommand =
  | {
      readonly type: 'start';
      /** Limits are filled in by {@link startedAt}. */
      readonly data: EmergencyAccessStarted;
    }
  | { readonly type: 'noteNotFound'; readonly data: EmergencyAccessNotFound }
  | { readonly type: 'end'; readonly data: EmergencyAccessEnded }
  | { readonly type: 'explain'; readonly data: EmergencyAccessExplained }
  | {
      readonly type: 'review';
      readonly data: Pick<EmergencyAccessReviewed, 'grant' | 'at' | 'by' | 'outcome'>;
      /** Whose officer reviews. */
      readonly officerOf: OrganisationId;
    }
  | { readonly type: 'reinstate'; readonly data: EmergencyAccessReinstated; readonly officerOf: OrganisationId };

/** A change of the book without its place in the log. */
export type BreakGlassChange = BreakGlassEvent extends infer Event
  ? Event extends { readonly type: infer Type; readonly data: infer Data }
    ? { readonly type: Type; readonly data: Data }
    : never
  : never;

type Decision = Outcome<readonly BreakGlassChange[], Reason>;

const AS_BEFORE: Decision = ok([]);
const DAY = 24 * 3_600_000;

/** Commands, folds and rules of a user's emergency book. */
export const breakGlassDecider: Decider<BreakGlassCommand, EmergencyBook, BreakGlassChange, BreakGlassChange, Reason> =
  {
    initialState: { accesses: new Map(), starts: [], attempts: new Set() },
    evolve: evolveBreakGlass,
    decide: decideBreakGlass,
  };

/** The times an access has that starts now and lasts so many minutes. */
export function startedAt(
  from: Instant,
  minutes: number,
): Pick<EmergencyAccessStarted, 'from' | 'until' | 'explainBy' | 'reviewBy'> {
  return {
    from,
    until: later(from, minutes * 60_000),
    explainBy: later(from, BREAK_GLASS_LIMITS.hoursToExplain.value * 3_600_000),
    reviewBy: later(from, BREAK_GLASS_LIMITS.daysToReview.value * DAY),
  };
}

/** True from its start until it ran out or was ended. */
export function isActive(access: EmergencyAccess, at: Instant): boolean {
  return access.endedAt === null && epochMs(access.from) <= epochMs(at) && epochMs(at) < epochMs(access.until);
}

/** Why a user may not break glass at all, whatever the child; stable ids. */
export type Suspension = 'breach' | 'not-explained' | 'not-reviewed';

/** Why the user's break-glass is suspended at that instant, each reason once, the gravest first; empty where it is not. */
export function suspensionsOf(book: EmergencyBook, at: Instant): readonly Suspension[] {
  const found = new Set<Suspension>();
  for (const { bars, toExplain, explainBy, toReview, reviewBy } of book.accesses.values()) {
    if (bars) found.add('breach');
    if (toReview && toExplain && epochMs(at) > epochMs(explainBy)) found.add('not-explained');
    if (toReview && epochMs(at) > epochMs(reviewBy)) found.add('not-reviewed');
  }
  return (['breach', 'not-explained', 'not-reviewed'] as const).filter((each) => found.has(each));
}

/** True where the user has started, or tried to, as often as may be in the 24 hours before that instant. */
export function startedTooOften({ starts }: EmergencyBook, at: Instant): boolean {
  const since = epochMs(at) - DAY;
  return starts.filter((start) => epochMs(start) > since).length >= BREAK_GLASS_LIMITS.startsInADay.value;
}

/** The book after one more event; the one given stays as it was. */
export function evolveBreakGlass(book: EmergencyBook, { type, data }: BreakGlassChange): EmergencyBook {
  switch (type) {
    case 'emergency-access.started.v1': {
      const waiting = { endedAt: null, explanations: [], toExplain: true, review: null, toReview: true, bars: false };
      const accesses = new Map(book.accesses).set(data.grant, { ...data, ...waiting });
      return { ...book, accesses, starts: [...book.starts, data.from] };
    }
    case 'emergency-access.not-found.v1':
      return { ...book, starts: [...book.starts, data.at], attempts: new Set(book.attempts).add(data.attempt) };
    case 'emergency-access.ended.v1':
      return changed(book, data.grant, { endedAt: data.at });
    case 'emergency-access.explained.v1': {
      const { explanations = [] } = book.accesses.get(data.grant) ?? {};
      const explanation = { at: data.at, words: data.words };
      return changed(book, data.grant, { toExplain: false, explanations: [...explanations, explanation] });
    }
    case 'emergency-access.reviewed.v1': {
      const { outcome, at, by, explainBy, reviewBy } = data;
      return changed(book, data.grant, {
        review: { outcome, at, by },
        toReview: reviewBy !== null,
        bars: outcome === 'breach',
        ...(reviewBy === null ? {} : { reviewBy }),
        ...(explainBy === null ? {} : { explainBy, toExplain: true }),
      });
    }
    case 'emergency-access.reinstated.v1':
      return changed(book, data.grant, { bars: false });
    default:
      // A finding this release doesn't know might bar the user: it must not be overlooked.
      return never(type);
  }
}

/** The events a command leads to, none where it is so already; or why not. */
export function decideBreakGlass(command: BreakGlassCommand, book: EmergencyBook): Decision {
  const access = 'grant' in command.data ? book.accesses.get(command.data.grant) : undefined;
  if (command.type === 'start') return access === undefined ? start(command.data, book) : AS_BEFORE;
  if (command.type === 'noteNotFound') return noteNotFound(command.data, book);
  if (access === undefined) return fail({ code: 'GRANT_UNKNOWN', pointer: '/grant' });
  switch (command.type) {
    case 'end':
      return isActive(access, command.data.at)
        ? ok([{ type: 'emergency-access.ended.v1', data: command.data }])
        : AS_BEFORE;
    case 'explain':
      return access.toExplain
        ? ok([{ type: 'emergency-access.explained.v1', data: command.data }])
        : fail({ code: 'EXPLAINED_ALREADY', pointer: '/grant' });
    case 'review':
      return review(command, access, book);
    case 'reinstate':
      if (command.officerOf !== HUB) return fail({ code: 'AREA_OFFICER_ONLY', pointer: '/by' });
      return access.bars ? ok([{ type: 'emergency-access.reinstated.v1', data: command.data }]) : AS_BEFORE;
    default:
      return never(command);
  }
}

/** A try beyond what may be is not even told that it found nobody: whether it would have is what many tries are for. */
function noteNotFound(data: EmergencyAccessNotFound, book: EmergencyBook): Decision {
  if (book.attempts.has(data.attempt)) return AS_BEFORE;
  const bar = barOf(book, data.at);
  return bar === undefined ? ok([{ type: 'emergency-access.not-found.v1', data }]) : fail(bar);
}

/** What keeps the user from any emergency access at that instant, whatever the child; undefined where nothing does. */
export function barOf(book: EmergencyBook, at: Instant): (Reason & { readonly code: BarCode }) | undefined {
  const [suspension] = suspensionsOf(book, at);
  if (suspension !== undefined) return { code: SUSPENDED[suspension], pointer: '' };
  return startedTooOften(book, at) ? { code: 'TOO_OFTEN', pointer: '' } : undefined;
}

/** Codes of {@link barOf}. */
export type BarCode = 'SUSPENDED_BREACH' | 'SUSPENDED_NOT_EXPLAINED' | 'SUSPENDED_NOT_REVIEWED' | 'TOO_OFTEN';

function start(data: EmergencyAccessStarted, book: EmergencyBook): Decision {
  if (!mayBreakGlass(data.role, data.purpose)) return fail({ code: 'ROLE_MAY_NOT', pointer: '/purpose' });
  if (!BREAK_GLASS_REASONS.includes(data.reason)) return fail({ code: 'REASON_UNKNOWN', pointer: '/reason' });
  const lasts = epochMs(data.until) - epochMs(data.from);
  if (!(lasts > 0 && lasts <= BREAK_GLASS_LIMITS.minutesAtMost.value * 60_000))
    return fail({ code: 'TIME_INVALID', pointer: '/minutes' });
  const bar = barOf(book, data.from);
  if (bar !== undefined) return fail(bar);
  if ([...book.accesses.values()].some((each) => each.child === data.child && overlaps(each, data)))
    return fail({ code: 'ACTIVE_ALREADY', pointer: '/childId' });
  return ok([{ type: 'emergency-access.started.v1', data }]);
}

/** Compared as spans, so that a clock that was set back can't make two of one. */
function overlaps(access: EmergencyAccess, data: EmergencyAccessStarted): boolean {
  if (access.endedAt !== null) return false;
  return epochMs(access.from) < epochMs(data.until) && epochMs(data.from) < epochMs(access.until);
}

const SUSPENDED: Readonly<Record<Suspension, BarCode>> = {
  breach: 'SUSPENDED_BREACH',
  'not-explained': 'SUSPENDED_NOT_EXPLAINED',
  'not-reviewed': 'SUSPENDED_NOT_REVIEWED',
};

function review(
  { data, officerOf }: Extract<BreakGlassCommand, { type: 'review' }>,
  access: EmergencyAccess,
  book: EmergencyBook,
): Decision {
  const { at, outcome, by } = data;
  if (by === access.person && officerOf === access.organisation) return fail({ code: 'OWN_ACCESS', pointer: '/grant' });
  const again = access.review?.outcome === outcome && access.review.by === by;
  if (!access.toReview) return again ? AS_BEFORE : fail({ code: 'REVIEWED_ALREADY', pointer: '/grant' });
  // Asked and not answered yet, or handed on already: the same finding says nothing new.
  if (again && (outcome === 'escalated' || access.toExplain)) return AS_BEFORE;
  if (access.review?.outcome === 'escalated' && officerOf !== HUB)
    return fail({ code: 'AREA_OFFICER_ONLY', pointer: '/outcome' });
  const open = outcome === 'ask-user' || outcome === 'escalated';
  const explainBy = outcome === 'ask-user' ? later(at, BREAK_GLASS_LIMITS.hoursToExplain.value * 3_600_000) : null;
  const reviewBy = open ? later(at, BREAK_GLASS_LIMITS.daysToReview.value * DAY) : null;
  const reviewed: BreakGlassChange = { type: 'emergency-access.reviewed.v1', data: { ...data, explainBy, reviewBy } };
  return ok(outcome === 'breach' ? [reviewed, ...endsOf(book, at)] : [reviewed]);
}

/** A breach ends at once whatever its user has open. */
function endsOf(book: EmergencyBook, at: Instant): readonly BreakGlassChange[] {
  const active = [...book.accesses.values()].filter((access) => isActive(access, at));
  return active.map(({ grant }) => ({ type: 'emergency-access.ended.v1', data: { grant, at } }));
}

function changed(book: EmergencyBook, grant: string, change: Partial<EmergencyAccess>): EmergencyBook {
  const access = book.accesses.get(grant);
  if (access === undefined) return book;
  return { ...book, accesses: new Map(book.accesses).set(grant, { ...access, ...change }) };
}

function later(from: Instant, milliseconds: number): Instant {
  return toInstant(epochMs(from) + milliseconds);
}
