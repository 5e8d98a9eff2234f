import { describe, expect, it } from '@jest/globals';
import type { OrganisationId } from '#kernel';
import type { ReviewOpened } from '#contracts';
import { evolveReview, reviewDecider, type Review, type ReviewChange, type ReviewCommand } from './review.ts';

const opened: ReviewOpened = {
  review: 'r1',
  cause: { kind: 'finding', reference: 'f1' },
  person: 'reader',
  organisation: 'oakfield-primary' as OrganisationId,
  sources: [],
  by: 'officer',
  sealed: { key: 'k', iv: 'i', text: 't' },
};
const officer = { sub: 'officer', ofArea: false };
const area = { sub: 'area-officer', ofArea: true };
const own = { sub: 'reader', ofArea: true };
const words = 'They said so.';

const openedNow: ReviewChange = { type: 'review.opened.v1', data: opened };
const asked = (question = 'q1'): ReviewChange => ({
  type: 'review.decided.v1',
  data: { outcome: 'ask-user', question, by: 'officer', words },
});
const decided = (outcome: 'appropriate' | 'escalated' | 'breach', by = 'officer'): ReviewChange => ({
  type: 'review.decided.v1',
  data: { outcome, by, words },
});
const answered = (question = 'q1'): ReviewChange => ({
  type: 'review.answered.v1',
  data: { question, by: 'reader', words },
});

const given = (...changes: readonly ReviewChange[]) =>
  changes.reduce<Review | undefined>(evolveReview, reviewDecider.initialState);
const when = (command: ReviewCommand, ...before: readonly ReviewChange[]) =>
  reviewDecider.decide(command, given(...before));
const decide = (
  outcome: 'appropriate' | 'ask-user' | 'escalated' | 'breach',
  by: { readonly sub: string; readonly ofArea: boolean } = officer,
): ReviewCommand => ({ type: 'decide', outcome, question: 'q1', words, officer: by });
const answer = (by: string, question = 'q1'): ReviewCommand => ({ type: 'answer', question, words, by });
const then = (...value: readonly ReviewChange[]) => ({ ok: true, value });
const rejected = (code: string, pointer?: string) => ({
  ok: false,
  error: pointer === undefined ? { code } : { code, pointer },
});

describe('a review case', () => {
  it('is opened once', () => {
    expect(when({ type: 'open', data: opened })).toEqual(then(openedNow));
    expect(when({ type: 'open', data: opened }, openedNow)).toEqual(then());
    expect(given(openedNow)).toMatchObject({ status: 'open', revision: 0, assignee: null, outcome: null });
  });

  it('is nothing to decide before it is opened', () => {
    expect(when(decide('appropriate'))).toEqual(rejected('REVIEW_UNKNOWN'));
    expect(when(answer('reader'))).toEqual(rejected('REVIEW_UNKNOWN'));
  });

  it('is never the reviewed person’s: not opened, assigned, decided or reopened by them', () => {
    const refusal = rejected('REVIEW_OF_OWN_ACCESS');
    expect(when({ type: 'open', data: { ...opened, by: 'reader' } })).toEqual(refusal);
    expect(when(decide('appropriate', own), openedNow)).toEqual(refusal);
    expect(when({ type: 'assign', to: 'officer', officer: own }, openedNow)).toEqual(refusal);
    expect(when({ type: 'reopen', words, officer: own }, openedNow, decided('breach'))).toEqual(refusal);
    expect(when({ type: 'assign', to: 'reader', officer }, openedNow)).toEqual(rejected('REVIEW_OF_OWN_ACCESS', '/to'));
  });

  it('is assigned, and assigned to the same again without a change', () => {
    const assigned: ReviewChange = { type: 'review.assigned.v1', data: { to: 'other', by: 'officer' } };
    expect(when({ type: 'assign', to: 'other', officer }, openedNow)).toEqual(then(assigned));
    expect(when({ type: 'assign', to: 'other', officer }, openedNow, assigned)).toEqual(then());
    expect(given(openedNow, assigned)).toMatchObject({ assignee: 'other' });
  });

  it('waits while the person is asked, and goes on when every question is answered', () => {
    expect(when(decide('ask-user'), openedNow)).toEqual(then(asked()));
    expect(given(openedNow, asked())).toMatchObject({ status: 'asked' });
    expect(given(openedNow, asked(), asked('q2'), answered())).toMatchObject({ status: 'asked' });
    expect(given(openedNow, asked(), asked('q2'), answered(), answered('q2'))).toMatchObject({ status: 'open' });
  });

  it('takes an answer from the person asked, once, and tells nobody else that there is a question', () => {
    expect(when(answer('reader'), openedNow, asked())).toEqual(then(answered()));
    expect(when(answer('somebody'), openedNow, asked())).toEqual(rejected('QUESTION_UNKNOWN'));
    expect(when(answer('reader', 'q9'), openedNow, asked())).toEqual(rejected('QUESTION_UNKNOWN'));
    expect(when(answer('reader'), openedNow, asked(), answered())).toEqual(rejected('QUESTION_ANSWERED'));
    expect(when(answer('reader'), openedNow, asked(), decided('breach'))).toEqual(rejected('REVIEW_CLOSED'));
  });

  it('about several people asks nobody', () => {
    const several: ReviewChange = { type: 'review.opened.v1', data: { ...opened, person: null } };
    expect(when(decide('ask-user'), several)).toEqual(rejected('NOBODY_TO_ASK', '/outcome'));
  });

  it('that was escalated is decided by another officer, of the area', () => {
    const escalated = [openedNow, decided('escalated')];
    expect(when(decide('escalated'), openedNow)).toEqual(then(decided('escalated')));
    expect(when(decide('appropriate'), ...escalated)).toEqual(rejected('REVIEW_ESCALATED'));
    expect(when(decide('appropriate', { ...officer, ofArea: true }), ...escalated)).toEqual(
      rejected('REVIEW_ESCALATED'),
    );
    expect(when(decide('breach', area), ...escalated)).toEqual(then(decided('breach', 'area-officer')));
    expect(when(decide('escalated', area), ...escalated)).toEqual(then());
  });

  it('is closed by an outcome and changes only by being reopened', () => {
    const closed = [openedNow, decided('appropriate')];
    expect(given(...closed)).toMatchObject({ status: 'closed', outcome: 'appropriate' });
    expect(when(decide('breach'), ...closed)).toEqual(rejected('REVIEW_CLOSED'));
    expect(when({ type: 'assign', to: 'other', officer }, ...closed)).toEqual(rejected('REVIEW_CLOSED'));
    const reopened: ReviewChange = { type: 'review.reopened.v1', data: { by: 'officer', words } };
    expect(when({ type: 'reopen', words, officer }, ...closed)).toEqual(then(reopened));
    expect(when({ type: 'reopen', words, officer }, openedNow)).toEqual(then());
    expect(given(...closed, reopened)).toMatchObject({ status: 'open', outcome: null, escalatedBy: null });
  });

  it('does not begin otherwise than by being opened', () => {
    expect(() => given(decided('breach'))).toThrow('not opened');
  });
});
