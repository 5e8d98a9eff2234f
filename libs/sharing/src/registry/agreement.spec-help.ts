import type { OrganisationId, PlainDate } from '#kernel';
import { agreementDigest, type AgreementApproved, type AgreementContent, type PublicJwk } from '#contracts';
import type { RegistryChange } from './commands.ts';

/** Two parties and an agreement between them, for specs. */
export const SCHOOL = 'school' as OrganisationId;
export const TRUST = 'trust' as OrganisationId;

const key = (kid: string): PublicJwk => ({ kid, kty: 'EC', alg: 'ES256', crv: 'P-256', x: 'abc', y: 'def' });

export const registered = (organisation: OrganisationId, sector: 'education' | 'health'): RegistryChange => ({
  type: 'organisation.registered.v1',
  data: { organisation, name: organisation, sector, codes: {}, keys: [key(`${organisation}-1`)], profile: {} },
});
export const PARTIES = [registered(SCHOOL, 'education'), registered(TRUST, 'health')];

export const CONTENT: AgreementContent = {
  agreement: 'health-to-school',
  version: 1,
  title: 'What the school may see of therapy',
  source: TRUST,
  recipient: SCHOOL,
  categories: ['health.therapy', 'health.screening'],
  purposes: ['sen-support', 'ehc-plan-review'],
  roles: ['senco'],
  from: '2026-01-01' as PlainDate,
  until: null,
  terms: {
    bases: {
      lawful: ['public-task'],
      condition: ['health-or-social-care'],
      schedule1: 'Part 1 paragraph 2',
      confidentiality: ['implied-consent-direct-care'],
    },
    obligations: ['tell-family'],
    existenceOnly: ['health.mental'],
    minimum: { 'health.newborn-hearing-outcome.v1': ['screenedOn', 'outcome'] },
    retentionDays: 365,
    reviewBy: '2027-01-01' as PlainDate,
  },
};

export const drafted = (data: AgreementContent = CONTENT): RegistryChange => ({ type: 'agreement.drafted.v1', data });

export const approval = (party: OrganisationId, content: AgreementContent = CONTENT): AgreementApproved => ({
  agreement: content.agreement,
  version: content.version,
  party,
  approver: `officer-of-${party}`,
  digest: agreementDigest(content),
  kid: `${party}-1`,
  jws: 'a.b.c',
});

export const approved = (party: OrganisationId, content: AgreementContent = CONTENT): RegistryChange => ({
  type: 'agreement.approved.v1',
  data: approval(party, content),
});

/** The whole way of a version into force. */
export const agreed = (content: AgreementContent = CONTENT): readonly RegistryChange[] => [
  drafted(content),
  approved(TRUST, content),
  approved(SCHOOL, content),
  { type: 'agreement.in-force.v1', data: content },
];
