import fc from 'fast-check';
import { endOfDay, startOfDay, type OrganisationId, type PlainDate } from '#kernel';
import {
  COMPETENCE_CRITERIA,
  OBLIGATIONS,
  ROLE_PURPOSES,
  type AuthorityRecorded,
  type Category,
  type CompetenceAssessed,
  type Purpose,
  type RelationshipKind,
  type Role,
  type SharingDecided,
} from '#contracts';
import type { Protection, Question, Slice } from '../src/model.ts';
import { emptyRegistry, evolveRegistry, type RegistryChange } from '../src/registry/index.ts';
import { protectionOf, type Speaker } from './child.spec-help.ts';

/** Few of everything, so that agreements, consents and relationships meet; half of each world is made to fit the question. */
export const ORGANISATIONS = ['school', 'trust', 'families'] as OrganisationId[];
const SAMPLE: Category[] = [
  'health.therapy',
  'health.therapy',
  'voice',
  'voice',
  'voice',
  'social.child-protection',
  'youth-justice',
  'health.sexual',
];
const ROLES = [
  'senco',
  'social-worker',
  'safeguarding-lead',
  'send-caseworker',
  'parent',
  'class-teacher',
] as const satisfies Role[];
export const DAYS = ['2026-03-28', '2026-03-29', '2026-03-30', '2026-10-25'] as PlainDate[];
const MOMENTS = DAYS.flatMap((each) => [startOfDay(each), endOfDay(each)]);
const OTHER_TERMS = {
  bases: { lawful: ['public-task'], condition: ['none'], schedule1: null, confidentiality: ['statute'] },
  retentionDays: null,
  reviewBy: '2027-01-01' as PlainDate,
} as const;
const PARENTS: readonly Speaker[] = ['p', 'q'].map((by) => ({ authority: 'parental-responsibility', by }));
const KINDS: RelationshipKind[] = ['on-roll', 'caseload', 'family'];

const organisation = fc.constantFrom(...ORGANISATIONS);
const category = fc.constantFrom(...SAMPLE);
const day = fc.constantFrom(...DAYS);
const until = fc.option(day, { nil: null, freq: 1 });
const purpose = fc.constantFrom<Purpose>('sen-support', 'safeguarding', 'transition', 'subject-access');
const some = <T>(item: fc.Arbitrary<T>) => fc.uniqueArray(item, { minLength: 1, maxLength: 3 });

/** One question and the slice it is about. */
export interface Asked {
  readonly question: Question;
  readonly slice: Slice;
}

/** Questions that have a fair chance of yes: worlds made to fit them, here and there not. */
export const asked: fc.Arbitrary<Asked> = fc
  .record({
    role: fc.constantFrom(...ROLES),
    organisation,
    sub: fc.constantFrom('a', 'b'),
    team: fc.constantFrom(undefined, 't'),
  })
  .chain((who) =>
    fc.record({
      who: fc.constant(who),
      purpose: fc.oneof(
        { weight: 9, arbitrary: fc.constantFrom<Purpose>(...ROLE_PURPOSES[who.role]) },
        { weight: 1, arbitrary: purpose },
      ),
      day,
      slice: fc.record({ organisation, category, reliesOnConsent: fc.boolean() }),
    }),
  )
  .chain(({ who, purpose: stated, day: today, slice }) => {
    const near = <T>(fitting: T, other: fc.Arbitrary<T>) =>
      fc.oneof({ weight: 12, arbitrary: fc.constant(fitting) }, { weight: 1, arbitrary: other });
    const agreement = fc.record({
      source: near(slice.organisation, organisation),
      recipient: near(who.organisation, organisation),
      categories: some(near(slice.category, category)),
      purposes: some(near<Purpose>(stated, purpose)),
      roles: some(near<Role>(who.role, fc.constantFrom<Role>(...ROLES))),
      from: near(today, day),
      until,
      terms: fc.option(
        fc.record({
          obligations: fc.subarray([...OBLIGATIONS]),
          existenceOnly: fc.oneof(
            { weight: 3, arbitrary: fc.constant<Category[]>([]) },
            { weight: 1, arbitrary: some(near(slice.category, category)) },
          ),
          minimum: fc.constantFrom({}, { 'voice.one-page-profile-written.v1': ['writtenOn'] }),
        }),
        { nil: undefined },
      ),
    });
    const directive = fc.record({
      categories: some(near(slice.category, category)),
      purposes: some(near<Purpose>(stated, purpose)),
      until,
      // The young person `y`, parents, somebody nameless of before names were kept, a local authority, a court.
      speaker: fc.constantFrom<Speaker>(
        ...PARENTS,
        ...PARENTS,
        { authority: 'parental-responsibility' },
        { authority: 'parental-responsibility', organisation: 'trust' as OrganisationId },
        { authority: 'gillick-competent-child', by: 'y' },
        { authority: 'young-person-16', by: 'y' },
        { authority: 'court-order', organisation: 'school' as OrganisationId },
      ),
    });
    const assessment = fc.record({
      test: fc.constantFrom<CompetenceAssessed['test']>('gillick', 'mental-capacity'),
      person: near('y', fc.constant('p')),
      categories: some(near(slice.category, category)),
      purposes: some(near<Purpose>(stated, purpose)),
      criteria: fc.constantFrom(undefined, undefined, ...COMPETENCE_CRITERIA),
      on: near(today, day),
      until: near(today, day),
    });
    const authority = fc.record({
      kind: fc.constantFrom<AuthorityRecorded['kind']>(
        'parental-responsibility',
        'parental-responsibility',
        'care-order',
      ),
      person: fc.constantFrom('p', 'p', 'q', null),
      ties: fc.constantFrom(undefined, undefined, undefined, 0, 1),
      from: near(today, day),
      until,
      ended: fc.option(
        fc.record({ endedOn: day, because: fc.constantFrom('ended' as const, 'ended' as const, 'retracted' as const) }),
        { nil: undefined, freq: 2 },
      ),
    });
    const claim = fc.record({
      organisation: near(who.organisation, organisation),
      person: near(who.sub, fc.constantFrom('a', 'b')),
      role: near<Role>(who.role, fc.constantFrom<Role>(...ROLES)),
      from: near(today, day),
      until: near(today, day),
    });
    const grant = fc.record({
      organisation: near(who.organisation, organisation),
      person: near(who.sub, fc.constantFrom('a', 'b')),
      role: near<Role>(who.role, fc.constantFrom<Role>(...ROLES)),
      purpose: near<Purpose>(stated, purpose),
      from: near(startOfDay(today), fc.constantFrom(...MOMENTS)),
      until: near(endOfDay(today), fc.constantFrom(...MOMENTS)),
    });
    const decision = fc.record({
      outcome: fc.constantFrom<SharingDecided['outcome']>('not-to-share', 'without-consent', 'without-consent'),
      source: near(slice.organisation, organisation),
      recipient: fc.oneof(fc.constant(null), near(who.organisation, organisation)),
      categories: some(near(slice.category, category)),
      purposes: some(near<Purpose>(stated, purpose)),
      from: near(today, day),
      until,
    });
    const seldom = <T>(item: fc.Arbitrary<T>, weight: number) =>
      fc.oneof(
        { weight, arbitrary: fc.constant<T[]>([]) },
        { weight: 1, arbitrary: fc.array(item, { minLength: 1, maxLength: 2 }) },
      );
    const relationship = fc.record({
      organisation: near(who.organisation, organisation),
      kind: near<RelationshipKind>(who.role === 'parent' ? 'family' : 'caseload', fc.constantFrom(...KINDS)),
      name: fc.constantFrom('one', 'two'),
      team: fc.constantFrom(undefined, undefined, undefined, undefined, 't', 'u'),
      person:
        who.role === 'parent'
          ? near<string | undefined>(who.sub, fc.constantFrom('b', undefined))
          : fc.constantFrom(undefined, undefined, undefined, undefined, 'a', 'b'),
      from: near(today, day),
      until,
    });
    const child = fc.record({
      consents: fc.array(directive, { maxLength: 3 }),
      assessments: seldom(assessment, 1),
      authorities: seldom(authority, 1),
      refusals: fc.oneof(
        { weight: 4, arbitrary: fc.constant([]) },
        { weight: 1, arbitrary: fc.array(directive, { maxLength: 2 }) },
      ),
      withdrawn: fc.constantFrom(undefined, undefined, undefined, 'g0', 'g1', 'r0'),
      relationships: fc.oneof(
        { weight: 9, arbitrary: fc.array(relationship, { minLength: 1, maxLength: 2 }) },
        { weight: 2, arbitrary: fc.constant([]) },
      ),
      claims: seldom(claim, 6),
      grants: seldom(grant, 3),
      decisions: seldom(decision, 3),
    });
    return fc
      .record({
        registered: fc.oneof(
          { weight: 9, arbitrary: fc.constant(ORGANISATIONS) },
          { weight: 1, arbitrary: fc.subarray(ORGANISATIONS) },
        ),
        agreements: fc.array(agreement, { minLength: 1, maxLength: 2 }),
        children: fc.oneof(
          { weight: 8, arbitrary: fc.array(child, { minLength: 1, maxLength: 1 }) },
          { weight: 2, arbitrary: fc.array(child, { maxLength: 2 }) },
        ),
        breakGlass: fc.constantFrom(undefined, undefined, 'c0-b0', 'c0-b1', 'c1-b0'),
        missing: fc.constantFrom<Missing>(...Array.from({ length: 40 }, () => 'nothing' as const), ...MISSING),
      })
      .map(({ registered, agreements, children, breakGlass, missing }): Asked => {
        const changes: RegistryChange[] = registered.map((id) => ({
          type: 'organisation.registered.v1',
          data: { organisation: id, name: id, sector: 'education', codes: {}, keys: [], profile: {} },
        }));
        for (const [n, { terms, ...content }] of agreements.entries()) {
          changes.push({
            type: 'agreement.in-force.v1',
            data: {
              agreement: `g${n}`,
              version: 1,
              title: 't',
              ...content,
              ...(terms === undefined ? {} : { terms: { ...OTHER_TERMS, ...terms } }),
            },
          });
        }
        const registry = changes.reduce(evolveRegistry, emptyRegistry());
        const protections = children.map((each, n) => protectionOf(`c${n}`, each));
        const { team, ...rest } = who;
        return {
          slice,
          question: {
            reader: { ...rest, ...(team === undefined ? {} : { team }), acr: 'x', client: 'x' },
            purpose: stated,
            at: startOfDay(today),
            ...(breakGlass === undefined ? {} : { breakGlass }),
            registry: missing === 'registry' ? undefined : registry,
            protections: missing === 'protections' ? undefined : without(missing, protections),
          },
        };
      });
  });

/** What could not be read. */
const MISSING = ['registry', 'protections', 'one protection', 'a part of one'] as const;
type Missing = 'nothing' | (typeof MISSING)[number];

function without(missing: Missing, protections: readonly Protection[]): readonly (Protection | undefined)[] {
  if (missing === 'one protection') return [...protections, undefined];
  if (missing !== 'a part of one') return protections;
  return protections.map((each) => ({ ...each, sharingDecisions: undefined }) as unknown as Protection);
}
