import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { PlainDate } from '#kernel';
import { addDays } from '../days.ts';
import { isOver, retentionEnd, sourceRetentionEnd } from './retention.ts';
import type { PersonFacts } from './rule.ts';
import { RETENTION_SCHEDULE as SCHEDULE } from './schedule.ts';

const day = (text: string) => text as PlainDate;
const BORN = { birthDate: day('2010-05-17') };

describe('how long the organisation that told keeps', () => {
  it.each<[string, PersonFacts, string]>([
    ['health.contact', { ...BORN, lastContact: day('2020-01-10') }, '2035-05-17'],
    ['health.contact', { ...BORN, lastContact: day('2027-06-01') }, '2036-05-17'],
    ['health.contact', { ...BORN, lastContact: day('2028-06-01') }, '2035-05-17'],
    ['health.contact', { ...BORN, lastContact: day('2020-01-10'), death: day('2020-02-01') }, '2028-02-01'],
    ['health.mental', { ...BORN, lastContact: day('2026-01-10') }, '2046-01-10'],
    ['social.looked-after', BORN, '2085-05-17'],
    ['social.looked-after', { ...BORN, death: day('2026-03-01') }, '2041-03-01'],
    ['social.looked-after', { ...BORN, death: day('2030-03-01') }, '2085-05-17'],
    ['social.early-help', BORN, '2035-05-17'],
    ['social.early-help', { ...BORN, lookedAfter: true }, '2085-05-17'],
    ['ehc.plan', BORN, '2041-05-17'],
    ['education.attendance', { lastContact: day('2026-07-20') }, '2032-07-20'],
    ['identity.adoption', { ...BORN, adoptionOrder: day('2012-09-03') }, '2112-09-03'],
  ])('%s of %j until %s', (category, person, end) => {
    expect(sourceRetentionEnd(SCHEDULE, category, person)).toMatchObject({ end });
  });

  it.each<[string, PersonFacts, string]>([
    ['ehc.plan', {}, 'birth-not-known'],
    ['health.mental', BORN, 'last-contact-not-known'],
    ['identity.adoption', { ...BORN, adoptionOrder: null }, 'adoption-order-not-known'],
    ['nobody.knows', BORN, 'category-without-rule'],
  ])('nobody can say for %s of %j: %s', (category, person, why) => {
    expect(sourceRetentionEnd(SCHEDULE, category, person)).toEqual({ end: 'unknown', why });
  });
});

describe('how long the hub keeps its copy', () => {
  const LEFT = { ...BORN, lastContact: day('2020-07-20'), closure: day('2020-07-20') };

  it('is shorter than the source by default', () => {
    expect(retentionEnd(SCHEDULE, 'ehc.plan', LEFT)).toMatchObject({ end: '2026-07-20', period: { status: 'local' } });
    const late = { ...BORN, lastContact: day('2034-01-01') };
    expect(retentionEnd(SCHEDULE, 'health.contact', late)).toMatchObject({ end: '2035-05-17' });
  });

  it('is over from the day after the last, and never where the end is not known', () => {
    const end = retentionEnd(SCHEDULE, 'ehc.plan', LEFT);
    expect([isOver(end, day('2026-07-20')), isOver(end, day('2026-07-21'))]).toEqual([false, true]);
    expect(isOver(retentionEnd(SCHEDULE, 'ehc.plan', {}), day('2999-01-01'))).toBe(false);
  });

  it('never outlasts the source, and never ends earlier for a later contact', () => {
    const person = fc.record(
      {
        birthDate: fc.integer({ min: 0, max: 9000 }).map((days) => addDays(day('2000-01-01'), days)),
        lastContact: fc.integer({ min: 0, max: 9000 }).map((days) => addDays(day('2001-01-01'), days)),
        lookedAfter: fc.boolean(),
      },
      { requiredKeys: ['lookedAfter'] },
    );
    fc.assert(
      fc.property(fc.constantFrom(...SCHEDULE), person, fc.nat(3000), ({ category }, facts: PersonFacts, later) => {
        const [hub, source] = [retentionEnd(SCHEDULE, category, facts), sourceRetentionEnd(SCHEDULE, category, facts)];
        if (hub.end !== 'unknown') expect(source.end !== 'unknown' && hub.end <= source.end).toBe(true);
        if (facts.lastContact === undefined || hub.end === 'unknown') return;
        // A record last seen at 17 is kept a year longer, so only the hub's own period is compared.
        if (!('period' in hub) || hub.period.from !== 'last-contact') return;
        const after = retentionEnd(SCHEDULE, category, { ...facts, lastContact: addDays(facts.lastContact, later) });
        expect(after.end === 'unknown' || after.end >= hub.end).toBe(true);
      }),
    );
  });
});

describe('the schedule', () => {
  it('has one rule a category, each with a source in law or policy and an end', () => {
    const categories = SCHEDULE.map(({ category }) => category);
    expect(new Set(categories).size).toBe(categories.length);
    for (const { category, source, hub } of SCHEDULE) {
      expect([category, source.some(({ when }) => when === undefined)]).toEqual([category, true]);
      for (const period of [...source, hub]) {
        expect(period.source).toMatch(/\d{4}/);
        expect(period.years).toBeGreaterThan(0);
      }
    }
  });
});
