import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { epochMs, type ChildId, type OrganisationId } from '#kernel';
import { HUB } from '../disclose/rules.ts';
import { access, at, DAY, SOCIAL_CARE, WORDS } from './fixture.spec-help.ts';
import {
  breakGlassDecider,
  REVIEW_OUTCOMES,
  suspensionsOf,
  type BreakGlassCommand,
  type EmergencyBook,
} from './index.ts';

const { initialState, evolve, decide } = breakGlassDecider;
/** Close together, so that they meet, and far apart, so that limits pass; in any order, as a clock that is set back gives them. */
const minute = fc.oneof(fc.nat({ max: 90 }), fc.nat({ max: 10 * DAY }));
const grant = fc.constantFrom('g1', 'g2', 'g3', 'g4', 'g5', 'g6');
const officerOf = fc.constantFrom<OrganisationId>(HUB, SOCIAL_CARE);
const command: fc.Arbitrary<BreakGlassCommand> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .tuple(grant, minute, fc.integer({ min: 1, max: 60 }), fc.constantFrom('maya', 'tom'))
      .map(([id, from, lasts, child]) => ({
        type: 'start' as const,
        data: access(id, from, lasts, { child: child as ChildId }),
      })),
  },
  minute.map((on) => ({
    type: 'noteNotFound' as const,
    data: {
      attempt: `a${on}`,
      at: at(on),
      role: 'social-worker' as const,
      purpose: 'safeguarding' as const,
      reason: 'child-missing' as const,
    },
  })),
  fc.tuple(grant, minute).map(([id, on]) => ({ type: 'end' as const, data: { grant: id, at: at(on) } })),
  fc.tuple(grant, minute).map(([id, on]) => ({
    type: 'explain' as const,
    data: { grant: id, at: at(on), words: WORDS },
  })),
  fc.tuple(grant, minute, fc.constantFrom(...REVIEW_OUTCOMES), officerOf).map(([id, on, outcome, of]) => ({
    type: 'review' as const,
    data: { grant: id, at: at(on), by: `officer of ${of}`, outcome },
    officerOf: of,
  })),
  fc.tuple(grant, minute).map(([id, on]) => ({
    type: 'reinstate' as const,
    data: { grant: id, at: at(on), by: 'officer' },
    officerOf: HUB,
  })),
);
const commands = fc.array(command, { maxLength: 14 });

/** Carries out what is taken and shows each step. */
function carriedOut(
  all: readonly BreakGlassCommand[],
  step: (command: BreakGlassCommand, before: EmergencyBook, after: EmergencyBook) => void,
): void {
  let book = initialState;
  for (const each of all) {
    const decided = decide(each, book);
    if (!decided.ok) continue;
    const after = decided.value.reduce(evolve, book);
    step(each, book, after);
    book = after;
  }
}

describe('whatever is asked of a book', () => {
  it('a repeated command adds nothing', () => {
    fc.assert(
      fc.property(commands, (all) => {
        carriedOut(all, (each, _before, after) => {
          const again = decide(each, after);
          // An explanation that was given is refused the second time, which adds nothing either.
          expect(again.ok ? again.value : []).toEqual([]);
        });
      }),
    );
  });

  it('no state of it has two accesses to one child that are active at one moment', () => {
    fc.assert(
      fc.property(commands, (all) => {
        carriedOut(all, (_each, _before, after) => {
          // What was ended is active at no moment any more, whatever a clock that is set back says.
          const open = [...after.accesses.values()]
            .filter(({ endedAt }) => endedAt === null)
            .map(({ child, from, until }) => [child, epochMs(from), epochMs(until)] as const);
          for (const [n, [child, from, until]] of open.entries())
            for (const [other, start, end] of open.slice(n + 1))
              expect(child === other && from < end && start < until).toBe(false);
        });
      }),
      { numRuns: 500 },
    );
  });

  it('nothing starts while the user is suspended', () => {
    let barred = 0;
    fc.assert(
      fc.property(commands, (all) => {
        let book = initialState;
        for (const each of all) {
          const decided = decide(each, book);
          const after = decided.ok ? decided.value.reduce(evolve, book) : book;
          if (each.type === 'start' && suspensionsOf(book, each.data.from).length > 0) {
            barred += 1;
            expect(after.accesses.size).toBe(book.accesses.size);
          }
          book = after;
        }
      }),
      { numRuns: 500 },
    );
    // The law speaks of something only if it comes up.
    expect(barred).toBeGreaterThan(100);
  });
});
