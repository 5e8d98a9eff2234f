import type { DecisionId, OrganisationId } from '#kernel';
import type { Role } from '#contracts';
import type { Access } from './access.ts';
import { DETECTION_RULES, thresholdsOf, type DetectionRuleId } from './rules.data.ts';

/** What was usual on the thirty days before, from counters without names. */
export interface History {
  /** Children this person looked at, on each day on which they looked at any. */
  readonly own: readonly number[];
  /** Exports of this person on each day with accesses. */
  readonly ownExports: readonly number[];
  /** For each other person of the role: the mean of children on days with accesses. */
  readonly peers: readonly number[];
  /** Accesses of the role for each purpose. */
  readonly purposes: Readonly<Record<string, number>>;
}

/** What a rule reads: the newest access among those around it. Lists come in no particular order and hold the newest one. */
export interface Window {
  readonly access: Access;
  /** This person's accesses on the same day. */
  readonly day: readonly Access[];
  /** Accesses to the same child on the day before and since, by people whose work with it no fact confirms. */
  readonly aroundChild: readonly Access[];
  /** This person's accesses under emergency access on the days a rule counts, and of the team of the access. */
  readonly emergencies: readonly Access[];
  readonly teamEmergencies: readonly Access[];
  readonly history: History;
}

/** What a rule found, explained: every number it compared and the looks it rests on, no name. */
export interface Finding {
  readonly rule: DetectionRuleId;
  /** Keys of the accesses; null where it is about several people, or no one child. */
  readonly person: string | null;
  readonly child: string | null;
  /** Null where they are of several organisations. */
  readonly organisation: OrganisationId | null;
  readonly role: Role | null;
  readonly team: string | null;
  readonly sources: readonly OrganisationId[];
  readonly words: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly thresholds: Readonly<Record<string, number>>;
  readonly evidence: readonly DecisionId[];
}

/** A detection: pure, and the same for any order of the lists. */
export type Detection = (window: Window) => Finding | undefined;

/** More would be a list that nobody reads; the counts say how many there are. */
const MOST_EVIDENCE = 50;

/** The finding of a rule over the accesses it rests on, about what the rule says it is about. */
export function finding(
  rule: DetectionRuleId,
  access: Access,
  evidence: readonly Access[],
  counts: Readonly<Record<string, number>>,
  words: string,
): Finding {
  const { about } = DETECTION_RULES[rule];
  const sorted = evidence.toSorted((a, b) => compare(a.at, b.at) || compare(a.decision, b.decision));
  const one = about === 'person' || about === 'person-child';
  return {
    rule,
    person: one ? access.person : null,
    child: about === 'person-child' || about === 'child' ? access.child : null,
    organisation: about === 'child' ? null : access.organisation,
    role: one ? access.role : null,
    team: about === 'child' ? null : access.team,
    sources: [...new Set(evidence.flatMap(({ sources }) => sources))].sort(),
    words,
    counts,
    thresholds: thresholdsOf(rule),
    evidence: sorted.slice(-MOST_EVIDENCE).map(({ decision }) => decision),
  };
}

/** What a finding is about, as one text: the same on the same day is the same finding. */
export function scopeOf({ rule, person, child, organisation, team }: Finding): string {
  switch (DETECTION_RULES[rule].about) {
    case 'person':
      return `${rule} ${person ?? ''}`;
    case 'person-child':
      return `${rule} ${person ?? ''} ${child ?? ''}`;
    case 'child':
      return `${rule} ${child ?? ''}`;
    case 'team':
      return `${rule} ${organisation ?? ''} ${team ?? ''}`;
  }
}

/** How many different values there are, those that are null left out. */
export function distinct(accesses: readonly Access[], of: (access: Access) => string | null): number {
  return new Set(accesses.map(of).filter((value) => value !== null)).size;
}

/** True for what is about a child: to find, read or take away. */
export function isAboutChild({ kind }: Access): boolean {
  return kind !== 'other';
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
