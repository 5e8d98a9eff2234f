import type { SharingBasis, SubjectIdentity } from '#contracts';
import { consent } from '../trust/world.ts';
import {
  agree,
  childIdOf,
  CONSENT,
  DIRECT_CARE,
  organisation,
  PUBLIC_TASK,
  type RunningHub,
  type TestOrganisation,
} from '../running-hub.ts';

/** A child whose every identifier is found at once wherever it turns up; the number is of the range never issued. */
export const CANARY = {
  localId: 'oak-77',
  nhsNumber: '9991774602',
  upn: 'M940207788661',
  surname: 'Quetzalförd-Zywiec',
  givenName: 'Xanthippula',
  birthDate: '2017-02-13',
  postcode: 'ZZ99 3QX',
} as const satisfies SubjectIdentity;

/** Words that the family, the school, social care and the trust wrote of the child. */
export const WORDS = {
  voice: 'My axolotl Brunhilde sleeps beneath the piano.',
  group: 'Kestrelhawks Nineteen',
  lead: 'Worker Ottilie Mmbatho',
  reason: 'The zeppelin day was a training day.',
  summary: 'Waterproof wobbleboard session',
} as const;

/** What is searched for. */
export const CANARIES: readonly string[] = [
  CANARY.nhsNumber,
  CANARY.upn,
  CANARY.surname,
  CANARY.givenName,
  CANARY.postcode,
  ...Object.values(WORDS),
];

/** What social care may state; never consent. */
export const SAFEGUARDING: SharingBasis = {
  lawful: 'legal-obligation',
  condition: 'safeguarding-of-children',
  confidentiality: 'statute',
  purposes: ['safeguarding'],
};

/** Everybody who tells of the canary, and the child as the hub calls it. */
export interface CanaryWorld {
  readonly school: TestOrganisation;
  readonly trust: TestOrganisation;
  readonly family: TestOrganisation;
  readonly care: TestOrganisation;
  readonly child: string;
  /** Outcomes by the id of the fact. */
  readonly outcomes: Readonly<Record<string, string>>;
}

/** Tells of the canary in every way that signed facts know: ordinary, restricted, on consent, corrected, withdrawn, quarantined, refused. */
export async function tellOfCanary(hub: RunningHub): Promise<CanaryWorld> {
  const school = await organisation(hub, 'oakfield-primary', 'education', {
    'education.enrolment-started.v1': PUBLIC_TASK,
  });
  const trust = await organisation(hub, 'bridgewater-community-trust', 'health', {
    'health.newborn-hearing-outcome.v1': DIRECT_CARE,
  });
  const family = await organisation(hub, 'family', 'family');
  const care = await organisation(hub, 'childrens-social-care', 'social-care');
  const common = { recipient: school.id, purposes: ['sen-support'], roles: ['senco'] as const };
  await organisation(hub, 'bridgewater-high', 'education');
  await agree(hub, { id: 'voice', source: family.id, categories: ['voice'], ...common });
  const outcomes: Record<string, string> = {};
  const tell = async (
    teller: TestOrganisation,
    localId: string,
    fact: Omit<Parameters<typeof school.tell>[0], 'subject'>,
  ) => {
    const { outcome } = await teller.tell({ ...fact, subject: { ...CANARY, localId } });
    outcomes[fact.id] = outcome;
  };
  const enrolment = { type: 'education.enrolment-started.v1', category: 'education.enrolment', basis: PUBLIC_TASK };
  const identity = { category: 'identity.core', basis: PUBLIC_TASK };
  const fact = { setting: '100101', startDate: '2022-09-01', registrationGroup: WORDS.group };
  await tell(school, 'oak-77', { id: 'enrol-1', ...enrolment, fact });
  await tell(school, 'oak-77', {
    id: 'correct-1',
    type: 'any.fact-corrected.v1',
    category: enrolment.category,
    basis: PUBLIC_TASK,
    fact: {
      corrects: 'enrol-1',
      type: enrolment.type,
      fact: { ...fact, startDate: '2022-09-04' },
      reason: WORDS.reason,
    },
  });
  await tell(school, 'oak-77', { id: 'enrol-2', ...enrolment, fact: { ...fact, setting: '100102' } });
  await tell(school, 'oak-77', {
    id: 'withdraw-1',
    type: 'any.fact-withdrawn.v1',
    category: enrolment.category,
    basis: PUBLIC_TASK,
    fact: { withdraws: 'enrol-2', reason: 'entered-in-error' },
  });
  for (const [teller, kind, name, extra] of [
    [family, 'family', 'parent', { person: 'person-3d77' }],
    [care, 'allocation', 'children-in-need', {}],
    [trust, 'caseload', 'health-visiting', {}],
  ] as const)
    await tell(teller, `${teller.id}-77`, {
      id: `relationship-${kind}`,
      type: 'any.relationship-started.v1',
      ...identity,
      fact: { kind, name, startDate: '2022-09-06', ...extra },
    });
  const child = await childIdOf(trust, CANARY);
  await consent(hub, child, 'voice-1', { decision: 'give' });
  await tell(family, 'family-77', {
    id: 'profile-1',
    type: 'voice.one-page-profile-written.v1',
    category: 'voice',
    basis: CONSENT,
    fact: {
      writtenOn: '2022-09-02',
      whatMattersToMe: WORDS.voice,
      howBestToSupportMe: `Call me ${CANARY.givenName}.`,
      whatPeopleLikeAboutMe: WORDS.voice,
    },
  });
  const plan = { startDate: '2026-05-19', abuseCategory: 'neglect', leadProfessional: WORDS.lead };
  const restricted = { type: 'social-care.child-protection-plan-started.v1', category: 'social.child-protection' };
  await tell(care, 'care-77', { id: 'plan-1', ...restricted, basis: SAFEGUARDING, fact: plan });
  // Kept aside: a basis the type may not carry, a type nobody knows, a number that fails its check.
  await tell(care, 'care-77', { id: 'plan-2', ...restricted, basis: CONSENT, fact: plan });
  await tell(school, 'oak-77', { id: 'odd-1', ...enrolment, type: 'education.odd.v1', fact: { note: WORDS.voice } });
  await tell(school, 'oak-77', { id: 'odd-2', ...enrolment, fact: { ...fact, [CANARY.surname]: CANARY.nhsNumber } });
  return { school, trust, family, care, child, outcomes };
}
