import type { PlainDate } from '#kernel';
import {
  COMPETENCE_CRITERIA,
  type AuthorityRecorded,
  type Category,
  type CompetenceAssessed,
  type ConsentGiven,
  type Purpose,
} from '#contracts';
import type { Protection } from '../model.ts';

/**
 * What the word of somebody rests on, for one category and purpose on one day (decision 14): evidence an organisation saw; a family
 * member's own word, which nothing contradicts; the law's presumption from 16; or nothing (any more).
 */
export type AuthorityStanding = 'recorded' | 'claimed' | 'presumed' | 'none';

/** Whose word a directive is. */
export type Speaker = Pick<ConsentGiven, 'authority' | 'by' | 'organisation'>;

/** What a consent rests on. Whoever once had a recorded authority and has none on that day can't fall back on their own word. */
export function standingOf(
  speaker: Speaker,
  category: Category,
  purpose: Purpose,
  day: PlainDate,
  protections: readonly Protection[],
): AuthorityStanding {
  const { authority, by, organisation } = speaker;
  switch (authority) {
    case 'court-order':
      return 'recorded';
    case 'gillick-competent-child': {
      const latest = latestAssessment('gillick', by, category, purpose, day, protections);
      return latest !== undefined && latest.until >= day && isCompetent(latest) ? 'recorded' : 'none';
    }
    case 'young-person-16': {
      const latest = latestAssessment('mental-capacity', by, category, purpose, day, protections);
      if (latest === undefined || latest.until < day) return 'presumed';
      return isCompetent(latest) ? 'recorded' : 'none';
    }
    case 'parental-responsibility':
      return carerStanding(
        organisation === undefined
          ? (each) => by !== undefined && each.person === by
          : (each) => each.kind === 'care-order' && each.holder === organisation,
        organisation === undefined ? 'claimed' : 'none',
        day,
        protections,
      );
  }
}

/** True where all criteria are met. */
export function isCompetent({ criteria }: Pick<CompetenceAssessed, 'criteria'>): boolean {
  return COMPETENCE_CRITERIA.every((criterion) => criteria[criterion]);
}

/** How an authority stands on a day, in the protection that holds it. */
export function authorityState(
  recorded: AuthorityRecorded,
  day: PlainDate,
  protections: readonly Protection[],
): 'in-force' | 'not-yet' | 'over' {
  // An end is of the authority on its own child's stream; the same fact may have stood on another's before.
  const holder = protections.find(({ authorities }) => authorities.get(recorded.authority) === recorded);
  const end = holder?.authorityEnds.get(recorded.authority);
  if (end !== undefined && end.endedOn <= day) return 'over';
  if (recorded.until !== null && recorded.until < day) return 'over';
  if (recorded.from > day) return 'not-yet';
  if (recorded.ties === undefined) return 'in-force';
  const tied = protections
    .map(({ authorities }) => authorities.get(recorded.ties ?? ''))
    .find((each) => each !== undefined);
  // A tie to a tie would be a chain somebody else could lengthen.
  return tied !== undefined && tied.ties === undefined ? authorityState(tied, day, protections) : 'over';
}

function carerStanding(
  isTheirs: (recorded: AuthorityRecorded) => boolean,
  otherwise: 'claimed' | 'none',
  day: PlainDate,
  protections: readonly Protection[],
): AuthorityStanding {
  let over = false;
  for (const { authorities, authorityEnds } of protections) {
    for (const recorded of authorities.values()) {
      if (!isTheirs(recorded)) continue;
      const state = authorityState(recorded, day, protections);
      if (state === 'in-force') return 'recorded';
      over ||= state === 'over';
    }
    // Of a child that the record belonged to before, only the ends are left.
    for (const { recorded, endedOn } of authorityEnds.values()) over ||= isTheirs(recorded) && endedOn <= day;
  }
  return over ? 'none' : otherwise;
}

/** The latest assessment of a person that covers the decision; of two on one day the one that finds less. */
function latestAssessment(
  test: CompetenceAssessed['test'],
  person: string | undefined,
  category: Category,
  purpose: Purpose,
  day: PlainDate,
  protections: readonly Protection[],
): CompetenceAssessed | undefined {
  let latest: CompetenceAssessed | undefined;
  for (const { assessments } of protections) {
    for (const each of assessments.values()) {
      if (each.test !== test || each.person !== person || each.on > day) continue;
      if (!each.categories.includes(category) || !each.purposes.includes(purpose)) continue;
      if (latest === undefined || each.on > latest.on || (each.on === latest.on && findsLess(each, latest)))
        latest = each;
    }
  }
  return latest;
}

/** A total order over assessments of one day, so that they come out alike in every order of arrival. */
function findsLess(a: CompetenceAssessed, b: CompetenceAssessed): boolean {
  if (isCompetent(a) !== isCompetent(b)) return isCompetent(b);
  // Of two that found capacity lacking the longer restricts more, of two that found competence the shorter.
  if (a.until !== b.until) return isCompetent(a) === a.until < b.until;
  return a.assessment < b.assessment;
}
