import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ChildId, OrganisationId } from '#kernel';
import {
  decideErasureRequest,
  erasureRequestDecider,
  evolveErasureRequest,
  type ErasureRequest,
  type ErasureRequestCommand,
} from './erasure-request.ts';
import type { ErasureRequestChange } from './events.ts';
import { ARTICLE_17_GROUNDS, ERASURE_EXEMPTIONS } from './grounds.ts';

const request = 'r1';
const by = 'person-d0d0';
const school = 'oakfield-primary' as OrganisationId;
const receive: ErasureRequestCommand = {
  type: 'receive',
  data: { request, child: 'c1' as ChildId, organisation: null, from: 'parent', identity: 'photo-identity-seen' },
};
const grant: ErasureRequestCommand = { type: 'grant', data: { request, ground: 'article-17', article17: 'b', by } };
const refuse: ErasureRequestCommand = { type: 'refuse', data: { request, exemption: 'public-task', by } };
const start: ErasureRequestCommand = { type: 'start', data: { request, recipients: [school], canaries: null } };
const attempt = { records: 0, keysDestroyed: 3, stores: [{ store: 'keys', removed: 3 }] };
const incomplete: ErasureRequestCommand = {
  type: 'reportIncomplete',
  data: { request, ...attempt, failing: ['timeline'] },
};
const scan = { files: 9, words: 4, hits: 0 } as const;
const last = { records: 2, keysDestroyed: 0, stores: [{ store: 'timeline', removed: 5 }] };
const finish: ErasureRequestCommand = { type: 'finish', data: { request, ...last, told: [school], scan } };
const NONE: ErasureRequest = { status: 'none' };

/** The state after commands that must all be taken. */
function given(...commands: readonly ErasureRequestCommand[]): ErasureRequest {
  return commands.reduce<ErasureRequest>((state, command) => {
    const decided = decideErasureRequest(command, state);
    if (!decided.ok) throw new Error(decided.error.code);
    return decided.value.reduce<ErasureRequest>(evolveErasureRequest, state);
  }, NONE);
}
const code = (state: ErasureRequest, command: ErasureRequestCommand) => {
  const decided = decideErasureRequest(command, state);
  return decided.ok ? decided.value.map(({ type }) => type) : decided.error.code;
};

describe('a request for erasure', () => {
  it('is received, granted, begun, and carried out with what all attempts destroyed', () => {
    const done = given(receive, grant, start, incomplete, finish);
    const stores = [
      { store: 'keys', removed: 3 },
      { store: 'timeline', removed: 5 },
    ];
    const carriedOut = { request, records: 2, keysDestroyed: 3, stores, told: [school], scan };
    expect(done).toMatchObject({ status: 'carried-out', carriedOut });
  });

  it('destroys nothing without a grant', () => {
    for (const state of [NONE, given(receive), given(receive, refuse)]) {
      expect(code(state, start)).toBe('ERASURE_NOT_GRANTED');
      expect(code(state, finish)).toBe('ERASURE_NOT_STARTED');
      expect(code(state, incomplete)).toBe('ERASURE_NOT_STARTED');
    }
  });

  it('is decided once', () => {
    expect(code(given(receive, refuse), grant)).toBe('REQUEST_ALREADY_DECIDED');
    expect(code(given(receive, grant), refuse)).toBe('REQUEST_ALREADY_DECIDED');
    expect(code(given(receive, grant), { ...grant, data: { ...grant.data, article17: 'c' } })).toBe(
      'REQUEST_ALREADY_DECIDED',
    );
    expect(code(NONE, grant)).toBe('REQUEST_UNKNOWN');
  });

  it('names a letter of article 17 for that ground and for no other', () => {
    const state = given(receive);
    expect(code(state, { ...grant, data: { ...grant.data, article17: null } })).toBe('ARTICLE_17_GROUND_MISSING');
    expect(code(state, { ...grant, data: { ...grant.data, ground: 'court-order' } })).toBe('ARTICLE_17_GROUND_MISSING');
    expect(code(state, { ...grant, data: { ...grant.data, ground: 'court-order', article17: null } })).toHaveLength(1);
  });

  it('says the same failure once, and goes on from it', () => {
    const state = given(receive, grant, start, incomplete);
    const again = { ...incomplete, data: { ...incomplete.data, records: 0, keysDestroyed: 0, stores: [] } };
    expect(code(state, again)).toEqual([]);
    expect(code(state, { ...again, data: { ...again.data, failing: ['identity'] } })).toHaveLength(1);
    expect(code(state, { ...again, data: { ...again.data, failing: [] } })).toBe('NOTHING_FAILING');
  });

  it('answers every command that was carried out before as before', () => {
    const states = [receive, grant, start, incomplete, finish].map((_, n, all) => given(...all.slice(0, n + 1)));
    for (const [n, command] of [receive, grant, start].entries()) {
      for (const state of states.slice(n)) expect([command.type, code(state, command)]).toEqual([command.type, []]);
    }
    expect(code(given(receive, grant, start, finish), finish)).toEqual([]);
  });

  it('never comes to carried out but by a grant and a start, whatever is asked in whatever order', () => {
    const asked = fc.array(fc.constantFrom(receive, grant, refuse, start, incomplete, finish), { maxLength: 12 });
    fc.assert(
      fc.property(asked, (commands) => {
        const types: string[] = [];
        let state: ErasureRequest = erasureRequestDecider.initialState;
        for (const command of commands) {
          const decided = decideErasureRequest(command, state);
          for (const change of decided.ok ? decided.value : ([] as readonly ErasureRequestChange[])) {
            types.push(change.type);
            state = evolveErasureRequest(state, change);
          }
        }
        const done = types.indexOf('erasure-request.carried-out.v1');
        if (done < 0) return;
        expect(types.slice(0, 3)).toEqual([
          'erasure-request.received.v1',
          'erasure-request.granted.v1',
          'erasure-request.started.v1',
        ]);
        expect(types).toHaveLength(done + 1);
      }),
    );
  });
});

describe('grounds and exemptions', () => {
  it('are those of the law', () => {
    expect(Object.keys(ARTICLE_17_GROUNDS)).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
    for (const provision of Object.values(ERASURE_EXEMPTIONS)) expect(provision).toMatch(/^UK GDPR art\. (12|17)\(/);
  });
});
