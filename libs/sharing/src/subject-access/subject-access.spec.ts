import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ChildId, Instant, OrganisationId, PlainDate } from '#kernel';
import { decideSubjectAccess, type SubjectAccessCommand } from './decide.ts';
import { answerInRelease, inRelease } from './rule.ts';
import { FAMILIES } from '../disclose/rules.ts';
import { evolveSubjectAccess, waitingSources, type SubjectAccess } from './subject-access.ts';

const day = (text: string) => text as PlainDate;
const request = 'r1';
const [one, two] = ['person-d0d0', 'person-d0b2'];
const school = 'oakfield-primary' as OrganisationId;
const trust = 'bridgewater-community-trust' as OrganisationId;
const on = day('2026-09-10');
const content = { key: 'k', iv: 'i', text: 't' };
const upTo = '2026-10-01T09:00:00.000Z' as Instant;

const receive: Extract<SubjectAccessCommand, { type: 'receive' }> = {
  type: 'receive',
  on,
  data: {
    request,
    child: 'c1' as ChildId,
    from: 'parent',
    sub: 'person-3d77',
    receivedOn: day('2026-09-03'),
    sources: [school, trust],
    by: one,
  },
};
const receiveFrom = (...sources: readonly OrganisationId[]): SubjectAccessCommand => ({
  ...receive,
  data: { ...receive.data, sources },
});
const verify: SubjectAccessCommand = { type: 'verifyIdentity', data: { request, how: 'photo-identity-seen', by: one } };
const pause: SubjectAccessCommand = {
  type: 'pause',
  on,
  data: { request, reason: 'clarification', from: day('2026-09-05'), by: one },
};
const resume: SubjectAccessCommand = { type: 'resume', on, data: { request, until: day('2026-09-08'), by: one } };
const extend: SubjectAccessCommand = { type: 'extend', on, data: { request, reason: 'complex', by: one } };
const answer = (
  source: OrganisationId,
  said: 'content' | 'nothing-held' | 'not-known-here' = 'nothing-held',
): SubjectAccessCommand => ({
  type: 'answer',
  data: { request, source, answer: said, by: 'person-x', ...(said === 'content' ? { content } : {}) },
});
const mark = (item: string, withhold: 'third-party' | 'serious-harm' | null, by = one): SubjectAccessCommand => ({
  type: 'mark',
  data: { request, item, withhold, by },
});
const approve = (by = two): SubjectAccessCommand => ({ type: 'approve', data: { request, upTo, by } });
const release = (by = one): SubjectAccessCommand => ({ type: 'release', data: { request, by } });
const refuse: SubjectAccessCommand = { type: 'refuse', data: { request, reason: 'manifestly-unfounded', by: one } };
const NONE: SubjectAccess = { status: 'none' };

function after(state: SubjectAccess, command: SubjectAccessCommand): SubjectAccess {
  const decided = decideSubjectAccess(command, state);
  return decided.ok ? decided.value.reduce<SubjectAccess>(evolveSubjectAccess, state) : state;
}
function given(...commands: readonly SubjectAccessCommand[]): SubjectAccess {
  return commands.reduce((state, command) => {
    const decided = decideSubjectAccess(command, state);
    if (!decided.ok) throw new Error(`${command.type}: ${decided.error.code}`);
    return after(state, command);
  }, NONE);
}
const code = (command: SubjectAccessCommand, ...before: readonly SubjectAccessCommand[]) => {
  const decided = decideSubjectAccess(command, given(...before));
  return decided.ok ? decided.value.length : decided.error.code;
};
const READY = [receive, verify, answer(school, 'content'), answer(trust), mark('f1', 'third-party')] as const;

describe('a subject access request', () => {
  it('goes from its receipt to its release', () => {
    expect(given(...READY, approve(), release())).toMatchObject({ status: 'released' });
  });

  it.each<[string, SubjectAccessCommand, readonly SubjectAccessCommand[]]>([
    ['DATE_AHEAD', { ...receive, on: day('2026-09-02') }, []],
    ['REQUEST_UNKNOWN', verify, []],
    ['IDENTITY_NOT_VERIFIED', answer(school), [receive]],
    ['SOURCE_NOT_ASKED', answer('elsewhere' as OrganisationId), [receive, verify]],
    ['SOURCE_NOT_ASKED', answer(FAMILIES), [receiveFrom(school, FAMILIES), verify]],
    [
      'CONTENT_MISSING',
      { type: 'answer', data: { request, source: school, answer: 'content', by: 'x' } },
      [receive, verify],
    ],
    [
      'CONTENT_NOT_EXPECTED',
      { type: 'answer', data: { request, source: school, answer: 'nothing-held', by: 'x', content } },
      [receive, verify],
    ],
    ['CLOCK_ALREADY_PAUSED', pause, [receive, pause]],
    ['CLOCK_NOT_PAUSED', resume, [receive]],
    ['DATE_TOO_EARLY', { ...pause, data: { ...pause.data, from: day('2026-09-02') } }, [receive]],
    ['DATE_TOO_EARLY', { ...resume, data: { ...resume.data, until: day('2026-09-04') } }, [receive, pause]],
    ['DATE_AHEAD', { ...pause, data: { ...pause.data, from: day('2026-09-11') } }, [receive]],
    ['EXTENSION_TOO_LATE', { ...extend, on: day('2026-10-06') }, [receive]],
    ['SOURCES_NOT_ANSWERED', approve(), [receive, verify, answer(school)]],
    ['SOURCES_NOT_ANSWERED', approve(), [receiveFrom(school, FAMILIES), verify]],
    ['CLOCK_PAUSED', approve(), [...READY, pause]],
    ['SECOND_PERSON_NEEDED', approve(one), [...READY]],
    ['SECOND_PERSON_NEEDED', release(two), [...READY, approve()]],
    ['REDACTIONS_NOT_APPROVED', release(), [...READY]],
    ['REDACTIONS_NOT_APPROVED', release(), [...READY, approve(), mark('f2', 'serious-harm')]],
    ['REDACTIONS_NOT_APPROVED', release(), [...READY, approve(), answer(trust, 'not-known-here')]],
    ['REQUEST_ALREADY_ENDED', approve(), [receive, refuse]],
    ['REQUEST_ALREADY_ENDED', mark('f1', null), [...READY, approve(), release()]],
  ])('is refused %s', (reason, command, before) => {
    expect(code(command, ...before)).toBe(reason);
  });

  it('waits for nobody where only families told', () => {
    const asked = given(receiveFrom(FAMILIES), verify, approve(), release());
    expect(asked).toMatchObject({ status: 'released' });
    expect(asked.status === 'none' ? null : waitingSources(asked)).toEqual([]);
  });

  it('answers the same again as before', () => {
    expect(code(receive, receive)).toBe(0);
    expect(code(verify, receive, verify)).toBe(0);
    expect(code(answer(trust), receive, verify, answer(trust))).toBe(0);
    expect(code(mark('f1', 'third-party'), ...READY)).toBe(0);
    expect(code(approve(), ...READY, approve())).toBe(0);
    expect(code(extend, receive, extend)).toBe(0);
  });

  it('keeps its pauses in order, each with its end', () => {
    expect(given(receive, pause, resume)).toMatchObject({
      clock: { received: '2026-09-03', pauses: [{ reason: 'clarification', from: '2026-09-05', until: '2026-09-08' }] },
    });
  });

  it('is never released without two people, every answer and an identity, whatever is asked in whatever order', () => {
    const some = [
      receive,
      verify,
      pause,
      resume,
      answer(school),
      answer(trust),
      mark('f1', 'third-party'),
      mark('f1', null, two),
    ];
    const asked = fc.array(fc.constantFrom(...some, approve(), approve(one), release(), release(two)), {
      maxLength: 25,
    });
    fc.assert(
      fc.property(asked, (commands) => {
        const state = commands.reduce(after, NONE);
        if (state.status !== 'released') return;
        expect(state.identity).not.toBeNull();
        expect(state.answers.size).toBe(2);
        expect(state.markedBy.has(state.approved?.by ?? '')).toBe(false);
        expect(state.clock.pauses.every(({ until }) => until !== null)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

describe('what goes into a release', () => {
  const item = (
    id: string,
    category: 'voice' | 'social.child-protection' | 'identity.adoption',
    recordedAt = upTo,
  ) => ({
    id,
    category,
    recordedAt,
  });
  const state = (...more: readonly SubjectAccessCommand[]) => {
    const found = given(...READY, ...more, approve());
    if (found.status === 'none') throw new Error('none');
    return found;
  };

  it('is what nobody kept back, and of restricted categories only what somebody let go', () => {
    const asked = state(mark('f2', null), mark('f3', 'serious-harm'));
    expect(inRelease(asked, item('f9', 'voice'))).toBe(true);
    expect(inRelease(asked, item('f1', 'voice'))).toBe(false);
    expect(inRelease(asked, item('f9', 'social.child-protection'))).toBe(false);
    expect(inRelease(asked, item('f2', 'social.child-protection'))).toBe(true);
    expect(inRelease(asked, item('f3', 'social.child-protection'))).toBe(false);
  });

  it('is nothing told after the second person agreed, and nothing before they do', () => {
    expect(inRelease(state(), item('f9', 'voice', '2026-10-01T09:00:00.001Z' as Instant))).toBe(false);
    const found = given(...READY);
    expect(found.status !== 'none' && inRelease(found, item('f9', 'voice'))).toBe(false);
  });

  it('leaves out what a source answered where it is kept back', () => {
    const asked = state(mark(`answer-${school}`, 'third-party'));
    expect([answerInRelease(asked, school), answerInRelease(asked, trust)]).toEqual([false, true]);
  });
});
