import { describe, expect, it } from '@jest/globals';
import { CATEGORIES } from '#contracts';
import type { OrganisationId, PlainDate } from '#kernel';
import { RETENTION_SCHEDULE } from '#statutory';
import { retentionOf } from './due.ts';

const day = (text: string) => text as PlainDate;
const school = 'oakfield-primary' as OrganisationId;
const person = { birthDate: day('2001-05-17'), lastContact: day('2019-07-20') };

describe('the retention schedule', () => {
  it('has a rule for every category of fact and for nothing else', () => {
    expect(RETENTION_SCHEDULE.map(({ category }) => category).toSorted()).toEqual(Object.keys(CATEGORIES).toSorted());
  });
});

describe('a record', () => {
  const categories = ['ehc.plan', 'education.enrolment'];

  it('is due once every category of it is over, each with its reason', () => {
    const last = retentionOf({ organisation: school, categories }, person, day('2025-07-20'));
    expect(last.due).toBe(false);
    const after = retentionOf({ organisation: school, categories }, person, day('2025-07-21'));
    expect(after).toMatchObject({
      due: true,
      categories: [{ category: 'education.enrolment' }, { until: '2025-07-20' }],
    });
  });

  it('is not due while one category is kept longer, or nobody can say how long', () => {
    const kept = retentionOf(
      { organisation: school, categories: [...categories, 'identity.adoption'] },
      person,
      day('2099-01-01'),
    );
    expect(kept).toMatchObject({ due: false, categories: [{}, {}, { unknown: 'adoption-order-not-known' }] });
    expect(retentionOf({ organisation: school, categories }, {}, day('2099-01-01')).due).toBe(false);
    expect(retentionOf({ organisation: school, categories: [] }, person, day('2099-01-01')).due).toBe(false);
  });
});
