import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Instant, OrganisationId, RecordId } from '#kernel';
import type { Stated } from '#contracts';
import { factDecider, type FactCommand, type FactState, type Unsealed } from './fact.ts';

const ORGANISATION = 'oakfield-primary' as OrganisationId;
const RECORD = '11111111-1111-4111-8111-111111111111' as RecordId;

const at = fc.constantFrom('2026-09-01T09:00:00.000Z', '2026-09-02T09:00:00.000Z', '2026-09-03T09:00:00.000Z');
const command = fc
  .record({ at, rank: fc.constantFrom(0, 1, 2), by: fc.constantFrom('a', 'b', 'c', 'd', 'e') })
  .map(({ at: time, rank, by }): FactCommand => {
    const stated = { at: time as Instant, rank, by } as Stated;
    return rank === 2
      ? {
          type: 'withdraw',
          known: 'same',
          body: { recordId: RECORD, organisation: ORGANISATION, stated, reason: 'duplicate' },
        }
      : { type: 'state', known: 'same', body: { recordId: RECORD, organisation: ORGANISATION, stated } as Unsealed };
  });
/** Submission ids are used once each, as the deletable table sees to. */
const commands = fc.uniqueArray(command, {
  maxLength: 5,
  selector: (one) => ('body' in one && 'stated' in one.body ? one.body.stated.by : ''),
});

function carriedOut(all: readonly FactCommand[]): FactState {
  return all.reduce((state, one) => {
    const decision = factDecider.decide(one, state);
    return decision.kind === 'event' ? factDecider.evolve(state, decision.draft) : state;
  }, factDecider.initialState);
}

describe('statements of one fact', () => {
  it('hold alike in every order and however often they are repeated', () => {
    const shuffled = commands.chain((all) =>
      fc.tuple(
        fc.constant(all),
        fc.shuffledSubarray([...all, ...all, ...all], { minLength: all.length * 3, maxLength: all.length * 3 }),
      ),
    );
    fc.assert(
      fc.property(shuffled, ([all, mixed]) => {
        const one = carriedOut(all);
        const other = carriedOut(mixed);
        expect(other.holds?.stated).toEqual(one.holds?.stated);
        expect([...other.statements.keys()].sort()).toEqual([...one.statements.keys()].sort());
        expect(other.revision).toBe(all.length - 1);
      }),
    );
  });
});
