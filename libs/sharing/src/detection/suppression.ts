import { fail, ok, parsePlainDate, type OrganisationId, type Outcome, type PlainDate } from '#kernel';
import type { ChildWatched, DetectionEvent, DetectionSuppressed, Reason } from '#contracts';
import type { Decider } from '#event-log';
import { daysAfter } from './calendar.ts';
import { isDetectionRule } from './rules.data.ts';
import type { Finding } from './window.ts';

/** A suppression holds at most so many days: what goes on longer is looked at again. */
export const MOST_SUPPRESSED_DAYS = 90;
/** A watch over a child holds at most so many days. */
export const MOST_WATCHED_DAYS = 365;

/** A suppression as it is compared with findings: person and child by the keys of the accesses. */
export interface Suppression {
  readonly suppression: string;
  readonly rule: string;
  readonly organisation: OrganisationId | null;
  readonly until: PlainDate;
  readonly person: string | null;
  readonly child: string | null;
  /** Who suppressed, by the same key as the people of accesses. */
  readonly officer: string;
}

/** The suppression that is in force for a finding on that day; every part it names must be the finding's. Nobody silences what is found of themselves. */
export function suppressing(
  found: Finding,
  day: PlainDate,
  suppressions: Iterable<Suppression>,
): Suppression | undefined {
  for (const each of suppressions) {
    if (
      each.rule === found.rule &&
      each.until >= day &&
      each.officer !== found.person &&
      (each.organisation === null || each.organisation === found.organisation) &&
      (each.person === null || each.person === found.person) &&
      (each.child === null || each.child === found.child)
    ) {
      return each;
    }
  }
  return undefined;
}

/** What a suppression or watch has come to. */
export type NoteState = 'nothing' | 'suppressed' | 'watched' | 'ended';
/** What may be asked of one; `today` is the day in the area. */
export type NoteCommand =
  | { readonly type: 'suppress'; readonly data: DetectionSuppressed; readonly today: PlainDate }
  | { readonly type: 'endSuppression'; readonly suppression: string; readonly by: string }
  | { readonly type: 'watch'; readonly data: ChildWatched; readonly today: PlainDate }
  | { readonly type: 'endWatch'; readonly watch: string; readonly by: string };
/** A detection event without its place in the log. */
export type DetectionChange = DetectionEvent extends infer Event
  ? Event extends { readonly type: infer Type; readonly data: infer Data }
    ? { readonly type: Type; readonly data: Data }
    : never
  : never;

type Decision = Outcome<readonly DetectionChange[], Reason>;
const AS_BEFORE: Decision = ok([]);

/** `detection-<id>` of a suppression or a watch: said once, and ended at most once. */
export const noteDecider = {
  initialState: 'nothing' as NoteState,
  evolve: (state: NoteState, { type }: DetectionChange): NoteState => {
    switch (type) {
      case 'detection.suppressed.v1':
        return 'suppressed';
      case 'detection.child-watched.v1':
        return 'watched';
      case 'detection.suppression-ended.v1':
      case 'detection.child-watch-ended.v1':
        return 'ended';
      case 'detection.raised.v1':
        return state;
    }
  },
  decide: (command: NoteCommand, state: NoteState): Decision => {
    switch (command.type) {
      case 'suppress': {
        if (state !== 'nothing') return AS_BEFORE;
        if (!isDetectionRule(command.data.rule)) return fail({ code: 'RULE_UNKNOWN', pointer: '/rule' });
        const wrong = invalidUntil(command.data.until, command.today, MOST_SUPPRESSED_DAYS);
        return wrong === undefined ? ok([{ type: 'detection.suppressed.v1', data: command.data }]) : fail(wrong);
      }
      case 'watch': {
        if (state !== 'nothing') return AS_BEFORE;
        const wrong = invalidUntil(command.data.until, command.today, MOST_WATCHED_DAYS);
        return wrong === undefined ? ok([{ type: 'detection.child-watched.v1', data: command.data }]) : fail(wrong);
      }
      case 'endSuppression': {
        const { suppression, by } = command;
        return state === 'suppressed'
          ? ok([{ type: 'detection.suppression-ended.v1', data: { suppression, by } }])
          : AS_BEFORE;
      }
      case 'endWatch': {
        const { watch, by } = command;
        return state === 'watched' ? ok([{ type: 'detection.child-watch-ended.v1', data: { watch, by } }]) : AS_BEFORE;
      }
    }
  },
} satisfies Decider<NoteCommand, NoteState, DetectionChange, DetectionChange, Reason>;

function invalidUntil(until: PlainDate, today: PlainDate, most: number): Reason | undefined {
  if (parsePlainDate(until) === undefined) return { code: 'DATE_INVALID', pointer: '/until' };
  if (until < today) return { code: 'DATE_PAST', pointer: '/until' };
  return until > daysAfter(today, most) ? { code: 'DATE_TOO_FAR', pointer: '/until' } : undefined;
}
