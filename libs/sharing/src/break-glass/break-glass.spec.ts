import { describe, expect, it } from '@jest/globals';
import { leafHash, type ChildId, type OrganisationId } from '#kernel';
import { decodeRecord, encodeRecord } from '#contracts';
import { HUB } from '../disclose/rules.ts';
import { access, at, DAY, given, HOUR, SOCIAL_CARE, started, when, WORDS } from './fixture.spec-help.ts';
import {
  BREAK_GLASS_LIMITS,
  breakGlassStream,
  isActive,
  suspensionsOf,
  type BreakGlassChange,
  type BreakGlassCommand,
  type EmergencyAccessReviewed,
  type ReviewOutcome,
} from './index.ts';

const TRUST = 'bridgewater-community-trust' as OrganisationId;
const start = (data = access('g1', 0)): BreakGlassCommand => ({ type: 'start', data });
const end = (minute: number, grant = 'g1'): BreakGlassCommand => ({ type: 'end', data: { grant, at: at(minute) } });
const explain = (minute: number, grant = 'g1'): BreakGlassCommand => ({
  type: 'explain',
  data: { grant, at: at(minute), words: WORDS },
});
const review = (outcome: ReviewOutcome, minute: number, officerOf = HUB, by = 'person-d0d0'): BreakGlassCommand => ({
  type: 'review',
  data: { grant: 'g1', at: at(minute), by, outcome },
  officerOf,
});
const ended = (minute: number): BreakGlassChange => ({
  type: 'emergency-access.ended.v1',
  data: { grant: 'g1', at: at(minute) },
});
const explained = (minute: number): BreakGlassChange => ({
  type: 'emergency-access.explained.v1',
  data: { grant: 'g1', at: at(minute), words: WORDS },
});
const reviewed = (
  outcome: ReviewOutcome,
  minute: number,
  { explainBy = null, reviewBy = null, by = 'person-d0d0' }: Partial<EmergencyAccessReviewed> = {},
): BreakGlassChange => ({
  type: 'emergency-access.reviewed.v1',
  data: { grant: 'g1', at: at(minute), by, outcome, explainBy, reviewBy },
});
const missed = (minute: number): BreakGlassChange => ({
  type: 'emergency-access.not-found.v1',
  data: {
    attempt: `a${minute}`,
    at: at(minute),
    role: 'social-worker',
    purpose: 'safeguarding',
    reason: 'child-missing',
  },
});
const one = started(access('g1', 0));
const then = (...value: readonly BreakGlassChange[]) => ({ ok: true, value });
const rejected = (code: string, pointer: string) => ({ ok: false, error: { code, pointer } });

describe('starting', () => {
  it('is one event, with the limits it was started under', () => {
    expect(when(start())).toEqual(then(one));
    expect(access('g1', 0)).toMatchObject({ until: at(30), explainBy: at(DAY), reviewBy: at(7 * DAY) });
  });

  it('again under the same grant adds nothing', () => {
    expect(when(start(), one)).toEqual(then());
    expect(when(start(), one, ended(5))).toEqual(then());
  });

  it.each([
    ['a teacher', { role: 'class-teacher' as const }],
    ['a data-protection officer', { role: 'data-protection-officer' as const, purpose: 'audit' as const }],
    ['a parent', { role: 'parent' as const, purpose: 'subject-access' as const }],
    ['an administrator', { role: 'system-administrator' as const, purpose: 'system-support' as const }],
    ['a system', { role: 'organisation-system' as const, purpose: 'direct-care' as const }],
    ['a social worker for something else', { purpose: 'early-help' as const }],
    ['a clinician for safeguarding', { role: 'paediatrician' as const }],
  ])('is not for %s', (_who, changes) => {
    expect(when(start(access('g1', 0, 30, changes)))).toEqual(rejected('ROLE_MAY_NOT', '/purpose'));
  });

  it.each([0, -1, 61, 24 * HOUR])('is not for %d minutes', (minutes) => {
    expect(when(start(access('g1', 0, minutes)))).toEqual(rejected('TIME_INVALID', '/minutes'));
  });

  it('to the same child waits until the one before is over; to another child it does not', () => {
    const again = start(access('g2', 10));
    expect(when(again, one)).toEqual(rejected('ACTIVE_ALREADY', '/childId'));
    expect(when(again, one, ended(10)).ok).toBe(true);
    expect(when(start(access('g2', 29)), one).ok).toBe(false);
    expect(when(start(access('g2', 30)), one).ok).toBe(true);
    expect(when(start(access('g2', 10, 30, { child: 'tom' as ChildId })), one).ok).toBe(true);
  });

  it('is refused after so many in 24 hours, children who were not found included', () => {
    const before = [one, ...[1, 2, 3, 4].map(missed)];
    expect(before).toHaveLength(BREAK_GLASS_LIMITS.startsInADay.value);
    expect(when(start(access('g2', DAY - 1)), ...before)).toEqual(rejected('TOO_OFTEN', ''));
    expect(when(start(access('g2', DAY)), one, ...[1, 2, 3, 4].map(missed), explained(1)).ok).toBe(true);
  });

  it('beyond that is refused alike, whether the child would be found or not', () => {
    const before = [one, ...[1, 2, 3, 4].map(missed)];
    const miss = missed(5);
    if (miss.type !== 'emergency-access.not-found.v1') throw new Error('no miss');
    const note = (data = miss.data): BreakGlassCommand => ({ type: 'noteNotFound', data });
    expect(when(note(), one)).toEqual(then(miss));
    expect(when(note(), one, miss)).toEqual(then());
    expect(when(note(), ...before)).toEqual(when(start(access('g2', 5)), ...before));
    expect(when(note({ ...miss.data, at: at(8 * DAY) }), one)).toEqual(when(start(access('g2', 8 * DAY)), one));
  });

  it('of a book is open until it is ended or its time is over', () => {
    const of = (...changes: readonly BreakGlassChange[]) => given(...changes).accesses.get('g1');
    const [open, over] = [of(one), of(one, ended(5))];
    if (open === undefined || over === undefined) throw new Error('no access');
    expect([-1, 0, 29, 30].map((minute) => isActive(open, at(minute)))).toEqual([false, true, true, false]);
    expect(isActive(over, at(6))).toBe(false);
  });
});

describe('ending', () => {
  it('is noted once, and only while there is something to end', () => {
    expect(when(end(5), one)).toEqual(then(ended(5)));
    expect(when(end(6), one, ended(5))).toEqual(then());
    expect(when(end(30), one)).toEqual(then());
    expect(when(end(5))).toEqual(rejected('GRANT_UNKNOWN', '/grant'));
  });
});

describe('explaining and reviewing', () => {
  it('is explained once, and once more for each time that the reviewer asks', () => {
    expect(when(explain(40), one)).toEqual(then(explained(40)));
    expect(when(explain(41), one, explained(40))).toEqual(rejected('EXPLAINED_ALREADY', '/grant'));
    const asked = when(review('ask-user', 50), one, explained(40));
    expect(asked).toEqual(then(reviewed('ask-user', 50, { explainBy: at(50 + DAY), reviewBy: at(50 + 7 * DAY) })));
    const before = [one, explained(40), ...(asked.ok ? asked.value : [])];
    expect(when(explain(60), ...before).ok).toBe(true);
    expect(when(explain(61), ...before, explained(60)).ok).toBe(false);
    expect(when(review('ask-user', 55), ...before)).toEqual(then());
    expect(when(review('appropriate', 70), ...before, explained(60))).toEqual(then(reviewed('appropriate', 70)));
  });

  it('is over when it is found appropriate or a breach; the same finding again adds nothing, another is refused', () => {
    expect(when(review('appropriate', 50), one, reviewed('appropriate', 40))).toEqual(then());
    expect(when(review('breach', 50), one, reviewed('appropriate', 40))).toEqual(
      rejected('REVIEWED_ALREADY', '/grant'),
    );
  });

  it('that was escalated is for the area’s officer', () => {
    const before = [one, reviewed('escalated', 40, { reviewBy: at(7 * DAY), by: 'person-of-social-care' })];
    expect(when(review('appropriate', 50, SOCIAL_CARE), ...before)).toEqual(rejected('AREA_OFFICER_ONLY', '/outcome'));
    expect(when(review('appropriate', 50), ...before).ok).toBe(true);
  });

  it('is nobody’s own', () => {
    expect(when(review('appropriate', 50, SOCIAL_CARE, 'person-90aa'), one)).toEqual(rejected('OWN_ACCESS', '/grant'));
    expect(when(review('appropriate', 50, TRUST, 'person-90aa'), one).ok).toBe(true);
  });
});

describe('a user’s break-glass is suspended', () => {
  const next = (minute: number) => start(access('g2', minute));

  it('while an access is not explained in time', () => {
    expect(when(next(DAY), one).ok).toBe(true);
    expect(when(next(DAY + 1), one)).toEqual(rejected('SUSPENDED_NOT_EXPLAINED', ''));
    expect(when(next(DAY + 1), one, explained(DAY + 1)).ok).toBe(true);
  });

  it('while an access is not reviewed in time, also one that was asked about', () => {
    expect(when(next(7 * DAY), one, explained(40)).ok).toBe(true);
    expect(when(next(7 * DAY + 1), one, explained(40))).toEqual(rejected('SUSPENDED_NOT_REVIEWED', ''));
    expect(when(next(7 * DAY + 1), one, explained(40), reviewed('appropriate', 7 * DAY)).ok).toBe(true);
    const asked = reviewed('ask-user', 50, { explainBy: at(DAY + 50), reviewBy: at(7 * DAY + 50) });
    expect(when(next(8 * DAY), one, asked, explained(60))).toEqual(rejected('SUSPENDED_NOT_REVIEWED', ''));
  });

  it('by a breach, until the area’s officer lifts it, however late', () => {
    const breach = [one, explained(40), reviewed('breach', 50)];
    expect(when(next(300 * DAY), ...breach)).toEqual(rejected('SUSPENDED_BREACH', ''));
    const data = { grant: 'g1', at: at(60), by: 'person-d0d0' };
    const lift = (officerOf: OrganisationId): BreakGlassCommand => ({ type: 'reinstate', data, officerOf });
    expect(when(lift(SOCIAL_CARE), ...breach)).toEqual(rejected('AREA_OFFICER_ONLY', '/by'));
    const lifted: BreakGlassChange = { type: 'emergency-access.reinstated.v1', data };
    expect(when(lift(HUB), ...breach)).toEqual(then(lifted));
    expect(when(lift(HUB), ...breach, lifted)).toEqual(then());
    expect(when(next(2 * DAY), ...breach, lifted).ok).toBe(true);
  });

  it('by a breach, which ends whatever the user has open', () => {
    const other = started(access('g2', 20, 30, { child: 'tom' as ChildId }));
    const over: BreakGlassChange = { type: 'emergency-access.ended.v1', data: { grant: 'g2', at: at(40) } };
    expect(when(review('breach', 40), one, other)).toEqual(then(reviewed('breach', 40), over));
    expect(when(review('breach', 25), one, other)).toMatchObject({ value: { length: 3 } });
    expect(when(review('breach', 60), one, other)).toEqual(then(reviewed('breach', 60)));
  });

  it('for every reason there is, the gravest first', () => {
    expect(suspensionsOf(given(one, reviewed('breach', 1)), at(1))).toEqual(['breach']);
    expect(suspensionsOf(given(one), at(8 * DAY))).toEqual(['not-explained', 'not-reviewed']);
  });
});

describe('what is stored', () => {
  const stream = breakGlassStream(SOCIAL_CARE, 'person-90aa');
  const samples: readonly (readonly [BreakGlassChange, string])[] = [
    [one, '8cdad3894b360d0fb640d92a7a03d86ffb7c01a000f47337aa6bcc370fe75e7c'],
    [missed(0), 'c496d9ae722d25fb15dae21998ae23cd5f8e37778ac27cb5e502d288b8712c4b'],
    [ended(5), 'a625646fe1e8f3a05f8d460d4d1f665f72c86fd92cad0a9db580e04c0f2d2311'],
    [explained(40), '962b0cf38916e95b81a99295aa00340f91fbc740a560eb6cb88ebd0dbfab646a'],
    [
      reviewed('ask-user', 50, { explainBy: at(DAY), reviewBy: at(7 * DAY) }),
      '7e4f8fc84321a2e3fdb4f47f5a6dd03d3313cd83f2ced375fcff5dfe9479ca1c',
    ],
    [
      { type: 'emergency-access.reinstated.v1', data: { grant: 'g1', at: at(60), by: 'person-d0d0' } },
      '2f0b72197a6843c2fd13ba2a87392cad2878808bdf74d5c276e808e17c1ea173',
    ],
  ];

  it('stands under a name that says neither who nor where', () => {
    expect(stream).toMatch(/^breakGlass-[0-9a-f-]{36}$/);
    expect(stream).not.toBe(breakGlassStream(TRUST, 'person-90aa'));
  });

  /** STORAGE FORMATS: a hash that changes means that books which exist can no longer be proven. */
  it.each(samples.map(([change, hash]) => [change.type, change.data, hash] as const))(
    'of %s have the leaf hash they always had',
    (type, data, hash) => {
      const record = encodeRecord({
        format: 1,
        stream,
        revision: 0,
        type,
        recordedAt: at(0),
        by: SOCIAL_CARE,
        correlationId: '6f9619ff-8b86-4d01-b42d-00cf4fc964ff',
        data,
      });
      expect(decodeRecord(record.data)).toMatchObject({ type, data });
      expect(Buffer.from(leafHash(record.data)).toString('hex')).toBe(hash);
    },
  );

  it('stops the reading of a book where it is of a later release', () => {
    const later = { type: 'emergency-access.barred.v1', data: {} } as unknown as BreakGlassChange;
    expect(() => given(one, later)).toThrow();
  });
});
