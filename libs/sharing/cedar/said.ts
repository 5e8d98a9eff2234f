import type { PlainDate } from '#kernel';
import {
  COMPETENCE_CRITERIA,
  type AuthorityRecorded,
  type Category,
  type CompetenceAssessed,
  type ConsentGiven,
  type ConsentRefused,
  type Purpose,
} from '#contracts';
import type { Protection } from '#sharing';

/** What each voice said of one category and purpose, as the published rules ask for it (`Said` of the schema). */
export interface Said {
  readonly courtRefuses: boolean;
  readonly courtGives: boolean;
  readonly ownRefuses: boolean;
  readonly ownGives: boolean;
  /** They withdrew what they gave, or gave it for a time that is over. */
  readonly ownTookBack: boolean;
  /** Who among those who decide for the child; a nameless one is one person. */
  readonly carersGiving: readonly string[];
  readonly carersRefusing: readonly string[];
}

/**
 * Sorts what was said by voice, and leaves out the consents that don't count that day (second table of decision 14). Written apart from
 * the fold's `consentState`: which voice holds over which is for the published rules to say, and a fault in either shows.
 */
export function saidOf(category: Category, purpose: Purpose, day: PlainDate, streams: readonly Protection[]): Said {
  const about = (each: Pick<ConsentGiven, 'categories' | 'purposes'>) =>
    each.categories.includes(category) && each.purposes.includes(purpose);
  const consents = streams.flatMap((each) => [...each.consents.values()]).filter(about);
  const refusals = streams.flatMap((each) => [...each.refusals.values()]).filter(about);
  const tookBack = streams
    .flatMap((each) => [...each.withdrawn.values()])
    .filter((each) => about(each) && each.was === 'given' && isOwn(each.authority));
  const assessments = streams.flatMap((each) => [...each.assessments.values()]).filter(about);
  const inTime = ({ until }: ConsentGiven) => until === null || day <= until;
  const giving = consents.filter((each) => inTime(each) && counts(each, day, assessments, streams));
  return {
    courtRefuses: refusals.some(isCourts),
    courtGives: giving.some(isCourts),
    ownRefuses: refusals.some(({ authority }) => isOwn(authority)),
    ownGives: giving.some(({ authority }) => isOwn(authority)),
    ownTookBack: tookBack.length > 0 || consents.some((each) => isOwn(each.authority) && !inTime(each)),
    carersGiving: carers(giving),
    carersRefusing: carers(refusals),
  };
}

type Word = Pick<ConsentRefused, 'authority' | 'by' | 'organisation'>;

const isCourts = ({ authority }: Word) => authority === 'court-order';
const isOwn = (authority: Word['authority'] | undefined) =>
  authority === 'gillick-competent-child' || authority === 'young-person-16';

function carers(words: readonly Word[]): readonly string[] {
  const theirs = words.filter(({ authority }) => authority === 'parental-responsibility');
  return [...new Set(theirs.map(({ by = '', organisation }) => (organisation ? `of ${organisation}` : `by ${by}`)))];
}

function counts(
  word: Word,
  day: PlainDate,
  assessments: readonly CompetenceAssessed[],
  streams: readonly Protection[],
): boolean {
  const newest = (test: CompetenceAssessed['test']) => {
    const done = assessments.filter((each) => each.test === test && each.person === word.by && each.on <= day);
    return done.filter(({ on }) => done.every((other) => other.on <= on));
  };
  switch (word.authority) {
    case 'court-order':
      return true;
    case 'gillick-competent-child': {
      const found = newest('gillick');
      return found.length > 0 && found.every((each) => each.until >= day && isAble(each));
    }
    case 'young-person-16':
      return !newest('mental-capacity').some((each) => each.until >= day && !isAble(each));
    case 'parental-responsibility':
      return word.organisation === undefined ? carerCounts(word, day, streams) : holdsCareOrder(word, day, streams);
  }
}

function isAble({ criteria }: CompetenceAssessed): boolean {
  return !COMPETENCE_CRITERIA.some((each) => !criteria[each]);
}

/** On their own word, unless evidence was recorded once and none of it holds any more. */
function carerCounts({ by }: Word, day: PlainDate, streams: readonly Protection[]): boolean {
  if (by === undefined) return true;
  const theirs = recordedIn(streams).filter(({ recorded }) => recorded.person === by);
  const times = theirs.map((each) => timeOf(each, day, streams));
  const ended = streams
    .flatMap(({ authorityEnds }) => [...authorityEnds.values()])
    .some(({ recorded, endedOn }) => recorded.person === by && endedOn <= day);
  return times.includes('now') || !(ended || times.includes('past'));
}

function holdsCareOrder({ organisation }: Word, day: PlainDate, streams: readonly Protection[]): boolean {
  return recordedIn(streams)
    .filter(({ recorded }) => recorded.kind === 'care-order' && recorded.holder === organisation)
    .some((each) => timeOf(each, day, streams) === 'now');
}

interface Recorded {
  readonly recorded: AuthorityRecorded;
  readonly endedOn: PlainDate | undefined;
}

function recordedIn(streams: readonly Protection[]): readonly Recorded[] {
  return streams.flatMap(({ authorities, authorityEnds }) =>
    [...authorities].map(([id, recorded]) => ({ recorded, endedOn: authorityEnds.get(id)?.endedOn })),
  );
}

/** One that ties a record without a sign-in to a person lasts no longer than that record, which must be no tie itself. */
function timeOf(
  { recorded, endedOn }: Recorded,
  day: PlainDate,
  streams: readonly Protection[],
): 'past' | 'now' | 'future' {
  const { from, until, ties } = recorded;
  if ((endedOn !== undefined && endedOn <= day) || (until !== null && until < day)) return 'past';
  if (from > day) return 'future';
  if (ties === undefined) return 'now';
  const tied = recordedIn(streams).find((each) => each.recorded.authority === ties);
  return tied === undefined || tied.recorded.ties !== undefined ? 'past' : timeOf(tied, day, streams);
}
