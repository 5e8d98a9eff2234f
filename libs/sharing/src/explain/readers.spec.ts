import { describe, expect, it } from '@jest/globals';
import type { ChildId, FactId, Instant, OrganisationId, PlainDate } from '#kernel';
import { decide } from '../decide/index.ts';
import type { Protection } from '../model.ts';
import { emptyProtection, evolveProtection, type ProtectionChange } from '../protection/index.ts';
import { emptyRegistry, evolveRegistry, type RegistryChange } from '../registry/index.ts';
import { readersOf } from './readers.ts';

const [SCHOOL, CARE, TRUST, FAMILY] = ['oakfield', 'care', 'trust', 'family'] as OrganisationId[] as [
  OrganisationId,
  OrganisationId,
  OrganisationId,
  OrganisationId,
];
const AT = '2026-11-24T09:30:00.000Z' as Instant;
const DAY = '2026-01-01' as PlainDate;

const registry = (
  [
    ...[SCHOOL, CARE, TRUST, FAMILY].map((organisation) => ({
      type: 'organisation.registered.v1' as const,
      data: {
        organisation,
        name: `The ${organisation}`,
        sector: organisation === CARE ? ('social-care' as const) : ('education' as const),
        codes: {},
        keys: [],
        profile: {},
      },
    })),
    {
      type: 'agreement.in-force.v1',
      data: {
        agreement: 'hearing',
        version: 3,
        title: 'Hearing in class',
        source: TRUST,
        recipient: SCHOOL,
        categories: ['health.screening', 'health.therapy'],
        purposes: ['sen-support', 'early-help'],
        roles: ['senco', 'class-teacher'],
        from: DAY,
        until: null,
      },
    },
  ] satisfies RegistryChange[]
).reduce<ReturnType<typeof emptyRegistry>>(evolveRegistry, emptyRegistry());

const child = (...changes: readonly ProtectionChange[]): Protection =>
  changes.reduce(evolveProtection, emptyProtection('c' as ChildId));
const start = (organisation: OrganisationId, more: object = {}): ProtectionChange => ({
  type: 'relationship.started.v1',
  data: {
    fact: `s-${organisation}` as FactId,
    organisation,
    kind: organisation === FAMILY ? 'family' : 'caseload',
    name: 'case',
    from: DAY,
    ...more,
  },
});
const ofOfficer = (...changes: readonly ProtectionChange[]) => readersOf(registry, [child(...changes)], AT, 'officer');
const ofFamily = (...changes: readonly ProtectionChange[]) => readersOf(registry, [child(...changes)], AT, 'family');

describe('who may read a child’s record', () => {
  it('nobody, where nobody works with the child', () => {
    expect(ofOfficer()).toEqual({ organisations: [], more: false });
  });

  it('an organisation that works with the child: its own facts and what was agreed, with roles, purposes and words', () => {
    const { organisations } = ofOfficer(start(SCHOOL));
    expect(organisations.map(({ name, because }) => [name, because])).toEqual([['The oakfield', ['caseload']]]);
    expect(organisations[0]?.may.filter(({ source }) => source === TRUST)).toEqual([
      {
        source: TRUST,
        categories: ['health.screening', 'health.therapy'],
        roles: ['senco', 'class-teacher'],
        purposes: ['sen-support', 'early-help'],
        shows: 'content',
        rule: 'agreement',
        agreement: { id: 'hearing', version: 3 },
        since: '2026-01-01',
        words: [
          'Special needs coordinators (SENCOs) and class teachers may see results of health checks, like hearing tests and therapy, like speech and language, told by The trust, to support the child’s learning and to help the family early.',
          'The agreement "Hearing in class", version 3, lets it be seen.',
        ],
      },
    ]);
  });

  it('what rests on a consent stands apart, and is gone when that is withdrawn', () => {
    const consent: ProtectionChange = {
      type: 'consent.given.v1',
      data: {
        consent: 'k',
        categories: ['health.therapy'],
        purposes: ['sen-support'],
        authority: 'parental-responsibility',
        until: null,
      },
    };
    const resting = (readers: ReturnType<typeof ofOfficer>) =>
      readers.organisations[0]?.may.filter(({ source, restsOn }) => source === TRUST && restsOn !== undefined) ?? [];
    expect(resting(ofOfficer(start(SCHOOL), consent))).toMatchObject([
      { categories: ['health.therapy'], purposes: ['sen-support'], restsOn: 'consent' },
    ]);
    const withdrawn: ProtectionChange = { type: 'consent.withdrawn.v1', data: { consent: 'k' } };
    expect(resting(ofOfficer(start(SCHOOL), consent, withdrawn))).toEqual([]);
  });

  it('whoever claims to work with the child, and whoever has emergency access, while it lasts', () => {
    const claim: ProtectionChange = {
      type: 'relationship.claimed.v1',
      data: {
        claim: 'k',
        organisation: SCHOOL,
        person: 'p',
        role: 'senco',
        reason: 'new-referral',
        from: DAY,
        until: '2026-11-24' as PlainDate,
      },
    };
    const grant: ProtectionChange = {
      type: 'break-glass.granted.v1',
      data: {
        grant: 'g',
        organisation: CARE,
        person: 'w',
        role: 'social-worker',
        purpose: 'safeguarding',
        reason: 'child-missing',
        from: '2026-11-24T09:30:00.000Z' as Instant,
        until: '2026-11-24T09:31:00.000Z' as Instant,
      },
    };
    const now = ofOfficer(claim, grant).organisations;
    expect(now.map(({ organisation, because }) => [organisation, because])).toEqual([
      [SCHOOL, ['self-claimed']],
      [CARE, ['emergency']],
    ]);
    expect(now[1]?.may.find(({ source }) => source === TRUST)?.words).toContain(
      'An emergency access to this child is in force.',
    );
    const later = readersOf(registry, [child(claim, grant)], '2026-11-25T09:30:00.000Z' as Instant, 'officer');
    expect(later.organisations).toEqual([]);
  });

  it('the family is not told of safeguarding, of restricted categories, or of what is shared without its consent', () => {
    const decided: ProtectionChange = {
      type: 'sharing.decided.v1',
      data: {
        decision: 'd',
        outcome: 'without-consent',
        source: TRUST,
        recipient: null,
        categories: ['health.therapy'],
        purposes: ['sen-support'],
        ground: 'risk-of-serious-harm',
        by: 'x',
        from: DAY,
        until: null,
      },
    };
    const world = [start(SCHOOL), start(CARE), start(FAMILY, { person: 'mother' }), decided] as const;
    const officer = JSON.stringify(ofOfficer(...world));
    const family = JSON.stringify(ofFamily(...world));
    for (const word of ['safeguarding', 'social.child-protection', 'youth-justice', '"restsOn":"decision"']) {
      expect([word, officer.includes(word)]).toEqual([word, true]);
      expect([word, family.includes(word)]).toEqual([word, false]);
    }
    expect(family).toContain('Hearing in class');
    // A team that works for the safety of the child only is not there for the family at all.
    const onlySafety: ProtectionChange = {
      type: 'relationship.claimed.v1',
      data: {
        claim: 'k',
        organisation: CARE,
        person: 'p',
        role: 'safeguarding-lead',
        reason: 'urgent-contact',
        from: DAY,
        until: '2026-12-31' as PlainDate,
      },
    };
    expect(ofOfficer(onlySafety).organisations).toHaveLength(1);
    expect(ofFamily(onlySafety).organisations).toEqual([]);
    // Nor is an allocation of social care, for whatever purposes: it is the social worker who tells of it.
    expect(ofOfficer(start(CARE)).organisations.map(({ since }) => since)).toEqual([DAY]);
    expect(ofFamily(start(CARE)).organisations).toEqual([]);
    // What is never listed is said, and the same to whoever asks.
    expect([ofFamily().notShown, ofOfficer().notShown]).toEqual([ofFamily(start(CARE)).notShown, undefined]);
    expect(ofFamily().notShown).toMatch(/every family/);
  });

  it('says nothing that the deciding function would not', () => {
    const protection = child(start(SCHOOL), start(CARE), start(TRUST, { team: 't' }));
    for (const { organisation, may } of readersOf(registry, [protection], AT, 'officer').organisations)
      for (const { source, categories, roles, purposes, restsOn, shows } of may)
        for (const category of categories) {
          const [role, purpose] = [roles[0], purposes[0]];
          if (role === undefined || purpose === undefined) throw new Error('a line of nobody');
          const reader = { sub: 'anybody', organisation, role, team: 't', acr: '', client: '' };
          const question = { reader, purpose, at: AT, registry, protections: [protection] };
          const slice = { organisation: source, category, reliesOnConsent: restsOn !== undefined };
          const decisions = roles.flatMap((each) =>
            purposes.map((why) => decide({ ...question, reader: { ...reader, role: each }, purpose: why }, slice)),
          );
          expect(decisions).toContainEqual(expect.objectContaining({ effect: 'permit', mode: shows }));
        }
  });

  it('does not grow without end, and says when it is not the whole', () => {
    const many = Array.from({ length: 150 }, (_, n) =>
      start(SCHOOL, { fact: `s${String(n)}`, person: `person-${String(n)}` }),
    );
    const { organisations, more } = ofOfficer(...many);
    expect([organisations.length, more]).toEqual([1, true]);
    expect(ofOfficer(...Array.from({ length: 150 }, (_, n) => start(SCHOOL, { fact: `s${String(n)}` }))).more).toBe(
      false,
    );
  });
});
