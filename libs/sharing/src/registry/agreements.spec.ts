import { describe, expect, it } from '@jest/globals';
import type { OrganisationId, PlainDate } from '#kernel';
import type { AgreementApproved, AgreementContent, AgreementInForce, AgreementTerms, Category } from '#contracts';
import {
  agreed,
  approval,
  approved,
  CONTENT,
  drafted,
  PARTIES,
  registered,
  SCHOOL,
  TRUST,
} from './agreement.spec-help.ts';
import {
  emptyRegistry,
  evolveRegistry,
  recipientKey,
  registryDecider,
  versionState,
  type RegistryChange,
  type RegistryCommand,
} from './index.ts';

const AGREEMENT = CONTENT.agreement;
const ALMOST = 'almost-anybody' as OrganisationId;
const given = (...changes: readonly RegistryChange[]) =>
  [...PARTIES, ...changes].reduce(evolveRegistry, emptyRegistry());
const when = (command: RegistryCommand, ...before: readonly RegistryChange[]) =>
  registryDecider.decide(command, given(...before));
const then = (...value: readonly RegistryChange[]) => ({ ok: true, value });
const rejected = (code: string, pointer: string) => ({ ok: false, error: { code, pointer } });
const version = (number: number, change: Partial<AgreementContent> = {}): AgreementContent => ({
  ...CONTENT,
  version: number,
  ...change,
});
const terms = (change: Partial<AgreementTerms>): Partial<AgreementContent> => ({
  terms: { ...CONTENT.terms, ...change },
});
const bases = (change: Partial<AgreementTerms['bases']>) => terms({ bases: { ...CONTENT.terms.bases, ...change } });
const inForce = (data: AgreementContent = CONTENT): RegistryChange => ({ type: 'agreement.in-force.v1', data });
const revoked = (organisation: OrganisationId): RegistryChange => ({
  type: 'organisation.key-revoked.v1',
  data: { organisation, kid: `${organisation}-1`, reason: 'compromised' },
});
const suspended = (party: OrganisationId): RegistryChange => ({
  type: 'agreement.suspended.v1',
  data: { agreement: AGREEMENT, version: 1, party, reason: 'incident' },
});
const readBy = (changes: readonly RegistryChange[]) =>
  given(...changes)
    .byRecipient.get(recipientKey(SCHOOL, 'sen-support'))
    ?.map((each) => each.version) ?? [];

describe('a draft', () => {
  const draft = (data: AgreementContent, party = TRUST): RegistryCommand => ({ type: 'draftAgreement', data, party });

  it('is put before both by one of the parties, once, and lets nobody see anything', () => {
    expect(when(draft(CONTENT))).toEqual(then(drafted()));
    expect(when(draft({ ...CONTENT }, SCHOOL), drafted())).toEqual(then());
    expect(when(draft(CONTENT, ALMOST))).toEqual(rejected('NOT_A_PARTY', '/party'));
    expect(readBy([drafted()])).toEqual([]);
    expect(versionState(given(drafted()), AGREEMENT, 1)).toBe('draft');
  });

  it('may be put otherwise until somebody has approved it; then it takes a new version', () => {
    const other = { ...CONTENT, title: 'Other' };
    expect(when(draft(other), drafted())).toEqual(then(drafted(other)));
    expect(when(draft(other), drafted(), approved(TRUST))).toEqual(
      rejected('AGREEMENT_VERSION_NOT_GROWING', '/version'),
    );
    expect(when(draft({ ...other, version: 2 }), drafted(), approved(TRUST))).toEqual(
      then(drafted({ ...other, version: 2 })),
    );
  });

  it('takes a number that leaves room for later ones: neither party can use them up', () => {
    const far = (version: number, ...before: readonly RegistryChange[]) =>
      when(draft({ ...CONTENT, version }), ...before);
    const refused = rejected('AGREEMENT_VERSION_TOO_FAR', '/version');
    expect(far(1000).ok).toBe(true);
    expect(far(1001)).toEqual(refused);
    expect(far(Number.MAX_SAFE_INTEGER, drafted())).toEqual(refused);
    expect(far(1001, drafted()).ok).toBe(true);
  });

  it('is refused under a version that held, was withdrawn or lies before one that was drafted', () => {
    const old = rejected('AGREEMENT_VERSION_NOT_GROWING', '/version');
    const withdrawn: RegistryChange = {
      type: 'agreement.draft-withdrawn.v1',
      data: { agreement: AGREEMENT, version: 1, party: TRUST, reason: 'typo' },
    };
    expect(when(draft({ ...CONTENT, title: 'x' }), ...agreed())).toEqual(old);
    expect(when(draft(CONTENT), drafted(), withdrawn)).toEqual(old);
    expect(when(draft(CONTENT), drafted(version(2)))).toEqual(old);
  });

  it('is between registered bodies, and no other two may draft a version of it', () => {
    const stranger = [registered(ALMOST, 'health'), drafted()];
    const unknown = { source: ALMOST };
    expect(when(draft({ ...CONTENT, ...unknown }))).toEqual(rejected('ORGANISATION_UNKNOWN', '/source'));
    expect(when(draft(version(2, unknown), SCHOOL), ...stranger)).toEqual(
      rejected('AGREEMENT_PARTIES_CHANGED', '/source'),
    );
  });

  it.each([
    ['AGREEMENT_ENDS_BEFORE_IT_STARTS', '/until', { until: '2025-12-31' as PlainDate }],
    ['DATE_INVALID', '/from', { from: '2026-02-30' as PlainDate }],
    ['DATE_INVALID', '/until', { until: 'soon' as PlainDate }],
    ['CATEGORY_SEALED', '/categories/1', { categories: ['voice', 'health.sexual'] }],
    ['CATEGORY_UNKNOWN', '/categories/0', { categories: ['health.secrets' as 'voice'] }],
    ['CATEGORY_MISSING', '/categories', { categories: [], ...terms({ existenceOnly: [] }) }],
    ['CATEGORY_RESTRICTED', '/categories/0', { categories: ['social.child-protection'] }],
    ['PURPOSE_UNKNOWN', '/purposes/0', { purposes: ['SEN-Support' as 'audit'] }],
    ['ROLE_MISSING', '/roles', { roles: [] }],
    ['ROLE_REPEATED', '/roles/1', { roles: ['senco', 'senco'] }],
    ['ROLE_LACKS_PURPOSES', '/roles/1', { roles: ['senco', 'social-worker'], purposes: ['sen-support'] }],
    ['AGREEMENT_WITH_ITSELF', '/recipient', { recipient: TRUST }],
    ['AGREEMENT_VERSION_INVALID', '/version', { version: 0 }],
    ['AGREEMENT_ID_INVALID', '/agreement', { agreement: 'Über' }],
    ['CATEGORY_SEALED', '/terms/existenceOnly/0', terms({ existenceOnly: ['identity.adoption'] })],
    ['EXISTENCE_AND_CONTENT', '/terms/existenceOnly/0', terms({ existenceOnly: ['health.therapy'] })],
    ['CATEGORY_UNKNOWN', '/terms/existenceOnly/0', terms({ existenceOnly: ['x' as Category] })],
    ['CATEGORY_ONLY_FOR_SAFEGUARDING', '/terms/existenceOnly/0', terms({ existenceOnly: ['social.child-protection'] })],
    ['OBLIGATION_UNKNOWN', '/terms/obligations/0', terms({ obligations: ['be-nice' as 'alert-dpo'] })],
    ['REVIEW_BEFORE_START', '/terms/reviewBy', terms({ reviewBy: CONTENT.from })],
    ['DATE_INVALID', '/terms/reviewBy', terms({ reviewBy: 'soon' as PlainDate })],
    ['RETENTION_INVALID', '/terms/retentionDays', terms({ retentionDays: 0 })],
    ['BASIS_UNKNOWN', '/terms/bases/lawful/0', bases({ lawful: ['whim' as 'consent'] })],
    ['BASIS_MISSING', '/terms/bases/confidentiality', bases({ confidentiality: [] })],
    ['CONDITION_NEEDED', '/terms/bases/condition', bases({ condition: ['none'], schedule1: null })],
    ['CONFIDENTIALITY_NEEDED', '/terms/bases/confidentiality', bases({ confidentiality: ['not-confidential'] })],
    ['SCHEDULE_1_NEEDED', '/terms/bases/schedule1', bases({ schedule1: null })],
    ['SCHEDULE_1_NEEDED', '/terms/bases/schedule1', bases({ schedule1: 'paragraph two' })],
    ['TYPE_UNKNOWN', '/terms/minimum/a~1b', terms({ minimum: { 'a/b': ['x'] } })],
    [
      'TYPE_OF_OTHER_CATEGORY',
      '/terms/minimum/equipment.issued.v1',
      terms({ minimum: { 'equipment.issued.v1': ['x'] } }),
    ],
    [
      'FIELD_UNKNOWN',
      '/terms/minimum/health.newborn-hearing-outcome.v1/0',
      terms({ minimum: { 'health.newborn-hearing-outcome.v1': ['toString'] } }),
    ],
  ] as const)('is refused with %s at %s', (code, pointer, change) => {
    expect(when(draft({ ...CONTENT, ...(change as Partial<AgreementContent>) }))).toEqual(rejected(code, pointer));
  });

  it('may let the existence of what is restricted be known, for safeguarding and to whom the policy release opens it; never its words', () => {
    const safe = { roles: ['social-worker'], purposes: ['safeguarding'] } as const;
    const words = version(1, { ...safe, categories: ['social.child-protection'], ...terms({ minimum: {} }) });
    expect(when(draft(words))).toEqual(rejected('CATEGORY_RESTRICTED', '/categories/0'));
    const known = terms({ existenceOnly: ['social.child-protection'], minimum: {} });
    const exists = version(1, { ...safe, categories: ['health.therapy'], ...known });
    expect(when(draft(exists))).toEqual(then(drafted(exists)));
    const others = version(1, { ...safe, roles: ['paediatrician'], categories: ['health.therapy'], ...known });
    expect(when(draft(others)).ok).toBe(false);
  });
});

describe('an approval', () => {
  const approve = (data: AgreementApproved): RegistryCommand => ({ type: 'approveAgreement', data });

  it('of one party alone changes nothing; the second puts the version in force in the same append', () => {
    expect(when(approve(approval(TRUST)), drafted())).toEqual(then(approved(TRUST)));
    expect(readBy([drafted(), approved(TRUST)])).toEqual([]);
    expect(when(approve(approval(SCHOOL)), drafted(), approved(TRUST))).toEqual(then(approved(SCHOOL), inForce()));
    expect(readBy(agreed())).toEqual([1]);
    expect(versionState(given(...agreed()), AGREEMENT, 1)).toBe('in-force');
  });

  it('given again is answered as before, in whatever bytes, also when the version holds', () => {
    const again = { ...approval(TRUST), jws: 'other.bytes.same' };
    expect(when(approve(again), drafted(), approved(TRUST))).toEqual(then());
    expect(when(approve(again), ...agreed(), revoked(TRUST))).toEqual(then());
    expect(when(approve({ ...again, approver: 'another' }), drafted(), approved(TRUST))).toEqual(
      rejected('APPROVED_ALREADY', '/approver'),
    );
  });

  it('is by different people, of the parties, with their own keys', () => {
    const both = { ...approval(SCHOOL), approver: approval(TRUST).approver };
    expect(when(approve(both), drafted(), approved(TRUST))).toEqual(rejected('APPROVER_OF_BOTH', '/approver'));
    const stranger = [registered(ALMOST, 'health'), drafted(), approved(TRUST)];
    expect(when(approve(approval(ALMOST)), ...stranger)).toEqual(rejected('NOT_A_PARTY', '/party'));
    expect(when(approve({ ...approval(SCHOOL), kid: 'trust-1' }), drafted(), approved(TRUST))).toEqual(
      rejected('KEY_REVOKED', '/kid'),
    );
    expect(when(approve(approval(SCHOOL)), drafted(), approved(TRUST), revoked(SCHOOL))).toEqual(
      rejected('KEY_REVOKED', '/kid'),
    );
  });

  it('whose key was revoked before the other party approved does not count: it is given again', () => {
    const before = [drafted(), approved(TRUST), revoked(TRUST)];
    expect(when(approve(approval(SCHOOL)), ...before)).toEqual(then(approved(SCHOOL)));
    const renewed: RegistryChange = {
      type: 'organisation.registered.v1',
      data: {
        organisation: TRUST,
        name: 'trust',
        sector: 'health',
        codes: {},
        keys: ['trust-1', 'trust-2'].map((kid) => ({ kid, kty: 'EC', alg: 'ES256', crv: 'P-256', x: 'a', y: 'b' })),
        profile: {},
      },
    };
    const data = { ...approval(TRUST), kid: 'trust-2' };
    expect(when(approve(data), ...before, approved(SCHOOL), renewed)).toEqual(
      then({ type: 'agreement.approved.v1', data }, inForce()),
    );
  });

  it('is of the very text that lies there, of a draft that is alive and not overtaken', () => {
    const other = { ...CONTENT, title: 'Other' };
    expect(when(approve(approval(TRUST, other)), drafted())).toEqual(rejected('DIGEST_NOT_OF_DRAFT', '/digest'));
    expect(when(approve(approval(TRUST)))).toEqual(rejected('AGREEMENT_UNKNOWN', '/agreement'));
    const withdrawn: RegistryChange = {
      type: 'agreement.draft-withdrawn.v1',
      data: { agreement: AGREEMENT, version: 1, party: TRUST, reason: 'typo' },
    };
    expect(when(approve(approval(SCHOOL)), drafted(), approved(TRUST), withdrawn)).toEqual(
      rejected('DRAFT_WITHDRAWN', '/version'),
    );
    expect(when(approve(approval(SCHOOL)), drafted(), approved(TRUST), ...agreed(version(2)))).toEqual(
      rejected('AGREEMENT_VERSION_NOT_GROWING', '/version'),
    );
  });
});

describe('what one party does alone', () => {
  const reason = 'incident';

  it('withdraws a draft, not what holds', () => {
    const withdraw: RegistryCommand = {
      type: 'withdrawDraft',
      data: { agreement: AGREEMENT, version: 1, party: SCHOOL, reason },
    };
    const happened: RegistryChange = { type: 'agreement.draft-withdrawn.v1', data: withdraw.data };
    expect(when(withdraw, drafted(), approved(TRUST))).toEqual(then(happened));
    expect(when(withdraw, drafted(), happened)).toEqual(then());
    expect(when(withdraw, ...agreed())).toEqual(rejected('DRAFT_CAME_INTO_FORCE', '/version'));
    expect(versionState(given(drafted(), happened), AGREEMENT, 1)).toBe('withdrawn');
  });

  it('suspends at once, and only who suspended resumes; a later version does not lift it', () => {
    const suspend = (party: OrganisationId): RegistryCommand => ({
      type: 'suspendAgreement',
      data: { agreement: AGREEMENT, party, reason },
    });
    const resume = (party: OrganisationId): RegistryCommand => ({
      type: 'resumeAgreement',
      data: { agreement: AGREEMENT, party },
    });
    const resumed: RegistryChange = {
      type: 'agreement.resumed.v1',
      data: { agreement: AGREEMENT, version: 1, party: SCHOOL },
    };
    expect(when(suspend(SCHOOL), ...agreed())).toEqual(then(suspended(SCHOOL)));
    expect(when(suspend(SCHOOL), ...agreed(), suspended(SCHOOL))).toEqual(then());
    expect(when(suspend(SCHOOL), drafted())).toEqual(rejected('AGREEMENT_NOT_IN_FORCE', '/agreement'));
    expect(readBy([...agreed(), suspended(SCHOOL)])).toEqual([]);
    expect(readBy([...agreed(), suspended(SCHOOL), ...agreed(version(2))])).toEqual([]);
    expect(when(resume(TRUST), ...agreed(), suspended(SCHOOL))).toEqual(
      rejected('SUSPENDED_BY_OTHER_PARTY', '/agreement'),
    );
    expect(when(resume(SCHOOL), ...agreed(), suspended(SCHOOL))).toEqual(then(resumed));
    expect(when(resume(SCHOOL), ...agreed())).toEqual(then());
    expect(readBy([...agreed(), suspended(SCHOOL), resumed])).toEqual([1]);
    expect(readBy([...agreed(), suspended(SCHOOL), suspended(TRUST), resumed])).toEqual([]);
  });

  it('ends for good what holds; only a new version with both approvals comes after it', () => {
    const end = (party: OrganisationId): RegistryCommand => ({
      type: 'endAgreement',
      data: { agreement: AGREEMENT, party, reason },
    });
    const ended: RegistryChange = {
      type: 'agreement.ended.v1',
      data: { agreement: AGREEMENT, version: 1, party: SCHOOL, reason },
    };
    expect(when(end(SCHOOL), ...agreed())).toEqual(then(ended));
    expect(when(end(SCHOOL), ...agreed(), ended)).toEqual(then());
    expect(when(end(SCHOOL), drafted())).toEqual(rejected('AGREEMENT_NOT_IN_FORCE', '/agreement'));
    expect(when(end(ALMOST), ...agreed())).toEqual(rejected('NOT_A_PARTY', '/party'));
    expect(when(end(SCHOOL))).toEqual(rejected('AGREEMENT_UNKNOWN', '/agreement'));
    expect(readBy([...agreed(), ended])).toEqual([]);
    expect(versionState(given(...agreed(), ended), AGREEMENT, 1)).toBe('ended');
    expect(readBy([...agreed(), ended, ...agreed(version(2))])).toEqual([2]);
  });
});

describe('undoing the coming into force of a version', () => {
  const undo = (number: number): RegistryCommand => ({
    type: 'undoAgreement',
    data: { agreement: AGREEMENT, version: number, party: SCHOOL, reason: 'mistake' },
  });
  const undone = (number: number, restores: number | null): RegistryChange => ({
    type: 'agreement.undone.v1',
    data: { agreement: AGREEMENT, version: number, restores, party: SCHOOL, reason: 'mistake' },
  });
  const wider = version(2, { roles: ['senco', 'class-teacher'] });

  it('restores the version before, where that lets nobody see more; once', () => {
    const before = [...agreed(), ...agreed(wider)];
    expect(when(undo(2), ...before)).toEqual(then(undone(2, 1)));
    expect(when(undo(2), ...before, undone(2, 1))).toEqual(then());
    expect(readBy([...before, undone(2, 1)])).toEqual([1]);
    const after = given(...before, undone(2, 1));
    expect([1, 2].map((each) => versionState(after, AGREEMENT, each))).toEqual(['in-force', 'undone']);
  });

  it('leaves nothing in force where there was nothing before', () => {
    expect(when(undo(1), ...agreed())).toEqual(then(undone(1, null)));
    expect(readBy([...agreed(), undone(1, null)])).toEqual([]);
  });

  it('is of the version that holds', () => {
    const old = rejected('AGREEMENT_VERSION_NOT_CURRENT', '/version');
    expect(when(undo(1), ...agreed(), ...agreed(wider))).toEqual(old);
    expect(when(undo(1), drafted())).toEqual(old);
  });

  it.each([
    ['another reader', { roles: ['class-teacher'] }],
    ['another category', { categories: ['health.therapy'], ...terms({ minimum: {} }) }],
    ['a later start', { from: '2026-02-01' as PlainDate }],
    ['an end', { until: '2030-01-01' as PlainDate }],
    ['fewer fields', terms({ minimum: { 'health.newborn-hearing-outcome.v1': ['screenedOn'] } })],
    ['one more obligation', terms({ obligations: ['tell-family', 'redact-free-text'] })],
    ['keeping for less long', terms({ retentionDays: 30 })],
    ['existence alone', { categories: ['health.screening'], ...terms({ existenceOnly: ['health.therapy'] }) }],
  ] as const)('needs both parties where the version undone brought %s', (_what, change) => {
    const narrower = version(2, change);
    expect(when(undo(2), ...agreed(), ...agreed(narrower))).toEqual(rejected('UNDO_LETS_SEE_MORE', '/version'));
  });
});

describe('a log of the time when agreements stated no terms', () => {
  it('still folds: what was in force holds, and is ended, suspended and replaced', () => {
    const old = Object.entries(CONTENT).filter(([name]) => name !== 'terms');
    const data = Object.fromEntries(old) as unknown as AgreementInForce;
    const before: RegistryChange = { type: 'agreement.in-force.v1', data };
    const ended: RegistryChange = {
      type: 'agreement.ended.v1',
      data: { agreement: AGREEMENT, version: 1, reason: 'x' },
    };
    expect(readBy([before])).toEqual([1]);
    expect(readBy([before, ended])).toEqual([]);
    expect(readBy([before, suspended(SCHOOL)])).toEqual([]);
    expect(readBy([before, ...agreed(version(2))])).toEqual([2]);
    expect(versionState(given(before), AGREEMENT, 1)).toBe('in-force');
  });
});
