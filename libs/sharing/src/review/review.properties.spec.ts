import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { OrganisationId } from '#kernel';
import { evolveReview, reviewDecider, type Review, type ReviewChange, type ReviewCommand } from './review.ts';

const PEOPLE = ['reader', 'officer', 'area', 'other'] as const;
const who = fc.constantFrom(...PEOPLE);
const officer = who.map((sub) => ({ sub, ofArea: sub === 'area' || sub === 'other' }));
const words = fc.constant('A reason of ten letters.');
const question = fc.constantFrom('q1', 'q2', 'q3');
const command: fc.Arbitrary<ReviewCommand> = fc.oneof(
  who.map((by): ReviewCommand => ({
    type: 'open',
    data: {
      review: 'r',
      cause: { kind: 'sample', reference: 'd' },
      person: 'reader',
      organisation: 'school' as OrganisationId,
      sources: [],
      by,
      sealed: { key: 'k', iv: 'i', text: 't' },
    },
  })),
  fc.record({ type: fc.constant('assign' as const), to: who, officer }),
  fc.record({
    type: fc.constant('decide' as const),
    outcome: fc.constantFrom('appropriate' as const, 'ask-user' as const, 'escalated' as const, 'breach' as const),
    question,
    words,
    officer,
  }),
  fc.record({ type: fc.constant('answer' as const), question, words, by: who }),
  fc.record({ type: fc.constant('reopen' as const), words, officer }),
);

/** The changes of commands carried out one after another, with the state each was decided in. */
function carriedOut(commands: readonly ReviewCommand[]) {
  let review: Review | undefined;
  const history: { readonly before: Review | undefined; readonly change: ReviewChange }[] = [];
  for (const each of commands) {
    const decision = reviewDecider.decide(each, review);
    if (!decision.ok) continue;
    for (const change of decision.value) {
      history.push({ before: review, change });
      review = evolveReview(review, change);
    }
  }
  return { review, history };
}

it('whatever is asked, nobody reviews their own access, and nothing happens to a closed case but reopening', () => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 30 }), (commands) => {
      const { history } = carriedOut(commands);
      for (const { before, change } of history) {
        if (change.type === 'review.answered.v1') expect(change.data.by).toBe('reader');
        else expect(change.data.by).not.toBe('reader');
        if (change.type === 'review.assigned.v1') expect(change.data.to).not.toBe('reader');
        if (before?.status === 'closed') expect(change.type).toBe('review.reopened.v1');
        if (change.type === 'review.decided.v1' && before !== undefined && before.escalatedBy !== null) {
          expect(change.data.by).not.toBe(before.escalatedBy);
          expect(['area', 'other']).toContain(change.data.by);
        }
      }
    }),
  );
});

it('the same command again changes nothing, or is refused, unless it asks or decides anew', () => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 20 }), command, (commands, last) => {
      const { review } = carriedOut([...commands, last]);
      const again = reviewDecider.decide(last, review);
      if (last.type === 'decide' && last.outcome === 'ask-user') return;
      if (again.ok) expect(again.value).toEqual([]);
    }),
  );
});
