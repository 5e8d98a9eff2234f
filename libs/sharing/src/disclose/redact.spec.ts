import { describe, expect, it } from '@jest/globals';
import { factDefinition } from '#contracts';
import { WHOLE, type Shown } from './open-fact.ts';
import { existenceOf, redact } from './redact.ts';

function definition(type: string) {
  const found = factDefinition(type);
  if (found === undefined) throw new Error(type);
  return found;
}
const CONTACT = definition('health.professional-contact.v1');
const PLAN = definition('social-care.child-protection-plan-started.v1');
const asking = (shown: Partial<Shown>): Shown => ({ ...WHOLE, ...shown });
const contact = (shown: Partial<Shown>) =>
  redact(CONTACT, { type: CONTACT.type, data: CONTACT.example, correctionReason: 'A typing mistake.' }, asking(shown));

describe('what of a fact is left out', () => {
  it('nothing, where nothing is asked for', () => {
    expect(contact({})).toEqual({
      type: CONTACT.type,
      data: CONTACT.example,
      correctionReason: 'A typing mistake.',
      redacted: [],
    });
  });

  it('free text where the agreement asks for that, the reason of a correction included; it says which, never what', () => {
    const { data, correctionReason, redacted } = contact({ obligations: ['redact-free-text', 'tell-family'] });
    expect([data['summary'], correctionReason]).toEqual([undefined, undefined]);
    expect(redacted).toEqual([
      { pointer: '/summary', because: 'free-text' },
      { pointer: '/correctionReason', because: 'free-text' },
    ]);
    expect(JSON.stringify(redacted)).not.toContain('typing mistake');
    expect(Object.keys(data).toSorted()).toEqual(
      Object.keys(CONTACT.example)
        .filter((each) => each !== 'summary')
        .sort(),
    );
  });

  it('all but the least that is needed, for the types that are named and for no other', () => {
    const minimum = { [CONTACT.type]: ['contactOn'] };
    const [first = ''] = Object.keys(CONTACT.example);
    const least = contact({ minimum: { [CONTACT.type]: [first] } });
    expect(Object.keys(least.data)).toEqual([first]);
    expect(least.redacted.length).toBe(Object.keys(CONTACT.example).length);
    expect(new Set(least.redacted.map(({ because }) => because))).toEqual(new Set(['not-needed']));
    expect(redact(PLAN, { type: PLAN.type, data: PLAN.example }, asking({ minimum })).data).toEqual(PLAN.example);
  });

  it('is not asked of what an object inherits', () => {
    expect(redact(PLAN, { type: 'toString', data: PLAN.example }, asking({ minimum: {} })).redacted).toEqual([]);
  });
});

describe('of what is only known to exist', () => {
  const plan = (shown: Partial<Shown>) =>
    existenceOf(PLAN, { type: PLAN.type, data: PLAN.example }, asking({ mode: 'existence', ...shown }));

  it('what the fact declares as showable is shown, and nothing else', () => {
    expect(plan({})).toEqual({ leadProfessional: 'Allocated social worker' });
    expect(existenceOf(CONTACT, { type: CONTACT.type, data: CONTACT.example }, asking({ mode: 'existence' }))).toEqual(
      {},
    );
  });

  it('free text is left out where the agreement asks for that', () => {
    expect(plan({ obligations: ['redact-free-text'] })).toEqual({});
  });

  it('what the least names for reading takes nothing from what may be known', () => {
    expect(plan({ minimum: { [PLAN.type]: ['startDate'] } })).toEqual({ leadProfessional: 'Allocated social worker' });
  });
});
