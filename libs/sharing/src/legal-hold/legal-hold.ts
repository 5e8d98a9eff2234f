import { fail, never, ok, parsePlainDate, type ChildId, type Outcome } from '#kernel';
import type { OrganisationId, PlainDate } from '#kernel';
import type { Reason, Sealed } from '#contracts';
import type { Decider } from '#event-log';
import { sameButWords } from '../disclose/request-words.ts';

/** Why nothing of a child may be destroyed for now (closed list). */
export const HOLD_REASONS = ['court-proceedings', 'public-inquiry', 'complaint', 'safeguarding-enquiry'] as const;
/** One reason; `public-inquiry` is what the Inquiries Act 2005 s.35 makes it an offence to destroy (IICSA's notice of 2015). */
export type HoldReason = (typeof HOLD_REASONS)[number];

/** STORAGE FORMAT, `legalHold-<childId>`: nothing of the child, or of one organisation's record of it, may be destroyed. */
export interface HoldPlaced {
  readonly hold: string;
  /** Whose records; null for all. */
  readonly organisation: OrganisationId | null;
  readonly reason: HoldReason;
  /** When somebody must ask whether it still has to be. It does not end by itself. */
  readonly reviewOn: PlainDate;
  /** Pseudonymous subject of the sign-in. */
  readonly by: string;
  readonly words?: Sealed;
}
/** STORAGE FORMAT: somebody asked whether it still has to be, and it has. */
export interface HoldReviewed {
  readonly hold: string;
  readonly reviewOn: PlainDate;
  readonly by: string;
}
/** STORAGE FORMAT: no longer held. A hold once lifted never holds again; another may be placed. */
export interface HoldLifted {
  readonly hold: string;
  readonly by: string;
}

/** What happens to the holds of a child. */
export type LegalHoldChange =
  | { readonly type: 'legal-hold.placed.v1'; readonly data: HoldPlaced }
  | { readonly type: 'legal-hold.reviewed.v1'; readonly data: HoldReviewed }
  | { readonly type: 'legal-hold.lifted.v1'; readonly data: HoldLifted };
/** What may be asked; `on` is the day of asking. */
export type LegalHoldCommand =
  | { readonly type: 'place'; readonly on: PlainDate; readonly data: HoldPlaced }
  | { readonly type: 'review'; readonly on: PlainDate; readonly data: HoldReviewed }
  | { readonly type: 'lift'; readonly data: HoldLifted };

/** The holds of a child that hold now, and those that did. */
export interface LegalHolds {
  readonly holding: ReadonlyMap<string, HoldPlaced>;
  readonly lifted: ReadonlySet<string>;
}

/** The stream of a child's holds. */
export const legalHoldStream = (child: ChildId): string => `legalHold-${child}`;

/** A child nobody has placed a hold on. */
export const NO_HOLDS: LegalHolds = { holding: new Map(), lifted: new Set() };

/** Legal holds override every destruction, by request or by the end of retention. */
export const legalHoldDecider = {
  initialState: NO_HOLDS,
  evolve: evolveLegalHolds,
  decide: decideLegalHold,
} satisfies Decider<LegalHoldCommand, LegalHolds, LegalHoldChange, LegalHoldChange, Reason>;

/** The holds that keep this organisation's records, or, for null, any record of the child. */
export function holdsOn({ holding }: LegalHolds, organisation: OrganisationId | null): readonly HoldPlaced[] {
  return [...holding.values()].filter(
    (hold) => organisation === null || hold.organisation === null || hold.organisation === organisation,
  );
}

/** The holds after one more event. An event this version does not know stops the fold: a hold must not be overlooked. */
export function evolveLegalHolds(before: LegalHolds, { type, data }: LegalHoldChange): LegalHolds {
  switch (type) {
    case 'legal-hold.placed.v1':
      return before.lifted.has(data.hold) ? before : { ...before, holding: holding(before, data) };
    case 'legal-hold.reviewed.v1': {
      const held = before.holding.get(data.hold);
      if (held === undefined) return before;
      return { ...before, holding: holding(before, { ...held, reviewOn: data.reviewOn }) };
    }
    case 'legal-hold.lifted.v1': {
      const left = new Map(before.holding);
      left.delete(data.hold);
      return { holding: left, lifted: new Set(before.lifted).add(data.hold) };
    }
    default:
      return never(type);
  }
}

/** The events a command leads to, none where it is so already; or why not. */
export function decideLegalHold(
  command: LegalHoldCommand,
  { holding: held, lifted }: LegalHolds,
): Outcome<readonly LegalHoldChange[], Reason> {
  const { data } = command;
  const known = held.get(data.hold);
  switch (command.type) {
    case 'place': {
      if (lifted.has(data.hold)) return fail({ code: 'HOLD_ALREADY_LIFTED', pointer: '/hold' });
      if (known !== undefined)
        return sameButWords(known, command.data) ? ok([]) : fail({ code: 'HOLD_ID_TAKEN', pointer: '/hold' });
      const wrong = reviewDay(command.data.reviewOn, command.on);
      return wrong === undefined ? ok([{ type: 'legal-hold.placed.v1', data: command.data }]) : fail(wrong);
    }
    case 'review': {
      if (known === undefined) return fail({ code: 'HOLD_UNKNOWN', pointer: '/hold' });
      const wrong = reviewDay(command.data.reviewOn, command.on);
      return wrong === undefined ? ok([{ type: 'legal-hold.reviewed.v1', data: command.data }]) : fail(wrong);
    }
    case 'lift':
      if (lifted.has(data.hold)) return ok([]);
      return known === undefined
        ? fail({ code: 'HOLD_UNKNOWN', pointer: '/hold' })
        : ok([{ type: 'legal-hold.lifted.v1', data }]);
  }
}

function reviewDay(reviewOn: PlainDate, on: PlainDate): Reason | undefined {
  if (parsePlainDate(reviewOn) === undefined) return { code: 'DATE_INVALID', pointer: '/reviewOn' };
  return reviewOn > on ? undefined : { code: 'REVIEW_NOT_AHEAD', pointer: '/reviewOn' };
}

function holding({ holding: before }: LegalHolds, hold: HoldPlaced): ReadonlyMap<string, HoldPlaced> {
  return new Map(before).set(hold.hold, hold);
}
