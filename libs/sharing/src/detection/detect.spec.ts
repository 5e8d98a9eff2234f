import { describe, expect, it } from '@jest/globals';
import type { OrganisationId } from '#kernel';
import { access, NO_HISTORY, several, TRUST, windowOf, winter } from './accesses.spec-help.ts';
import type { Access } from './access.ts';
import { detect } from './detect.ts';
import { DETECTION_RULES, type DetectionRuleId, type Threshold } from './rules.data.ts';
import type { Window } from './window.ts';

const found = (accesses: readonly Access[], differs: Partial<Window> = {}): readonly string[] =>
  detect(windowOf(accesses, differs)).map(({ rule }) => rule);
const one = (rule: DetectionRuleId, accesses: readonly Access[], differs: Partial<Window> = {}) =>
  detect(windowOf(accesses, differs)).find((each) => each.rule === rule);

describe('what is looked for', () => {
  it('finds nothing in an ordinary day', () => {
    expect(found(several(20, (n) => access(n, { child: `c${String(n)}` })))).toEqual([]);
  });

  it('finds a permit without a relationship, but not under emergency access, nor a mere match', () => {
    expect(found([access(0, { standing: 'none' })])).toEqual(['permit-without-relationship']);
    expect(found([access(0, { standing: 'none', breakGlass: 'g' })])).toEqual([]);
    expect(found([access(0, { standing: 'none', kind: 'match' })])).toEqual([]);
  });

  it('finds what was read on one’s own claim', () => {
    expect(found([access(0, { standing: 'self-claimed' })])).toEqual(['self-claimed-relationship']);
  });

  it('finds refusals at the fifth, unknown children counted, a system never', () => {
    const refusals = (count: number, differs: Partial<Access> = {}) =>
      several(count, (n) => access(n, { effect: 'deny', standing: 'none', child: null, ...differs }));
    expect(found(refusals(4))).toEqual([]);
    expect(found(refusals(5))).toEqual(['refused-attempts']);
    expect(found(refusals(5, { role: 'organisation-system', standing: 'not-needed' }))).toEqual([]);
  });

  it('finds staff at their own family, attempts counted, and no parent who reads as one', () => {
    expect(found([access(0, { ownChild: true, effect: 'deny' })])).toEqual(['own-child']);
    expect(found([access(0, { ownChild: true, role: 'parent' })])).toEqual([]);
  });

  it('finds restricted facts read on a claim or in an emergency, not by those who work with the child', () => {
    expect(found([access(0, { restricted: true, standing: 'self-claimed' })])).toContain('restricted-without-fact');
    expect(found([access(0, { restricted: true, breakGlass: 'g', standing: 'none' })])).toContain(
      'restricted-without-fact',
    );
    expect(found([access(0, { restricted: true })])).toEqual([]);
  });

  it('finds the first try at a watched child that no fact explains', () => {
    expect(found([access(0, { watched: true, standing: 'none', effect: 'deny', kind: 'match' })])).toEqual([
      'watched-child',
    ]);
    expect(found([access(0, { watched: true })])).toEqual([]);
  });

  it('finds evenings, weekends and bank holidays in the time of the area, and lets duty teams work', () => {
    const five = (day: string, time: string, differs: Partial<Access> = {}) =>
      several(5, (n) => access(0, { at: winter(day, time), child: `c${String(n)}`, ...differs }));
    expect(found(five('2026-11-24', '19:59'))).toEqual([]);
    expect(found(five('2026-11-24', '20:00'))).toEqual(['after-hours']);
    expect(found(five('2026-11-24', '06:59'))).toEqual(['after-hours']);
    expect(found(five('2026-11-28', '10:00'))).toEqual(['after-hours']);
    expect(found(five('2026-12-28', '10:00'))).toEqual(['after-hours']);
    // In summer the clock of the area is an hour ahead.
    expect(found(five('2026-07-07', '19:00'))).toEqual(['after-hours']);
    expect(found(five('2026-07-07', '06:00'))).toEqual([]);
    expect(found(five('2026-11-28', '10:00', { role: 'social-worker' }))).toEqual([]);
    expect(found(five('2026-11-28', '10:00').slice(1))).toEqual([]);
  });

  it('compares the number of children with the person’s own days and with others of the role', () => {
    const day = (count: number) => several(count, (n) => access(n, { child: `c${String(n)}` }));
    const history = { ...NO_HISTORY, own: [10, 10, 10, 10, 10], peers: [5, 10, 15] };
    expect(found(day(29), { history })).toEqual([]);
    expect(one('volume', day(30), { history })).toMatchObject({
      counts: { children: 30, limit: 30, own: 10, peers: 10 },
      words: '30 children in a day; usual for them 10, usual for the role 10; 30 or more are told.',
    });
    expect(found(day(30), { history: { ...history, own: [1, 1, 1, 1, 1], peers: [20, 20, 20] } })).toEqual([]);
    expect(found(day(24), { history: { ...history, own: [1, 1, 1, 1, 1] } })).toEqual([]);
    expect(found(day(59))).toEqual([]);
    expect(found(day(60))).toEqual(['volume']);
  });

  it('finds children that were looked for and never opened', () => {
    const matches = several(15, (n) => access(n, { kind: 'match', child: `c${String(n)}` }));
    expect(found(matches)).toEqual(['matches-without-opening']);
    expect(found([access(0, { child: 'c3' }), ...matches])).toEqual([]);
  });

  it('finds guessing at ten for people, and lets a system ask for its intake', () => {
    const guesses = (count: number, differs: Partial<Access> = {}) =>
      several(count, (n) => access(n, { kind: 'match', effect: 'deny', child: null, standing: 'none', ...differs }));
    expect(found(guesses(9))).not.toContain('match-guessing');
    expect(found(guesses(10))).toContain('match-guessing');
    const system = { role: 'organisation-system', standing: 'not-needed' } as const;
    expect(found(guesses(499, system))).toEqual([]);
    expect(found(guesses(500, system))).toEqual(['match-guessing']);
  });

  it('counts emergency accesses, not what was read under one; of a team, everybody’s', () => {
    const under = (grant: string, minutes = 0, differs: Partial<Access> = {}) =>
      access(minutes, { breakGlass: grant, standing: 'none', ...differs });
    expect(found([under('a'), under('a', 1), under('b', 2)])).toEqual([]);
    expect(found([under('a'), under('b', 1), under('c', 2)])).toEqual(['break-glass-repeated']);
    const team = several(8, (n) => under(`g${String(n)}`, n, { team: 'duty', person: `p${String(n)}` }));
    expect(one('break-glass-team', team, { emergencies: [] })).toMatchObject({
      counts: { accesses: 8, people: 8 },
      person: null,
      team: 'duty',
    });
  });

  it('finds emergency access less than five minutes after a refusal of the same child', () => {
    const refused = access(0, { effect: 'deny', standing: 'none' });
    const after = (minutes: number, child = 'c1') => access(minutes, { breakGlass: 'g', standing: 'none', child });
    expect(found([refused, after(4)])).toEqual(['denied-then-break-glass']);
    expect(found([refused, after(5)])).toEqual([]);
    expect(found([refused, after(4, 'c2')])).toEqual([]);
    expect(found([after(0), access(1, { effect: 'deny', standing: 'none' })])).toEqual([]);
  });

  it('finds a purpose the role hardly states', () => {
    const day = several(5, (n) => access(n, { purpose: 'transition' }));
    const history = { ...NO_HISTORY, purposes: { 'sen-support': 490, transition: 10 } };
    expect(found(day, { history })).toEqual(['unusual-purpose']);
    expect(found(day, { history: { ...history, purposes: { 'sen-support': 480, transition: 20 } } })).toEqual([]);
    expect(found(day, { history: { ...history, purposes: { 'sen-support': 199 } } })).toEqual([]);
    expect(found(day.slice(1), { history })).toEqual([]);
  });

  it('finds a second try after the relationship ended', () => {
    const ended = (minutes: number) => access(minutes, { standing: 'ended', effect: 'deny' });
    expect(found([ended(0)])).toEqual([]);
    expect(found([ended(0), ended(1)])).toEqual(['after-relationship-ended']);
  });

  it('finds people after one child: five of them, or of three organisations', () => {
    const by = (person: number, organisation: string) =>
      access(person, {
        person: `p${String(person)}`,
        organisation: organisation as OrganisationId,
        effect: 'deny',
        standing: 'none',
      });
    const curious = (around: readonly Access[]) => found(around.slice(-1), { aroundChild: around });
    expect(curious([by(1, 'a'), by(2, 'a'), by(3, 'b'), by(4, 'b')])).toEqual([]);
    expect(curious([by(1, 'a'), by(2, 'a'), by(3, 'b'), by(4, 'b'), by(5, 'b')])).toEqual(['one-record-curiosity']);
    expect(curious([by(1, 'a'), by(2, 'b'), by(3, 'c')])).toEqual(['one-record-curiosity']);
  });

  it('finds exports beyond one’s own days', () => {
    const exports = (count: number) => several(count, (n) => access(n, { kind: 'export' }));
    expect(found(exports(4))).toEqual([]);
    expect(found(exports(5))).toEqual(['export-spike']);
    const history = { ...NO_HISTORY, ownExports: [2, 2] };
    expect(found(exports(5), { history })).toEqual([]);
    expect(found(exports(6), { history })).toEqual(['export-spike']);
  });

  it('finds a system that runs at night', () => {
    const run = (time: string) =>
      several(20, () =>
        access(0, {
          at: winter('2026-11-24', time),
          role: 'organisation-system',
          standing: 'not-needed',
          kind: 'match',
        }),
      );
    expect(found(run('03:00'))).toEqual(['system-outside-window']);
    expect(found(run('05:00'))).toEqual([]);
  });
});

describe('a finding', () => {
  it('explains itself: the looks it rests on, whose facts, what was compared with what, and no name', () => {
    const refused = several(60, (n) =>
      access(59 - n, { effect: 'deny', standing: 'none', child: `c${String(n)}`, sources: [TRUST] }),
    );
    const finding = one('refused-attempts', refused);
    expect(finding).toMatchObject({
      person: 'p1',
      child: null,
      organisation: 'oakfield-primary',
      role: 'senco',
      sources: [TRUST],
      counts: { attempts: 60, children: 60 },
      thresholds: { attempts: 5 },
      words: '60 attempts to find or read children were refused in a day (5 or more are told).',
    });
    // The newest fifty, oldest first.
    expect(finding?.evidence).toEqual(
      refused
        .slice(0, 50)
        .toReversed()
        .map(({ decision }) => decision),
    );
  });

  it('does not rest on what was aborted', () => {
    const aborted = access(0, { standing: 'none', aborted: true });
    expect(found([aborted])).toEqual([]);
    expect(found([aborted, access(1)])).toEqual([]);
  });
});

describe('the rules in words', () => {
  it('have a sentence for every number', () => {
    for (const [id, rule] of Object.entries(DETECTION_RULES)) {
      expect([id, Object.keys(rule.thresholds).length]).not.toEqual([id, 0]);
      const thresholds: Readonly<Record<string, Threshold>> = rule.thresholds;
      for (const text of [rule.title, rule.looksFor, rule.why, rule.whatToDo])
        expect([id, text]).toEqual([id, expect.stringMatching(/^[A-Z].{8,}/)]);
      for (const { value, reason } of Object.values(thresholds))
        expect([id, value > 0, reason]).toEqual([id, true, expect.stringMatching(/^[A-Z].{10,}\.$/)]);
    }
  });
});
