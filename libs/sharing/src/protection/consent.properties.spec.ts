import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ChildId, OrganisationId, PlainDate } from '#kernel';
import type { AuthorityKind, Category, ConsentGiven, Purpose } from '#contracts';
import type { Protection } from '../model.ts';
import { restrictionsOnly } from '../publish/moves.ts';
import {
  consentState,
  decideProtection,
  emptyProtection,
  evolveProtection,
  sharingDecision,
  type ProtectionChange,
  type ProtectionCommand,
} from './index.ts';

const trust = 'trust' as OrganisationId;
const care = 'care' as OrganisationId;
const day = (text: string) => text as PlainDate;
const TODAY = day('2026-11-24');
const anyDay = fc.constantFrom('2026-11-01', '2026-11-23', '2026-11-24', '2026-11-25', '2027-01-01').map(day);
const until = fc.option(anyDay, { nil: null });
const person = fc.constantFrom('mother', 'father', 'maya');
const coin = fc.boolean();
const CATEGORIES: readonly Category[] = ['voice', 'health.therapy'];
const PURPOSES: readonly Purpose[] = ['sen-support', 'transition'];
const categories = fc.subarray([...CATEGORIES], { minLength: 1 });
const purposes = fc.subarray([...PURPOSES], { minLength: 1 });
const scope = { categories, purposes };
const speaker = fc
  .record({
    by: person,
    authority: fc.constantFrom<ConsentGiven['authority']>(
      'parental-responsibility',
      'gillick-competent-child',
      'young-person-16',
      'court-order',
    ),
    organisation: fc.option(fc.constant(care), { nil: undefined }),
  })
  .map(({ organisation, ...rest }) => (organisation === undefined ? rest : { ...rest, organisation }));

/** The statements about one id, in the order in which its organisation or person made them. */
type Thread = (id: string) => readonly ProtectionCommand[];
const consents: fc.Arbitrary<Thread> = fc
  .record({ ...scope, speaker, until, refuses: coin, withdrawn: coin })
  .map(({ speaker: who, until: last, refuses, withdrawn, ...rest }) => (consent) => {
    const said = { consent, ...rest, ...who };
    const back = { consent, by: who.by, because: 'order-ended', organisation: care } as const;
    return [
      refuses ? { type: 'refuseConsent', data: said } : { type: 'giveConsent', data: { ...said, until: last } },
      ...(withdrawn ? [{ type: 'withdrawConsent', data: back } as const] : []),
    ];
  });
const authorities: fc.Arbitrary<Thread> = fc
  .record({
    holder: fc.constantFrom(null, 'mother', 'father', 'maya'),
    from: anyDay,
    until,
    ends: fc.option(anyDay, { nil: undefined }),
    ties: coin,
  })
  .map(({ holder, from, until: last, ends, ties }) => (authority) => {
    const care_ = holder === null;
    const kind: AuthorityKind = care_ ? 'care-order' : 'parental-responsibility';
    const data = {
      authority,
      kind,
      evidence: care_ ? 'care-order' : 'birth-registration',
      organisation: care,
      person: holder,
      ...(care_ ? { holder: care } : {}),
      ...(ties && !care_ ? { ties: 'role' } : {}),
      from,
      until: last,
    } as const;
    return [
      { type: 'recordAuthority', data },
      ...(ends === undefined
        ? []
        : [{ type: 'endAuthority', data: { authority, endedOn: ends, because: 'ended' } } as const]),
    ];
  });
const assessments: fc.Arbitrary<Thread> = fc
  .record({ ...scope, able: coin, test: fc.constantFrom('gillick' as const, 'mental-capacity' as const), on: anyDay })
  .map(({ able, on, ...rest }) => (assessment) => [
    {
      type: 'assessCompetence',
      data: {
        assessment,
        ...rest,
        person: 'maya',
        criteria: { understands: able, retains: true, weighs: true, communicates: true, voluntary: true },
        organisation: trust,
        role: 'paediatrician',
        by: 'doctor',
        on,
        until: day('2027-01-31'),
      },
    },
  ]);
const decisions: fc.Arbitrary<Thread> = fc
  .record({ ...scope, refuses: coin, from: anyDay, ended: coin })
  .map(({ refuses, ended, ...rest }) => (decision) => {
    const outcome = refuses
      ? ({ outcome: 'not-to-share', ground: 'risk-to-child' } as const)
      : ({ outcome: 'without-consent', ground: 'court-order' } as const);
    const data = { decision, ...rest, ...outcome, source: trust, recipient: null, by: 'x', until: null };
    return [
      { type: 'decideSharing', data },
      ...(ended ? [{ type: 'endSharingDecision', source: trust, data: { decision, by: 'x' } } as const] : []),
    ];
  });
const objections: fc.Arbitrary<Thread> = fc.record({ ...scope, upheld: coin }).map(({ upheld, ...rest }) => (id) => {
  const made = { objection: id, ...rest, organisation: trust, by: 'mother', on: TODAY };
  const sharing = {
    decision: `${id} not`,
    ...rest,
    outcome: 'not-to-share',
    ground: 'objection-upheld',
    source: trust,
    recipient: null,
    by: 'x',
    from: TODAY,
    until: null,
  } as const;
  const answer = { objection: id, by: 'x', on: TODAY } as const;
  return [
    { type: 'makeObjection', data: made },
    upheld
      ? {
          type: 'decideObjection',
          source: trust,
          data: { ...answer, outcome: 'upheld', decision: sharing.decision },
          sharing,
        }
      : { type: 'decideObjection', source: trust, data: { ...answer, outcome: 'overridden', ground: 'legal-claims' } },
  ];
});
const claims: fc.Arbitrary<Thread> = fc.record({ from: anyDay, ended: coin }).map(({ from, ended }) => (claim) => [
  {
    type: 'claimRelationship',
    data: { claim, organisation: trust, person: 'x', role: 'therapist', reason: 'new-referral', from, until: from },
  },
  ...(ended ? [{ type: 'endClaim', data: { claim, because: 'unfounded' } } as const] : []),
]);
const role: Thread = () => [
  {
    type: 'recordAuthority',
    data: {
      authority: 'role',
      kind: 'parental-responsibility',
      evidence: 'nhs-validated-role',
      organisation: trust,
      person: null,
      fact: 'role' as never,
      from: day('2020-01-01'),
      until: null,
    },
  },
];
const thread = fc.oneof(
  { weight: 4, arbitrary: consents },
  { weight: 3, arbitrary: authorities },
  { weight: 2, arbitrary: assessments },
  decisions,
  objections,
  claims,
  fc.constant(role),
);
const threads = fc.array(thread, { maxLength: 9 }).map((all) => all.map((each, at) => each(`id-${at}`)));

const said = (commands: readonly ProtectionCommand[], child = 'c') =>
  commands.reduce(
    (protection, command) => {
      const decided = decideProtection(command, protection);
      return decided.ok ? decided.value.reduce(evolveProtection, protection) : protection;
    },
    emptyProtection(child as ChildId),
  );
const pairs = CATEGORIES.flatMap((category) => PURPOSES.map((purpose) => [category, purpose] as const));
const states = (protections: readonly Protection[]) =>
  pairs.map(([category, purpose]) => consentState(category, purpose, TODAY, protections));
const shares = (protections: readonly Protection[]) => states(protections).map(({ state }) => state === 'given');

/** The threads one after the other, or mixed: the statements of each id stay in their order. */
const mixed = (all: readonly (readonly ProtectionCommand[])[], order: readonly number[]) => {
  const left = all.map((each) => [...each]);
  // What ties to the role needs it there to be recorded at all.
  const turns = order.map((turn) => left[turn % Math.max(left.length, 1)]?.shift());
  return [...turns, ...left.flat()].filter((command) => command !== undefined);
};

describe('what is said of consent and authority', () => {
  it('comes out alike in every order of arrival of different ids', () => {
    fc.assert(
      fc.property(threads, fc.array(fc.nat(20), { maxLength: 30 }), (all, order) => {
        const first = [role('role'), ...all].flat();
        const [one, other] = [said(first), said([...role('role'), ...mixed(all, order)])];
        expect(states([other])).toEqual(states([one]));
        for (const outcome of ['not-to-share', 'without-consent'] as const)
          for (const [category, purpose] of pairs) {
            const sharing = { source: trust, recipient: care, category, purpose };
            const found = [one, other].map((each) => sharingDecision(outcome, sharing, TODAY, [each]) !== undefined);
            expect(found[0]).toBe(found[1]);
          }
        expect([...other.claims.keys()].toSorted()).toEqual([...one.claims.keys()].toSorted());
      }),
      { numRuns: 500 },
    );
  });

  it('never lets more be shared because a consent is withdrawn, a refusal is added or an authority ends', () => {
    let stopped = 0;
    const law = fc.property(threads, threads, speaker, fc.nat(20), fc.nat(20), (now, before, who, at, pair) => {
      const own = said(now.flat());
      const earlier = restrictionsOnly(said(before.flat(), 'earlier'));
      const shared = shares([own, earlier]);
      const [category, purpose] = pairs[pair % pairs.length] ?? ['voice', 'sen-support'];
      const refusal = { consent: 'new', categories: [category], purposes: [purpose], ...who };
      const withdrawn = [...own.consents.values()].at(at % Math.max(own.consents.size, 1));
      const ended = [...own.authorities.values()].at(at % Math.max(own.authorities.size, 1));
      const changes: ProtectionChange[] = [
        { type: 'consent.refused.v1', data: refusal },
        ...(withdrawn === undefined
          ? []
          : [{ type: 'consent.withdrawn.v1', data: { consent: withdrawn.consent } } as const]),
        ...(ended === undefined
          ? []
          : [
              {
                type: 'authority.ended.v1',
                data: { authority: ended.authority, endedOn: TODAY, because: 'ended' },
              } as const,
            ]),
      ];
      for (const change of changes) {
        const after = shares([evolveProtection(own, change), earlier]);
        for (const [n, may] of after.entries()) {
          if (may) expect(shared[n]).toBe(true);
          else if (shared[n] === true) stopped++;
        }
        // Nor where it is said of a child that the record belonged to before; there the id may be a refusal's, which may be taken back.
        if (change.type === 'consent.withdrawn.v1') continue;
        const there = shares([own, restrictionsOnly(evolveProtection(said(before.flat(), 'earlier'), change))]);
        for (const [n, may] of there.entries()) if (may) expect(shared[n]).toBe(true);
      }
    });
    fc.assert(law, { numRuns: 2_000 });
    expect(stopped).toBeGreaterThan(100);
  });

  it('adds nothing when any command is repeated on what it led to', () => {
    fc.assert(
      fc.property(threads, (all) => {
        let protection = emptyProtection('c' as ChildId);
        for (const command of all.flat()) {
          const decided = decideProtection(command, protection);
          if (!decided.ok) continue;
          protection = decided.value.reduce(evolveProtection, protection);
          expect(decideProtection(command, protection)).toEqual({ ok: true, value: [] });
        }
      }),
      { numRuns: 500 },
    );
  });
});
