import { describe, expect, it } from '@jest/globals';
import type { ChildId, FactId, Instant, PlainDate } from '#kernel';
import type { AgreementContent } from '#contracts';
import type { Question } from '../model.ts';
import { emptyProtection, evolveProtection } from '../protection/index.ts';
import { agreed, CONTENT, PARTIES, SCHOOL, TRUST } from '../registry/agreement.spec-help.ts';
import { emptyRegistry, evolveRegistry, type RegistryChange } from '../registry/index.ts';
import { differenceBetween, withDraft } from './index.ts';

const registry = (...changes: readonly RegistryChange[]) =>
  [...PARTIES, ...changes].reduce(evolveRegistry, emptyRegistry());
const question: Omit<Question, 'registry'> = {
  reader: { sub: 'p', organisation: SCHOOL, role: 'senco', acr: '1', client: 'c' },
  purpose: 'sen-support',
  at: '2026-11-24T09:00:00.000Z' as Instant,
  protections: [
    evolveProtection(emptyProtection('child' as ChildId), {
      type: 'relationship.started.v1',
      data: {
        fact: 'f' as FactId,
        organisation: SCHOOL,
        kind: 'on-roll',
        name: 'setting:1',
        from: '2022-09-01' as PlainDate,
      },
    }),
  ],
};
const version = (number: number, change: Partial<AgreementContent>): AgreementContent => ({
  ...CONTENT,
  version: number,
  ...change,
});
const slice = (category: string, mode = 'content') => ({ organisation: TRUST, category, reliesOnConsent: false, mode });

describe('a draft tried on a question', () => {
  it('newly lets see what it adds, no longer what it leaves out, and is not in force by that', () => {
    const now = registry(...agreed());
    const draft = version(2, { categories: ['health.therapy', 'health.waiting'] });
    const then = withDraft(now, draft);
    expect(differenceBetween(question, now, then)).toEqual({
      before: 'permit',
      after: 'permit',
      newly: [slice('health.waiting')],
      noLonger: [slice('health.screening')],
    });
    expect(now.agreements.get(CONTENT.agreement)?.version).toBe(1);
    expect(differenceBetween(question, then, now)).toMatchObject({
      newly: [slice('health.screening')],
      noLonger: [slice('health.waiting')],
    });
  });

  it('tells reading from knowing of, and less of a fact from all of it', () => {
    const now = registry(...agreed());
    const { terms } = CONTENT;
    const known = version(2, {
      categories: ['health.screening'],
      terms: { ...terms, existenceOnly: ['health.therapy'] },
    });
    expect(differenceBetween(question, now, withDraft(now, known))).toMatchObject({
      newly: [slice('health.therapy', 'existence')],
      noLonger: expect.arrayContaining([slice('health.therapy'), slice('health.mental', 'existence')]),
    });
    const whole = version(2, { terms: { ...terms, minimum: {} } });
    expect(differenceBetween(question, now, withDraft(now, whole))?.newly).toContainEqual(slice('health.screening'));
    const told = version(2, { terms: { ...terms, obligations: [] } });
    expect(differenceBetween(question, now, withDraft(now, told))).toBeUndefined();
  });

  it('changes nothing where the same is seen by another version, or by nobody who asks', () => {
    const now = registry(...agreed());
    expect(differenceBetween(question, now, withDraft(now, version(2, { title: 'Other words' })))).toBeUndefined();
    const forOthers = version(2, { roles: ['senco', 'class-teacher'] });
    expect(differenceBetween(question, now, withDraft(now, forOthers))).toBeUndefined();
    const stranger = { ...question, protections: [emptyProtection('child' as ChildId)] };
    const more = version(2, { categories: ['health.waiting'] });
    expect(differenceBetween(stranger, now, withDraft(now, more))).toBeUndefined();
  });

  it('changes nothing while a party suspends the agreement', () => {
    const suspended: RegistryChange = {
      type: 'agreement.suspended.v1',
      data: { agreement: CONTENT.agreement, version: 1, party: TRUST, reason: 'incident' },
    };
    const now = registry(...agreed(), suspended);
    const draft = version(2, { categories: ['health.waiting'] });
    expect(differenceBetween(question, now, withDraft(now, draft))).toBeUndefined();
  });
});
