import { describe, expect, it } from '@jest/globals';
import type { ChildId, OrganisationId, PlainDate } from '#kernel';
import type { AuthorityRecorded, CompetenceAssessed, ConsentGiven } from '#contracts';
import { restrictionsOnly } from '../publish/moves.ts';
import { consentState, emptyProtection, evolveProtection, standingOf, type ProtectionChange } from './index.ts';

const day = (text: string) => text as PlainDate;
const TODAY = day('2026-11-24');
const care = 'childrens-social-care' as OrganisationId;
const trust = 'trust' as OrganisationId;
const given = (...changes: readonly ProtectionChange[]) =>
  changes.reduce(evolveProtection, emptyProtection('c' as ChildId));
const state = (...changes: readonly ProtectionChange[]) =>
  consentState('voice', 'sen-support', TODAY, [given(...changes)]);

type Authority = ConsentGiven['authority'];
const scope = { categories: ['voice'], purposes: ['sen-support'] } as const;
/** Who speaks: name of the person, and as what. */
const SPEAKERS: Readonly<
  Record<string, { readonly by: string; readonly authority: Authority; readonly organisation?: OrganisationId }>
> = {
  mother: { by: 'mother', authority: 'parental-responsibility' },
  father: { by: 'father', authority: 'parental-responsibility' },
  'young person': { by: 'maya', authority: 'young-person-16' },
  child: { by: 'maya', authority: 'gillick-competent-child' },
  authority: { by: 'worker', authority: 'parental-responsibility', organisation: care },
  court: { by: 'worker', authority: 'court-order', organisation: care },
};
const speaker = (who: string) => SPEAKERS[who] ?? { by: who, authority: 'parental-responsibility' as const };
const gives = (who: string, until: string | null = null): ProtectionChange => ({
  type: 'consent.given.v1',
  data: { consent: `${who} gives`, ...scope, ...speaker(who), until: until as PlainDate | null },
});
const refuses = (who: string): ProtectionChange => ({
  type: 'consent.refused.v1',
  data: { consent: `${who} refuses`, ...scope, ...speaker(who) },
});
const withdraws = (who: string, what: 'gives' | 'refuses' = 'gives'): ProtectionChange => ({
  type: 'consent.withdrawn.v1',
  data: { consent: `${who} ${what}`, by: speaker(who).by },
});
const holds = (who: string, change: Partial<AuthorityRecorded> = {}): ProtectionChange => ({
  type: 'authority.recorded.v1',
  data: {
    authority: `${who} holds`,
    kind: 'parental-responsibility',
    evidence: 'birth-registration',
    organisation: trust,
    person: who,
    by: 'worker',
    from: day('2020-01-01'),
    until: null,
    ...change,
  },
});
const ends = (who: string, endedOn = '2026-11-24'): ProtectionChange => ({
  type: 'authority.ended.v1',
  data: { authority: `${who} holds`, endedOn: day(endedOn), because: 'ended' },
});
const assessed = (change: Partial<CompetenceAssessed> = {}, short = false): ProtectionChange => ({
  type: 'competence.assessed.v1',
  data: {
    assessment: 'a1',
    test: 'gillick',
    person: 'maya',
    ...scope,
    criteria: { understands: true, retains: true, weighs: !short, communicates: true, voluntary: true },
    organisation: trust,
    role: 'paediatrician',
    by: 'doctor',
    on: day('2026-11-01'),
    until: day('2027-10-31'),
    ...change,
  },
});
const lacking = assessed({ assessment: 'm1', test: 'mental-capacity' }, true);

/** The table of decision 14. */
describe('whose word holds, for one category and purpose', () => {
  it.each<[string, string, readonly ProtectionChange[]]>([
    ['nobody spoke', 'not-given', []],
    ['one parent gives', 'given', [gives('mother')]],
    ['one parent refuses', 'refused', [refuses('mother')]],
    ['both parents give', 'given', [gives('mother'), gives('father')]],
    ['both parents refuse', 'refused', [refuses('mother'), refuses('father')]],
    ['parents disagree', 'conflicting', [gives('mother'), refuses('father')]],
    ['one parent gave and refused', 'refused', [gives('mother'), refuses('mother')]],
    [
      'the one who refused takes it back',
      'given',
      [gives('mother'), refuses('father'), withdraws('father', 'refuses')],
    ],
    ['the one who gave takes it back', 'refused', [gives('mother'), refuses('father'), withdraws('mother')]],
    ['a parent gave for a time that is over', 'expired', [gives('mother', '2026-11-23')]],
    ['a parent withdrew', 'withdrawn', [gives('mother'), withdraws('mother')]],
    ['the young person gives, a parent refuses', 'given', [gives('young person'), refuses('mother')]],
    [
      'the young person refuses, the parents give',
      'refused',
      [refuses('young person'), gives('mother'), gives('father')],
    ],
    [
      'the young person withdrew, a parent gives',
      'withdrawn',
      [gives('young person'), withdraws('young person'), gives('mother')],
    ],
    [
      'the young person gave for a time that is over, a parent gives',
      'expired',
      [gives('young person', '2026-11-23'), gives('mother')],
    ],
    [
      'the young person took a refusal back, a parent gives',
      'given',
      [refuses('young person'), withdraws('young person', 'refuses'), gives('mother')],
    ],
    ['the young person lacks capacity for this, nobody else spoke', 'not-given', [gives('young person'), lacking]],
    [
      'the young person lacks capacity for this, a deputy gives',
      'given',
      [
        gives('young person'),
        lacking,
        holds('deputy', { kind: 'deputy-or-attorney', evidence: 'deputy-appointed' }),
        gives('deputy'),
      ],
    ],
    [
      'the young person who lacks capacity refuses, a deputy gives',
      'refused',
      [refuses('young person'), lacking, gives('deputy')],
    ],
    ['a child nobody assessed gives', 'not-given', [gives('child')]],
    ['a child found competent gives, the parents refuse', 'given', [gives('child'), assessed(), refuses('mother')]],
    [
      'a child found competent for something else gives',
      'not-given',
      [gives('child'), assessed({ purposes: ['transition'] })],
    ],
    [
      'a child found not competent gives, a parent gives',
      'given',
      [gives('child'), assessed({}, true), gives('mother')],
    ],
    ['a child nobody assessed refuses, a parent gives', 'refused', [refuses('child'), gives('mother')]],
    ['the competence of the child ran out', 'not-given', [gives('child'), assessed({ until: day('2026-11-23') })]],
    [
      'a later assessment found less',
      'not-given',
      [gives('child'), assessed(), assessed({ assessment: 'a2', on: day('2026-11-20') }, true)],
    ],
    ['a court refuses, everybody gives', 'refused', [refuses('court'), gives('young person'), gives('mother')]],
    [
      'a court lets it be shared, everybody refuses',
      'given',
      [gives('court'), refuses('young person'), refuses('mother')],
    ],
    ['a court refuses and lets', 'refused', [gives('court'), refuses('court')]],
    ['an order to share ran out, a parent refuses', 'refused', [gives('court', '2026-11-23'), refuses('mother')]],
    ['a local authority gives without a care order', 'expired', [gives('authority')]],
    [
      'a local authority gives under a care order',
      'given',
      [gives('authority'), holds('la', { kind: 'care-order', evidence: 'care-order', person: null, holder: care })],
    ],
    [
      'a local authority gives under a care order, a parent refuses',
      'conflicting',
      [
        gives('authority'),
        holds('la', { kind: 'care-order', evidence: 'care-order', person: null, holder: care }),
        refuses('mother'),
      ],
    ],
    ['the authority of the parent who gave ended', 'expired', [holds('mother'), gives('mother'), ends('mother')]],
    [
      'the authority of the parent who refused ended, the other gives',
      'conflicting',
      [holds('father'), refuses('father'), ends('father'), gives('mother')],
    ],
    [
      'one of two authorities of a parent ended',
      'given',
      [holds('mother'), ends('mother'), holds('mother', { authority: 'again' }), gives('mother')],
    ],
    [
      'the authority of a parent is for a time that is over',
      'expired',
      [holds('mother', { until: day('2026-11-23') }), gives('mother')],
    ],
  ])('%s: %s', (_what, expected, said) => {
    expect(state(...said).state).toBe(expected);
  });
});

describe('what a consent rests on', () => {
  const standing = (who: string, ...changes: readonly ProtectionChange[]) =>
    standingOf(speaker(who), 'voice', 'sen-support', TODAY, [given(...changes)]);

  it('is the giver’s own word, until an organisation records evidence, until that ends', () => {
    expect(standing('mother')).toBe('claimed');
    expect(standing('mother', holds('mother'))).toBe('recorded');
    expect(standing('mother', holds('father'))).toBe('claimed');
    expect(standing('mother', holds('mother'), ends('mother'))).toBe('none');
    expect(standing('mother', holds('mother'), ends('mother', '2026-11-25'))).toBe('recorded');
    expect(standing('mother', holds('mother', { from: day('2026-12-01') }))).toBe('claimed');
  });

  it('is the law’s presumption from 16, until capacity was found lacking for this decision, for as long as that may be relied on', () => {
    expect(standing('young person')).toBe('presumed');
    expect(standing('young person', lacking)).toBe('none');
    expect(standing('young person', assessed({ test: 'mental-capacity' }))).toBe('recorded');
    expect(standing('young person', assessed({ test: 'mental-capacity', until: day('2026-11-23') }, true))).toBe(
      'presumed',
    );
    expect(standing('young person', assessed({ test: 'mental-capacity', person: 'other' }, true))).toBe('presumed');
  });

  it('is an authority that its source knows without a sign-in only through what ties it to a person, and only while that holds', () => {
    const role = (until: string | null = null) =>
      holds('role', { person: null, evidence: 'nhs-validated-role', until: until as PlainDate | null });
    const tie = holds('mother', { ties: 'role holds' });
    expect(standing('mother', role())).toBe('claimed');
    expect(standing('mother', role(), tie)).toBe('recorded');
    expect(standing('mother', tie, role())).toBe('recorded');
    expect(standing('mother', tie, role('2026-11-23'))).toBe('none');
    expect(standing('mother', tie)).toBe('none');
  });

  it('is said with the consent that is cited: evidence before a word, whichever came first', () => {
    const expected = { state: 'given', authority: 'recorded', consent: { by: 'mother' } };
    expect(state(gives('father'), gives('mother'), holds('mother'))).toMatchObject(expected);
    expect(state(holds('mother'), gives('mother'), gives('father'))).toMatchObject(expected);
    expect(state(gives('father'))).toMatchObject({ authority: 'claimed' });
  });
});

describe('what was said of a child that a record belonged to before', () => {
  const before = (...changes: readonly ProtectionChange[]) => restrictionsOnly(given(...changes));
  const both = (earlier: ReturnType<typeof given>, ...now: readonly ProtectionChange[]) =>
    consentState('voice', 'sen-support', TODAY, [given(...now), earlier]).state;

  it('lets nobody in, and nobody who lost an authority there speaks on their own word here', () => {
    expect(both(before(gives('mother'), holds('mother')))).toBe('not-given');
    expect(both(before(holds('mother')), gives('mother'))).toBe('given');
    expect(both(before(holds('mother'), ends('mother')), gives('mother'))).toBe('expired');
    expect(both(before(holds('mother', { until: day('2026-11-01') })), gives('mother'))).toBe('expired');
    expect(both(before(holds('mother'), ends('mother')), gives('mother'), holds('mother'))).toBe('given');
  });

  it('keeps what was found lacking, not what was found', () => {
    expect(both(before(assessed()), gives('child'))).toBe('not-given');
    expect(both(before(lacking), gives('young person'))).toBe('not-given');
  });
});
