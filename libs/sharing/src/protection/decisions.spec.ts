import { describe, expect, it } from '@jest/globals';
import type { ChildId, FactId, OrganisationId, PlainDate } from '#kernel';
import type {
  AuthorityRecorded,
  CompetenceAssessed,
  ObjectionDecided,
  RelationshipClaimed,
  SharingDecided,
} from '#contracts';
import { decideProtection, emptyProtection, evolveProtection, type ProtectionCommand } from './index.ts';

const day = (text: string) => text as PlainDate;
const trust = 'trust' as OrganisationId;
const school = 'school' as OrganisationId;
const scope = { categories: ['voice'], purposes: ['sen-support'] } as const;

const given = (...commands: readonly ProtectionCommand[]) =>
  commands.reduce(
    (protection, command) => {
      const decided = decideProtection(command, protection);
      if (!decided.ok) throw new Error(decided.error.code);
      return decided.value.reduce(evolveProtection, protection);
    },
    emptyProtection('c' as ChildId),
  );
/** The types of the events a command leads to after others, or the code and place of its refusal. */
const when = (command: ProtectionCommand, ...before: readonly ProtectionCommand[]) => {
  const decided = decideProtection(command, given(...before));
  return decided.ok ? decided.value.map(({ type }) => type) : `${decided.error.code} ${decided.error.pointer ?? ''}`;
};

const holds: AuthorityRecorded = {
  authority: 'a',
  kind: 'parental-responsibility',
  evidence: 'birth-registration',
  organisation: trust,
  person: 'mother',
  by: 'worker',
  from: day('2020-01-01'),
  until: null,
};
const record = (change: Partial<AuthorityRecorded> = {}) =>
  ({ type: 'recordAuthority', data: { ...holds, ...change } }) as const;
const end = (endedOn = '2026-11-24', authority = 'a') =>
  ({ type: 'endAuthority', data: { authority, endedOn: day(endedOn), because: 'ended' } }) as const;
const byFact = record({ authority: 'f', fact: 'f' as FactId, person: null, evidence: 'nhs-validated-role' });

describe('an authority', () => {
  it('is recorded and ended once, and an id once ended never comes back', () => {
    expect(when(record())).toEqual(['authority.recorded.v1']);
    expect(when(record(), record())).toEqual([]);
    expect(when(record({ from: day('2021-01-01') }), record())).toBe('AUTHORITY_ID_TAKEN /authority');
    expect(when(end(), record())).toEqual(['authority.ended.v1']);
    expect(when(end(), record(), end())).toEqual([]);
    expect(when(end('2026-11-25'), record(), end())).toEqual([]);
    expect(when(end('2026-11-20'), record(), end())).toEqual(['authority.ended.v1']);
    expect(when(record(), record(), end())).toBe('AUTHORITY_ALREADY_ENDED /authority');
    expect(when(end())).toBe('AUTHORITY_UNKNOWN /authority');
  });

  it.each<[string, Partial<AuthorityRecorded>]>([
    ['EVIDENCE_NOT_OF_KIND /evidence', { evidence: 'care-order' }],
    ['EVIDENCE_NOT_OF_KIND /evidence', { kind: 'accommodation-under-section-20' as never }],
    ['EVIDENCE_NOT_OF_KIND /evidence', { kind: 'constructor' as never }],
    ['PERSON_MISSING /person', { person: null }],
    ['HOLDER_MISSING /holder', { kind: 'care-order', evidence: 'care-order', person: null }],
    ['DATE_INVALID /from', { from: day('2026-02-30') }],
    ['DATE_INVALID /until', { until: day('x') }],
    ['TIED_AUTHORITY_UNKNOWN /ties', { ties: 'f' }],
  ])('is refused with %s', (expected, change) => {
    expect(when(record(change))).toBe(expected);
  });

  it('ties a person only to one of the same kind that names nobody', () => {
    expect(when(record({ ties: 'f' }), byFact)).toEqual(['authority.recorded.v1']);
    expect(when(record({ ties: 'b' }), record({ authority: 'b' }))).toBe('TIED_AUTHORITY_UNKNOWN /ties');
  });

  it('of a fact says what the fact says, is ended by it alone, and goes with it', () => {
    const corrected = record({ ...byFact.data, until: day('2027-01-01') });
    expect(when(corrected, byFact)).toEqual(['authority.recorded.v1']);
    expect(when(end('2026-11-24', 'f'), byFact)).toBe('AUTHORITY_OF_A_FACT /authority');
    const gone = { type: 'retractRelationship', data: { fact: 'f' as FactId } } as const;
    expect(when(gone, byFact)).toEqual(['authority.ended.v1']);
    expect(when(gone)).toEqual([]);
    expect(when(byFact, byFact, gone)).toEqual(['authority.recorded.v1']);
    expect(given(byFact, gone)).toMatchObject({ authorities: new Map(), authorityEnds: new Map() });
  });
});

describe('an assessment of competence', () => {
  const assessment: CompetenceAssessed = {
    assessment: 's',
    test: 'gillick',
    person: 'maya',
    ...scope,
    criteria: { understands: true, retains: true, weighs: true, communicates: true, voluntary: true },
    organisation: trust,
    role: 'paediatrician',
    by: 'doctor',
    on: day('2026-11-24'),
    until: day('2027-11-24'),
  };
  const assess = (change: Partial<CompetenceAssessed> = {}) =>
    ({ type: 'assessCompetence', data: { ...assessment, ...change } }) as const;

  it('is of one decision and one time', () => {
    expect(when(assess())).toEqual(['competence.assessed.v1']);
    expect(when(assess(), assess())).toEqual([]);
    expect(when(assess({ test: 'mental-capacity' }), assess())).toBe('ASSESSMENT_ID_TAKEN /assessment');
    expect(when(assess({ until: day('2027-11-25') }))).toBe('ASSESSMENT_TOO_LONG /until');
    expect(when(assess({ until: day('2026-11-23') }))).toBe('DATE_ORDER /until');
    expect(when(assess({ on: day('x') }))).toBe('DATE_INVALID /on');
    expect(when(assess({ categories: [] }))).toBe('CATEGORY_MISSING /categories');
    const four = { understands: true, retains: true, communicates: true, voluntary: true };
    expect(when(assess({ criteria: four as never }))).toBe('CRITERION_MISSING /criteria/weighs');
  });
});

describe('a claim to work with a child', () => {
  const claimed: RelationshipClaimed = {
    claim: 'c',
    organisation: trust,
    person: 'x',
    role: 'therapist',
    reason: 'new-referral',
    from: day('2026-10-20'),
    until: day('2026-11-02'),
  };
  const claim = (change: Partial<RelationshipClaimed> = {}) =>
    ({ type: 'claimRelationship', data: { ...claimed, ...change } }) as const;
  const over = { type: 'endClaim', data: { claim: 'c', because: 'unfounded' } } as const;

  it('holds for 14 days at most, also across the end of summer time, and once ended never again', () => {
    expect(when(claim())).toEqual(['relationship.claimed.v1']);
    expect(when(claim(), claim())).toEqual([]);
    expect(when(claim({ until: day('2026-11-03') }))).toBe('CLAIM_TOO_LONG /until');
    expect(when(claim({ until: day('2026-10-19') }))).toBe('DATE_ORDER /until');
    expect(when(claim({ role: 'parent' }))).toBe('ROLE_NOT_PROFESSIONAL /role');
    expect(when(claim({ reason: 'curious' as never }))).toBe('REASON_UNKNOWN /reason');
    expect(when(claim({ reason: 'urgent-contact' }), claim())).toBe('CLAIM_ID_TAKEN /claim');
    expect(when(over)).toBe('CLAIM_UNKNOWN /claim');
    expect(when(over, claim())).toEqual(['relationship.claim-ended.v1']);
    expect(when(over, claim(), over)).toEqual([]);
    expect(when(claim(), claim(), over)).toBe('CLAIM_ALREADY_ENDED /claim');
  });
});

const sharing: SharingDecided = {
  decision: 'd',
  outcome: 'not-to-share',
  source: trust,
  recipient: null,
  ...scope,
  ground: 'risk-to-child',
  by: 'x',
  from: day('2026-11-24'),
  until: null,
};
const decideTo = (change: Partial<SharingDecided> = {}) =>
  ({ type: 'decideSharing', data: { ...sharing, ...change } }) as const;

describe('a decision to share or not', () => {
  const ends = (source = trust) => ({ type: 'endSharingDecision', source, data: { decision: 'd', by: 'x' } }) as const;
  const sealed = (text: string) => ({ words: { key: 'k', iv: 'i', text } });

  it('is taken and ended once; sealed anew its words are the same', () => {
    expect(when(decideTo())).toEqual(['sharing.decided.v1']);
    expect(when(decideTo(sealed('one')), decideTo(sealed('other')))).toEqual([]);
    expect(when(decideTo({ recipient: school }), decideTo())).toBe('DECISION_ID_TAKEN /decision');
    expect(when(ends(), decideTo())).toEqual(['sharing.decision-ended.v1']);
    expect(when(ends(), decideTo(), ends())).toEqual([]);
    expect(when(decideTo(), decideTo(), ends())).toBe('DECISION_ALREADY_ENDED /decision');
  });

  it('is the source’s own: another organisation’s is not there', () => {
    expect(when(ends(school), decideTo())).toBe('DECISION_UNKNOWN /decision');
    expect(when(ends())).toBe('DECISION_UNKNOWN /decision');
  });

  it.each<[string, Partial<SharingDecided>]>([
    ['OUTCOME_UNKNOWN /outcome', { outcome: 'maybe' as never }],
    ['GROUND_NOT_OF_OUTCOME /ground', { ground: 'court-order' }],
    ['GROUND_NOT_OF_OUTCOME /ground', { outcome: 'without-consent' }],
    ['RECIPIENT_IS_SOURCE /recipient', { recipient: trust }],
    ['DATE_INVALID /from', { from: day('2026-13-01') }],
    ['DATE_ORDER /until', { until: day('2026-11-23') }],
    ['PURPOSE_UNKNOWN /purposes/0', { purposes: ['gossip' as never] }],
  ])('is refused with %s', (expected, change) => {
    expect(when(decideTo(change))).toBe(expected);
  });
});

describe('an objection', () => {
  const on = day('2026-11-24');
  const made = {
    type: 'makeObjection',
    data: { objection: 'o', organisation: trust, ...scope, by: 'mother', on },
  } as const;
  const upheld = decideTo({ ground: 'objection-upheld' }).data;
  const answer = (change: Partial<ObjectionDecided>, carriedOut?: SharingDecided, source = trust) =>
    ({
      type: 'decideObjection',
      source,
      data: { objection: 'o', outcome: 'upheld', by: 'x', on, ...change },
      ...(carriedOut === undefined ? {} : { sharing: carriedOut }),
    }) as const;
  const yes = answer({ decision: 'd' }, upheld);
  const no = answer({ outcome: 'overridden', ground: 'legal-claims' });

  it('is made once, whatever the day it is said again', () => {
    expect(when(made)).toEqual(['objection.made.v1']);
    expect(when({ ...made, data: { ...made.data, on: day('2026-11-25') } }, made)).toEqual([]);
    expect(when({ ...made, data: { ...made.data, organisation: school } }, made)).toBe('OBJECTION_ID_TAKEN /objection');
    const many = Array.from({ length: 100 }, (_, n) => ({ ...made, data: { ...made.data, objection: String(n) } }));
    expect(when(made, ...many)).toBe('OBJECTIONS_TOO_MANY /objection');
    expect(when({ ...made, data: { ...made.data, by: 'father' } }, ...many)).toEqual(['objection.made.v1']);
  });

  it('is upheld together with the decision that carries it out, or overridden on a ground of the law; once', () => {
    expect(when(yes, made)).toEqual(['sharing.decided.v1', 'objection.decided.v1']);
    expect(when(yes, made, yes)).toEqual([]);
    expect(when(no, made)).toEqual(['objection.decided.v1']);
    expect(when(no, made, yes)).toBe('OBJECTION_ALREADY_DECIDED /objection');
    expect(when(answer({ decision: 'd' }), made)).toBe('GROUND_NOT_OF_OUTCOME /ground');
    expect(when(answer({ decision: 'd' }, sharing), made)).toBe('GROUND_NOT_OF_OUTCOME /ground');
    expect(when(answer({ decision: 'other' }, upheld), made)).toBe('DECISION_UNKNOWN /decision');
    expect(when(answer({ outcome: 'overridden' }), made)).toBe('GROUND_NOT_OF_OUTCOME /ground');
    expect(when(answer({ ...no.data }, upheld), made)).toBe('GROUND_NOT_OF_OUTCOME /ground');
  });

  it('is answered by the organisation it was made to and by no other', () => {
    expect(when(yes)).toBe('OBJECTION_UNKNOWN /objection');
    expect(when({ ...no, source: school }, made)).toBe('OBJECTION_UNKNOWN /objection');
  });
});

describe('a consent', () => {
  const said = (
    authority: 'young-person-16' | 'court-order' | 'parental-responsibility',
    organisation?: OrganisationId,
  ) => {
    const data = {
      consent: 'x',
      ...scope,
      authority,
      by: 'one',
      ...(organisation === undefined ? {} : { organisation }),
    };
    return {
      gives: { type: 'giveConsent', data: { ...data, until: null } },
      refuses: { type: 'refuseConsent', data },
    } as const;
  };
  const back = (change: object) => ({ type: 'withdrawConsent', data: { consent: 'x', ...change } }) as const;
  const [no, yes] = ['CONSENT_OF_ANOTHER /consent', ['consent.withdrawn.v1']] as const;

  it('of the young person is theirs alone to take back', () => {
    const { gives } = said('young-person-16');
    expect(when(back({ by: 'mother' }), gives)).toBe(no);
    expect(when(back({ by: 'one' }), gives)).toEqual(yes);
  });

  it('of a court ends with its order', () => {
    for (const each of Object.values(said('court-order', trust))) {
      expect(when(back({ by: 'one' }), each)).toBe(no);
      expect(when(back({ by: 'other', because: 'order-ended' }), each)).toEqual(yes);
    }
  });

  it('refused by a local authority is taken back by any of its people', () => {
    const { refuses } = said('parental-responsibility', trust);
    expect(when(back({ by: 'one' }), refuses)).toBe(no);
    expect(when(back({ by: 'one', organisation: school }), refuses)).toBe(no);
    expect(when(back({ by: 'other', organisation: trust }), refuses)).toEqual(yes);
  });
});
