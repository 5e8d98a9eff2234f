import type { PlainDate } from '#kernel';
import { addYears, ageOn } from '../days.ts';
import type { PersonFacts, RetentionEnd, RetentionPeriod, RetentionRule, RetentionStart } from './rule.ts';

type Schedule = readonly RetentionRule[];

/** How long the organisation that told keeps facts of a category: the longest period that applies. */
export function sourceRetentionEnd(schedule: Schedule, category: string, person: PersonFacts): RetentionEnd {
  const rule = schedule.find((each) => each.category === category);
  return rule === undefined
    ? { end: 'unknown', why: 'category-without-rule' }
    : longest(applicable(rule.source, person), person);
}

/**
 * How long the hub keeps its copy: its own period, or the source's where that ends earlier. What is not known is kept and said to be so, never
 * taken to be over.
 */
export function retentionEnd(schedule: Schedule, category: string, person: PersonFacts): RetentionEnd {
  const rule = schedule.find((each) => each.category === category);
  if (rule === undefined) return { end: 'unknown', why: 'category-without-rule' };
  const hub = endOf(rule.hub, person);
  const source = sourceRetentionEnd(schedule, category, person);
  if (hub.end === 'unknown' || source.end === 'unknown') return source.end === 'unknown' ? source : hub;
  return hub.end <= source.end ? hub : source;
}

/** True from the day after the last day of keeping; never where that is not known. */
export function isOver({ end }: RetentionEnd, on: PlainDate): boolean {
  return end !== 'unknown' && end < on;
}

/** Those whose circumstance holds. A period for the dead stands in the place of those for the living: reg. 50 says 75 years or, then, 15. */
function applicable(periods: readonly RetentionPeriod[], person: PersonFacts): readonly RetentionPeriod[] {
  const holding = periods.filter(applies(person));
  const forTheDead = holding.filter(({ when }) => when === 'died' || when === 'died-before-18');
  return forTheDead.length > 0 ? forTheDead : holding;
}

function longest(periods: readonly RetentionPeriod[], person: PersonFacts): RetentionEnd {
  let last: RetentionEnd = { end: 'unknown', why: 'category-without-rule' };
  for (const period of periods) {
    const end = endOf(period, person);
    // One period that can't be counted might be the longest.
    if (end.end === 'unknown') return end;
    if (last.end === 'unknown' || end.end > last.end) last = end;
  }
  return last;
}

function endOf(period: RetentionPeriod, person: PersonFacts): RetentionEnd {
  const start = startOf(period.from, person);
  if (start === undefined) return { end: 'unknown', why: `${period.from}-not-known` };
  return { end: addYears(start, period.years), period };
}

function startOf(from: RetentionStart, person: PersonFacts): PlainDate | undefined {
  switch (from) {
    case 'birth':
      return person.birthDate;
    case 'last-contact':
      return person.lastContact;
    case 'closure':
      return person.closure;
    case 'death':
      return person.death ?? undefined;
    case 'adoption-order':
      return person.adoptionOrder ?? undefined;
  }
}

/** A circumstance that nobody knows of applies not: periods for the living are the longer ones, and stay. */
function applies({ birthDate, death, lastContact, lookedAfter, adoptionOrder }: PersonFacts) {
  return ({ when }: RetentionPeriod): boolean => {
    if (when === undefined) return true;
    switch (when) {
      case 'died':
        return typeof death === 'string';
      case 'died-before-18':
        return typeof death === 'string' && birthDate !== undefined && ageOn(birthDate, death) < 18;
      case 'last-seen-at-17':
        return birthDate !== undefined && lastContact !== undefined && ageOn(birthDate, lastContact) === 17;
      case 'looked-after':
        return lookedAfter === true;
      case 'adopted':
        return typeof adoptionOrder === 'string';
    }
  };
}
