import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ChildId, FactId, Instant, OrganisationId, PlainDate } from '#kernel';
import type {
  BreakGlassGranted,
  ConsentGiven,
  ConsentRefused,
  RelationshipEnded,
  RelationshipStarted,
} from '#contracts';
import type { Reader } from '../model.ts';
import {
  activeRelationship,
  consentState,
  decideProtection,
  emptyProtection,
  evolveProtection,
  protectionDecider,
  type ProtectionChange,
  type ProtectionCommand,
} from './index.ts';

const child = 'c1' as ChildId;
const day = (text: string) => text as PlainDate;
const school = 'school' as OrganisationId;
const consent: ConsentGiven = {
  consent: 'one',
  categories: ['voice'],
  purposes: ['sen-support'],
  authority: 'parental-responsibility',
  until: null,
};
const refusal: ConsentRefused = {
  consent: 'two',
  categories: ['voice'],
  purposes: ['sen-support'],
  authority: 'court-order',
};
const start: RelationshipStarted = {
  fact: 'f1' as FactId,
  organisation: school,
  kind: 'on-roll',
  name: 'roll',
  from: day('2026-09-01'),
};
const end: RelationshipEnded = {
  fact: 'f2' as FactId,
  organisation: school,
  kind: 'on-roll',
  name: 'roll',
  until: day('2026-10-01'),
};
const grant: BreakGlassGranted = {
  grant: 'g1',
  organisation: school,
  person: 'p',
  role: 'social-worker',
  purpose: 'safeguarding',
  reason: 'risk-of-serious-harm',
  from: '2026-11-24T09:30:00.000Z' as Instant,
  until: '2026-11-24T10:00:00.000Z' as Instant,
};
const gave: ProtectionChange = { type: 'consent.given.v1', data: consent };
const refused: ProtectionChange = { type: 'consent.refused.v1', data: refusal };
const withdrew = (id: string): ProtectionChange => ({ type: 'consent.withdrawn.v1', data: { consent: id } });
const started = (data = start): ProtectionChange => ({ type: 'relationship.started.v1', data });
const endedOn = (data = end): ProtectionChange => ({ type: 'relationship.ended.v1', data });

const given = (...changes: readonly ProtectionChange[]) => changes.reduce(evolveProtection, emptyProtection(child));
const when = (command: ProtectionCommand, ...before: readonly ProtectionChange[]) =>
  decideProtection(command, given(...before));
const then = (...value: readonly ProtectionChange[]) => ({ ok: true, value });
const rejected = (code: string, pointer: string) => ({ ok: false, error: { code, pointer } });
const reader: Reader = { sub: 'p', organisation: school, role: 'senco', acr: 'x', client: 'x' };
const active = (on: string, ...changes: readonly ProtectionChange[]) =>
  activeRelationship(reader, day(on), [given(...changes)]) !== undefined;

describe('consent', () => {
  it('is given, refused and withdrawn once by its id', () => {
    const give: ProtectionCommand = { type: 'giveConsent', data: consent };
    expect(when(give)).toEqual(then(gave));
    expect(when(give, gave)).toEqual(then());
    expect(when({ type: 'refuseConsent', data: refusal }, gave)).toEqual(then(refused));
    expect(when({ type: 'refuseConsent', data: refusal }, refused)).toEqual(then());
    expect(when({ type: 'withdrawConsent', data: { consent: 'one' } }, gave)).toEqual(then(withdrew('one')));
    expect(when({ type: 'withdrawConsent', data: { consent: 'one' } }, gave, withdrew('one'))).toEqual(then());
    expect(when({ type: 'withdrawConsent', data: { consent: 'one' } })).toEqual(
      rejected('CONSENT_UNKNOWN', '/consent'),
    );
  });

  it('may be withdrawn by anybody where it allowed, and where it refused only by whoever refused; never where a court did', () => {
    const withdraw = (by: string) => ({ type: 'withdrawConsent', data: { consent: 'one', by } }) as const;
    const from = (by: string, authority: ConsentRefused['authority'] = 'parental-responsibility') =>
      ({ type: 'consent.refused.v1', data: { ...refusal, consent: 'one', by, authority } }) as const;
    expect(when(withdraw('other'), { ...gave, data: { ...gave.data, by: 'mother' } })).toMatchObject({ ok: true });
    expect(when(withdraw('mother'), from('mother'))).toMatchObject({ ok: true });
    const refused = rejected('CONSENT_OF_ANOTHER', '/consent');
    expect(when(withdraw('father'), from('mother'))).toEqual(refused);
    expect(when(withdraw('mother'), from('mother', 'court-order'))).toEqual(refused);
  });

  it('cannot be brought back by sending it again after it was withdrawn', () => {
    expect(when({ type: 'giveConsent', data: consent }, gave, withdrew('one'))).toEqual(
      rejected('CONSENT_ALREADY_WITHDRAWN', '/consent'),
    );
    expect(given(gave, withdrew('one'), gave).consents.size).toBe(0);
  });

  it('is one of so many of one person that decisions stay quick; nobody else is kept from speaking, nor anybody from taking back', () => {
    const all = Array.from({ length: 100 }, (_, n): ProtectionChange => {
      const data = { ...consent, consent: `c${String(n)}`, by: 'mother' };
      return n % 2 === 0
        ? { type: 'consent.given.v1', data }
        : { type: 'consent.refused.v1', data: { ...refusal, ...data, authority: 'parental-responsibility' } };
    });
    const more = (by: string): ProtectionCommand => ({ type: 'giveConsent', data: { ...consent, by } });
    const refuses: ProtectionCommand = { type: 'refuseConsent', data: { ...refusal, by: 'mother' } };
    for (const command of [more('mother'), refuses])
      expect(when(command, ...all)).toEqual(rejected('CONSENTS_TOO_MANY', '/consent'));
    expect(when(more('father'), ...all).ok).toBe(true);
    const back: ProtectionCommand = { type: 'withdrawConsent', data: { consent: 'c0', by: 'mother' } };
    expect(when(back, ...all).ok).toBe(true);
    expect(when(more('mother'), ...all, { type: 'consent.withdrawn.v1', data: { consent: 'c0' } }).ok).toBe(true);
    // What was said already is answered as before.
    expect(when({ type: 'giveConsent', data: { ...consent, consent: 'c0', by: 'mother' } }, ...all)).toEqual(then());
  });

  it('keeps its id for one meaning', () => {
    const other = { ...consent, purposes: ['transition'] as const };
    expect(when({ type: 'giveConsent', data: other }, gave)).toEqual(rejected('CONSENT_ID_TAKEN', '/consent'));
    expect(when({ type: 'refuseConsent', data: { ...refusal, consent: 'one' } }, gave)).toEqual(
      rejected('CONSENT_ID_TAKEN', '/consent'),
    );
  });

  it.each([
    ['CATEGORY_MISSING', '/categories', { categories: [] }],
    ['CATEGORY_UNKNOWN', '/categories/0', { categories: ['gossip' as 'voice'] }],
    ['PURPOSE_MISSING', '/purposes', { purposes: [] }],
    ['PURPOSE_UNKNOWN', '/purposes/1', { purposes: ['audit', 'Audit' as 'audit'] }],
    ['DATE_INVALID', '/until', { until: day('2026-02-30') }],
    ['CONSENT_ID_INVALID', '/consent', { consent: '' }],
  ] as const)('is rejected with %s at %s', (code, pointer, change) => {
    expect(when({ type: 'giveConsent', data: { ...consent, ...change } })).toEqual(rejected(code, pointer));
  });

  it('stands as the most restrictive of what was said says', () => {
    const state = (on: string, ...changes: readonly ProtectionChange[]) =>
      consentState('voice', 'sen-support', day(on), [given(...changes)]).state;
    const lasting: ProtectionChange = { type: 'consent.given.v1', data: { ...consent, until: day('2026-09-30') } };
    expect(state('2026-09-01')).toBe('not-given');
    expect(state('2026-09-30', lasting)).toBe('given');
    expect(state('2026-10-01', lasting)).toBe('expired');
    expect(state('2026-09-01', gave, withdrew('one'))).toBe('withdrawn');
    expect(state('2026-09-01', refused, gave)).toBe('refused');
    expect(state('2026-09-01', refused, gave, withdrew('two'))).toBe('given');
    expect(consentState('voice', 'transition', day('2026-09-01'), [given(gave)]).state).toBe('not-given');
  });
});

describe('a relationship', () => {
  it('starts, is corrected, ends and is retracted by its fact, each once', () => {
    const later = { ...start, from: day('2026-09-08') };
    expect(when({ type: 'startRelationship', data: start })).toEqual(then(started()));
    expect(when({ type: 'startRelationship', data: start }, started())).toEqual(then());
    expect(when({ type: 'startRelationship', data: later }, started())).toEqual(then(started(later)));
    expect(when({ type: 'endRelationship', data: end }, endedOn())).toEqual(then());
    const retract: ProtectionCommand = { type: 'retractRelationship', data: { fact: start.fact } };
    expect(when(retract, started())).toEqual(then({ type: 'relationship.retracted.v1', data: { fact: start.fact } }));
    expect(when(retract)).toEqual(then());
    expect(active('2026-09-05', started(), started(later))).toBe(false);
  });

  it('is rejected without a day, a name or, in a family, a person', () => {
    expect(when({ type: 'startRelationship', data: { ...start, from: day('x') } })).toEqual(
      rejected('DATE_INVALID', '/from'),
    );
    expect(when({ type: 'endRelationship', data: { ...end, until: day('x') } })).toEqual(
      rejected('DATE_INVALID', '/until'),
    );
    expect(when({ type: 'startRelationship', data: { ...start, name: '' } })).toEqual(rejected('NAME_EMPTY', '/name'));
    expect(when({ type: 'startRelationship', data: { ...start, kind: 'family' } })).toEqual(
      rejected('PERSON_MISSING', '/person'),
    );
  });

  it('holds from its first to its last day, both included', () => {
    expect(
      ['2026-08-31', '2026-09-01', '2026-10-01', '2026-10-02'].map((on) => active(on, started(), endedOn())),
    ).toEqual([false, true, true, false]);
  });

  it('may last a single day', () => {
    const once = { ...end, until: start.from };
    expect(['2026-09-01', '2026-09-02'].map((on) => active(on, started(), endedOn(once)))).toEqual([true, false]);
  });

  it('is a new one where it starts after the end, and is not ended by another organisation, kind or name', () => {
    const back = { ...start, fact: 'f3' as FactId, from: day('2026-10-02') };
    expect(active('2026-10-02', started(), endedOn(), started(back))).toBe(true);
    expect(active('2027-01-01', started(), endedOn({ ...end, name: 'other' }))).toBe(true);
    expect(active('2027-01-01', started(), endedOn({ ...end, kind: 'caseload' }))).toBe(true);
    expect(active('2027-01-01', started(), endedOn({ ...end, organisation: 'trust' as OrganisationId }))).toBe(true);
  });

  it('goes on where its end was retracted', () => {
    expect(
      active('2027-01-01', started(), endedOn(), { type: 'relationship.retracted.v1', data: { fact: end.fact } }),
    ).toBe(true);
  });

  it('comes out alike in every order of arrival', () => {
    const dates = fc.constantFrom('2026-01-01', '2026-01-02', '2026-01-03', '2026-01-04').map(day);
    const changes = fc
      .array(fc.tuple(fc.boolean(), dates), { maxLength: 6 })
      .map((pairs) =>
        pairs.map(([begins, on], n) =>
          begins
            ? started({ ...start, fact: `s${n}` as FactId, from: on })
            : endedOn({ ...end, fact: `e${n}` as FactId, until: on }),
        ),
      );
    fc.assert(
      fc.property(
        changes.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))),
        dates,
        ([one, other], on) => {
          expect(active(on, ...one)).toBe(active(on, ...other));
        },
      ),
    );
  });
});

describe('emergency access', () => {
  const granted: ProtectionChange = { type: 'break-glass.granted.v1', data: grant };
  const over: ProtectionChange = { type: 'break-glass.ended.v1', data: { grant: grant.grant } };
  const give: ProtectionCommand = { type: 'grantBreakGlass', data: grant };
  const end: ProtectionCommand = { type: 'endBreakGlass', data: { grant: grant.grant } };

  it('is granted and ended once', () => {
    expect(when(give)).toEqual(then(granted));
    expect(when(give, granted)).toEqual(then());
    expect(when(end, granted)).toEqual(then(over));
    expect(when(end, granted, over)).toEqual(then());
  });

  it('that was ended before it was granted here never begins', () => {
    expect(when(end)).toEqual(then(over));
    expect(when(give, over)).toEqual(then());
    expect(given(over, granted).grants.size).toBe(0);
  });

  it('has one meaning an id, and an end after its beginning', () => {
    const other = { ...grant, person: 'somebody-else' };
    expect(when({ type: 'grantBreakGlass', data: other }, granted)).toEqual(rejected('GRANT_ID_TAKEN', '/grant'));
    const backwards = { ...grant, until: grant.from };
    expect(when({ type: 'grantBreakGlass', data: backwards })).toEqual(rejected('TIME_INVALID', '/until'));
  });
});

describe('the decider', () => {
  it('does not overlook a restriction of a later release', () => {
    const later = { type: 'restriction.added.v1', data: {} } as unknown as ProtectionChange;
    expect(() => given(started(), later)).toThrow();
  });

  it('adds nothing when any command is repeated on what it led to', () => {
    const { initialState, evolve, decide } = protectionDecider(child);
    const commands = fc.constantFrom<ProtectionCommand>(
      { type: 'giveConsent', data: consent },
      { type: 'refuseConsent', data: refusal },
      { type: 'withdrawConsent', data: { consent: 'one' } },
      { type: 'startRelationship', data: start },
      { type: 'endRelationship', data: end },
      { type: 'retractRelationship', data: { fact: start.fact } },
      { type: 'grantBreakGlass', data: grant },
      { type: 'endBreakGlass', data: { grant: grant.grant } },
    );
    fc.assert(
      fc.property(fc.array(commands, { maxLength: 8 }), (all) => {
        let state = initialState;
        for (const command of all) {
          const first = decide(command, state);
          if (!first.ok) continue;
          state = first.value.reduce(evolve, state);
          expect(decide(command, state)).toEqual({ ok: true, value: [] });
        }
      }),
    );
  });
});
