import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CATEGORIES, type Category } from '#contracts';
import { decide, permittedSlices } from '../src/decide/index.ts';
import { asked, ORGANISATIONS } from './asked.spec-help.ts';
import { cedarOracle } from './index.ts';

const oracle = cedarOracle();

/** What a run has met; a comparison that never met a rule says nothing of it. */
interface Met {
  readonly permitted: number;
  readonly what: ReadonlyMap<string, number>;
}

function compare(runs: number, seed: number): Met {
  const what = new Map<string, number>();
  const meet = (...met: readonly string[]) => met.forEach((each) => what.set(each, (what.get(each) ?? 0) + 1));
  let permitted = 0;
  const agrees = fc.property(asked, ({ question, slice }) => {
    const ours = decide(question, slice);
    const theirs = oracle(question, slice);
    expect({ effect: theirs.effect, alarm: theirs.alarm }).toEqual({
      effect: ours.effect,
      alarm: ours.effect === 'deny' && ours.policyAlarm,
    });
    if (ours.effect === 'permit') {
      permitted++;
      meet(ours.rule, ours.mode, ...(ours.sharingDecision === undefined ? [] : ['without-consent']));
      expect([theirs.policies, theirs.mode]).toEqual([[ours.rule], ours.mode]);
    } else if (ours.policyAlarm) meet('alarm');
    else {
      meet(...ours.refusals);
      expect(theirs.policies).toEqual(expect.arrayContaining(ours.refusals.filter((id) => id !== 'no-agreement')));
    }
  });
  fc.assert(agrees, { numRuns: runs, seed });
  return { permitted, what };
}

const RUNS = 6_250;
const MET = ['agreement', 'own-organisation', 'break-glass', 'content', 'existence', 'without-consent', 'alarm'].concat(
  [
    'organisation-unknown',
    'role-lacks-purpose',
    'no-relationship',
    'sealed',
    'restricted',
    'no-agreement',
    'no-consent',
    'consent-refused',
    'decided-not-to-share',
  ],
);

describe('decide against the published Cedar text, 50,000 times', () => {
  it.each([
    ...[20_261, 20_262, 20_263, 20_264, 20_265, 20_266, 20_267].map((seed) => ['a fixed seed', seed] as const),
    ['a seed of this run (printed by fast-check where it fails)', fc.sample(fc.integer(), 1)[0] ?? 1] as const,
  ])(
    `agrees ${String(RUNS)} times with %s, %i`,
    (_name, seed) => {
      const { permitted, what } = compare(RUNS, seed);
      expect(permitted).toBeGreaterThan(RUNS / 10);
      expect(permitted).toBeLessThan((RUNS * 9) / 10);
      for (const each of MET) expect([each, (what.get(each) ?? 0) >= 10]).toEqual([each, true]);
    },
    240_000,
  );
});

describe('what may be seen', () => {
  it('is exactly every slice that may be seen, one by one', () => {
    fc.assert(
      fc.property(asked, ({ question }) => {
        const all = ORGANISATIONS.flatMap((source) =>
          (Object.keys(CATEGORIES) as Category[]).flatMap((each) =>
            [false, true].map((reliesOnConsent) => ({ organisation: source, category: each, reliesOnConsent })),
          ),
        );
        const one = all.map((each) => decide(question, each)).filter(({ effect }) => effect === 'permit');
        const listed = permittedSlices(question);
        expect(listed).toHaveLength(one.length);
        expect(new Set(listed.map((each) => JSON.stringify(each)))).toEqual(
          new Set(one.map((each) => JSON.stringify(each))),
        );
      }),
      { numRuns: 300 },
    );
  });
});
