import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { access, NO_HISTORY, windowOf } from './accesses.spec-help.ts';
import type { Access } from './access.ts';
import { detect } from './detect.ts';
import { suppressing, type Suppression } from './suppression.ts';
import { scopeOf, type Window } from './window.ts';
import type { PlainDate } from '#kernel';

const differs = fc.record({
  kind: fc.constantFrom<Access['kind']>('match', 'open', 'export', 'other'),
  child: fc.constantFrom('c1', 'c2', 'c3', null),
  effect: fc.constantFrom<Access['effect']>('permit', 'deny'),
  standing: fc.constantFrom<Access['standing']>('fact', 'self-claimed', 'ended', 'none'),
  breakGlass: fc.constantFrom(null, null, 'g1', 'g2', 'g3'),
  restricted: fc.boolean(),
  watched: fc.boolean(),
  ownChild: fc.boolean(),
  minutes: fc.integer({ min: 0, max: 600 }),
});
const day = fc
  .array(differs, { minLength: 1, maxLength: 40 })
  .map((all) => all.map(({ minutes, ...each }) => access(minutes, each)));
const shuffledDay = day.chain((all) =>
  fc.tuple(fc.constant(all), fc.shuffledSubarray([...all], { minLength: all.length, maxLength: all.length })),
);
/** Every list of the window in another order, around the same newest access. */
const reordered = (window: Window, order: readonly Access[]): Window => {
  const place = new Map(order.map(({ decision }, at) => [decision, at]));
  const sorted = (list: readonly Access[]) =>
    list.toSorted((a, b) => (place.get(a.decision) ?? 0) - (place.get(b.decision) ?? 0));
  return {
    ...window,
    day: sorted(window.day),
    aroundChild: sorted(window.aroundChild),
    emergencies: sorted(window.emergencies),
    teamEmergencies: sorted(window.teamEmergencies),
  };
};

describe('detections', () => {
  it('are the same for any order of the accesses', () => {
    fc.assert(
      fc.property(shuffledDay, ([all, order]) => {
        const window = windowOf(all);
        expect(detect(reordered(window, order))).toEqual(detect(window));
      }),
    );
  });

  it('that count are never undone by more of the same', () => {
    const counts = ['refused-attempts', 'match-guessing', 'volume', 'export-spike', 'after-hours'];
    const ofMany = fc.tuple(
      fc.integer({ min: 1, max: 80 }),
      fc.integer({ min: 0, max: 40 }),
      fc.constantFrom<Access['kind']>('match', 'open', 'export'),
      fc.constantFrom<Access['effect']>('permit', 'deny'),
      fc.constantFrom('2026-11-24', '2026-11-28'),
    );
    fc.assert(
      fc.property(ofMany, ([count, more, kind, effect, on]) => {
        const many = Array.from({ length: count + more }, (_, n) =>
          access(0, {
            at: `${on}T10:00:00.000Z` as Access['at'],
            kind,
            effect,
            child: `c${String(n)}`,
            standing: 'none',
          }),
        );
        const rules = (accesses: readonly Access[]) =>
          detect(windowOf(accesses, { history: { ...NO_HISTORY, own: [3, 3, 3, 3, 3] } }))
            .map(({ rule }) => rule)
            .filter((rule) => counts.includes(rule));
        const [before, after] = [rules(many.slice(0, count)), rules(many)];
        expect(after).toEqual(expect.arrayContaining([...before]));
      }),
    );
  });

  it('of one rule and scope are at most one for a window, and rest on looks of the window', () => {
    fc.assert(
      fc.property(day, (all) => {
        const findings = detect(windowOf(all));
        expect(new Set(findings.map(scopeOf)).size).toBe(findings.length);
        const known = new Set(all.map(({ decision }) => decision));
        for (const { evidence } of findings) {
          expect(evidence.length).toBeGreaterThan(0);
          expect(evidence.every((decision) => known.has(decision))).toBe(true);
        }
      }),
    );
  });
});

describe('a suppression', () => {
  const today = '2026-11-24' as PlainDate;
  const suppression = fc.record({
    suppression: fc.constantFrom('s1', 's2'),
    rule: fc.constantFrom('refused-attempts', 'match-guessing', 'own-child'),
    organisation: fc.constantFrom(null, 'oakfield-primary', 'elsewhere'),
    until: fc.constantFrom('2026-11-23', '2026-11-24', '2026-12-24'),
    person: fc.constantFrom(null, 'p1', 'p2'),
    child: fc.constantFrom(null, 'c1'),
    officer: fc.constantFrom('p1', 'officer'),
  }) as fc.Arbitrary<Suppression>;

  it('never holds after its last day, for another rule, for whom it does not name, or for whoever made it', () => {
    fc.assert(
      fc.property(day, fc.array(suppression), (all, suppressions) => {
        for (const found of detect(windowOf(all))) {
          const by = suppressing(found, today, suppressions);
          const fits = suppressions.filter(
            (each) =>
              each.rule === found.rule &&
              each.until >= today &&
              each.officer !== found.person &&
              [null, found.organisation].includes(each.organisation) &&
              [null, found.person].includes(each.person) &&
              [null, found.child].includes(each.child),
          );
          expect(by).toBe(fits[0]);
        }
      }),
    );
  });
});
