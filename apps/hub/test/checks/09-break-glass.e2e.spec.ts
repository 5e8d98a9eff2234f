import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { CATEGORIES, decodeRecord, type Category, type LookEvent } from '#contracts';
import type { Answer } from '#nest-platform/client';
import { openLook, permittedSlices } from '#sharing';
import { grantProcess } from '#vault';
import { emergencyOutcomes } from '../../../sharing-protocol/src/views/break-glass/query.ts';
import { VIEWS, type Views } from '../../src/hub.module.ts';
import { caughtUp, mustBe, type RunningHub } from '../running-hub.ts';
import { barrier, MAYA, VOICE } from '../trust/world.ts';
import {
  AFTERWARDS,
  asking,
  BY_NUMBER,
  DAY,
  emergencyHub,
  eventually,
  HOUR,
  MINUTE,
  NOBODY_KNOWN,
  WHY,
  type EmergencyHub,
  type Grant,
  type Notice,
} from './emergency.ts';

const NOBODY = '11111111-1111-4111-8111-111111111111';
let given: EmergencyHub;
let hub: RunningHub;
const pause = barrier();

const grantIn = (answer: Answer) => mustBe(201, answer).json as Grant;
const codeOf = ({ status, json }: Answer) => [status, (json as { code?: string }).code];
/** What an answer says, but for the name of the request. */
const words = ({ text }: Answer) => text.replace(/"instance":"[^"]*"/, '');

const { read, own, end, explain, review, queue, notices } = asking(() => given);

async function countOf(family: 'breakGlass' | 'protection' | 'look'): Promise<number> {
  let count = 0;
  for await (const batch of hub.composed.opened.core.log.readAll({ families: [family] })) count += batch.length;
  return count;
}

afterEach(async () => {
  await hub.remove();
  jest.useRealTimers();
});

describe('check 9: break-glass', () => {
  beforeEach(async () => {
    given = await emergencyHub({ stage: pause.stage });
    ({ hub } = given);
    await caughtUp(hub);
  });

  it('works in one call for whoever acts on a child’s safety, by number, name and birth date', async () => {
    expect((await read()).status).toBe(404);
    const grant = grantIn(await given.start());
    expect(grant).toMatchObject({ childId: given.world.child, active: true, toExplain: true, outcome: null });
    const answer = mustBe(200, await read(grant.grant));
    // Without agreement, relationship or the consent that the voice rests on.
    expect(answer.text).toContain(VOICE);
    expect(answer.text).toContain('health.newborn-hearing-outcome.v1');
    expect((await own()).grants).toMatchObject([{ grant: grant.grant, childId: given.world.child }]);
    const look = await lastLook('GET /v1/children/:childId/timeline');
    expect(look).toMatchObject({ effect: 'permit', breakGlass: grant.grant, purpose: 'safeguarding' });
    expect(look?.slices.map(({ rule }) => rule)).toContain('break-glass');
  });

  it('counts for nobody else, for no other purpose, and only where it is named', async () => {
    const { grant } = grantIn(await given.start());
    expect((await read()).status).toBe(404);
    expect((await read(grant, 'social-worker', 'early-help')).status).toBe(404);
    expect((await read(grant, 'teacher-elsewhere', 'sen-support')).status).toBe(404);
    expect((await read(NOBODY)).status).toBe(404);
    expect(codeOf(await read('yes'))).toEqual([400, 'CALLER_HEADER_INVALID']);
    expect((await read(grant)).status).toBe(200);
  });

  it('asks for a fresh sign-in at the step-up level, in the words of RFC 9470', async () => {
    const before = await countOf('breakGlass');
    for (const body of [BY_NUMBER, NOBODY_KNOWN]) {
      const answer = await given.start(body, given.person('social-worker'));
      expect(codeOf(answer)).toEqual([401, 'CALLER_STEP_UP_REQUIRED']);
      expect(answer.headers.get('www-authenticate')).toMatch(
        /^Bearer error="insufficient_user_authentication", .*acr_values="urn:tellonce:acr:step-up", max_age="300"$/,
      );
    }
    expect(await countOf('breakGlass')).toBe(before);
    grantIn(await given.start());
  });

  it.each([
    ['parent', 'subject-access'],
    ['teacher-elsewhere', 'sen-support'],
    ['senco', 'sen-support'],
    ['administrator', 'system-support'],
    ['dpo', 'audit'],
  ])('is not for the %s', async (who, purpose) => {
    const [known, unknown] = [
      await given.start(BY_NUMBER, given.stepped(who), purpose),
      await given.start(NOBODY_KNOWN, given.stepped(who), purpose),
    ];
    expect(codeOf(known)).toEqual([403, 'HUB_ROLE_NOT_ALLOWED']);
    expect(words(known)).toBe(words(unknown));
  });

  it('is for the purposes of the role only, and takes a reason of the list and a sentence', async () => {
    const elsewhere = await given.start(BY_NUMBER, given.stepped('social-worker'), 'early-help');
    expect(codeOf(elsewhere)).toEqual([403, 'HUB_BREAK_GLASS_PURPOSE']);
    for (const wrong of [{ reason: 'curious' }, { words: 'emergency' }, { minutes: 61 }, { minutes: 0 }])
      expect([wrong, (await given.start({ ...BY_NUMBER, ...wrong })).status]).toEqual([wrong, 400]);
    // A name alone would be a search.
    expect((await given.start({ surname: MAYA.surname, birthDate: MAYA.birthDate })).status).toBe(400);
    expect((await given.start({ ...BY_NUMBER, nhsNumber: '9991234005' })).status).toBe(400);
    expect(await countOf('breakGlass')).toBe(0);
  });

  it('is over after its time, to the millisecond', async () => {
    const { grant } = grantIn(await given.start({ ...BY_NUMBER, minutes: 10 }));
    given.pass(10 * MINUTE - 1);
    expect((await read(grant)).status).toBe(200);
    given.pass(1);
    expect((await read(grant)).status).toBe(404);
    expect((await own()).grants).toMatchObject([{ grant, active: false, toExplain: true }]);
  });

  it('ended early is refused at once, and another can be started', async () => {
    const { grant } = grantIn(await given.start());
    expect((await read(grant)).status).toBe(200);
    expect(codeOf(await given.start())).toEqual([409, 'HUB_BREAK_GLASS_ACTIVE']);
    expect(mustBe(200, await end(grant)).json).toMatchObject({ active: false });
    expect((await read(grant)).status).toBe(404);
    mustBe(200, await end(grant));
    const again = grantIn(await given.start());
    expect((await read(again.grant)).status).toBe(200);
    expect((await read(grant)).status).toBe(404);
  });

  it.each(['decided', 'looked'] as const)('ended while a request that has %s waits: nothing leaves', async (at) => {
    const { grant } = grantIn(await given.start());
    const { reached, release } = pause.arm(at);
    const asked = read(grant);
    await reached;
    mustBe(200, await end(grant));
    release();
    const answer = await asked;
    expect([answer.status, answer.text]).toEqual([404, expect.not.stringContaining('factId')]);
    expect(await lastLook('GET /v1/children/:childId/timeline')).toMatchObject({ effect: 'deny' });
  });

  it('alerts the area’s officer and the home organisation, and says nothing of anybody', async () => {
    const { grant } = grantIn(await given.start());
    const started = (all: readonly Notice[]) => all.some(({ kind }) => kind === 'break-glass-started');
    for (const who of ['dpo', 'dpo-oakfield']) {
      const told = await eventually(() => notices(who), started);
      expect(told).toMatchObject([{ kind: 'break-glass-started', reference: grant }]);
      const text = JSON.stringify(told);
      for (const word of [MAYA.nhsNumber, MAYA.surname, MAYA.givenName, given.world.child, 'person-', WHY])
        expect(text).not.toContain(word);
    }
    const owed = await eventually(
      () => notices('social-worker'),
      (all) => all.length > 0,
    );
    expect(owed).toMatchObject([{ kind: 'break-glass-to-explain', reference: grant }]);
    expect(await notices('senco')).toEqual([]);
    expect(await notices('administrator')).toEqual([]);
    // What stands in the log for ever is as silent: neither child nor words in the clear.
    for await (const batch of hub.composed.opened.core.log.readAll({ families: ['notice', 'breakGlass'] }))
      for (const { stream, data } of batch) {
        const stored = Buffer.from(data).toString('utf8');
        for (const word of [MAYA.nhsNumber, MAYA.surname, WHY]) expect(stored).not.toContain(word);
        if (stream.startsWith('notice-')) expect(stored).not.toContain(given.world.child);
      }
  });

  it('cannot open sealed categories', async () => {
    const { core } = hub.composed.opened;
    const { grant } = grantIn(await given.start());
    const protections = await core.tails.protections(given.world.child as never);
    const question = {
      reader: { ...READER, organisation: 'childrens-social-care' as never },
      purpose: 'safeguarding' as const,
      at: core.clock.now(),
      breakGlass: grant,
      registry: await core.tails.registry(),
      protections,
    };
    const open = new Set(permittedSlices(question).map(({ slice }) => slice.category));
    const sealed = (Object.keys(CATEGORIES) as Category[]).filter((category) => CATEGORIES[category] === 'sealed');
    expect(open.has('health.screening')).toBe(true);
    expect(open.has('social.child-protection')).toBe(true);
    expect(sealed.length).toBeGreaterThan(0);
    expect(sealed.filter((category) => open.has(category))).toEqual([]);
  });

  it('of a child nobody knows is 404 and counts; what refuses anyway says the same of both', async () => {
    const missed = await given.start(NOBODY_KNOWN);
    expect(codeOf(missed)).toEqual([404, 'HUB_NOT_FOUND']);
    expect(words(missed)).toBe(words(await given.start({ childId: NOBODY })));
    expect(await countOf('breakGlass')).toBe(2);
    for (let tries = 0; tries < 3; tries++) await given.start(NOBODY_KNOWN);
    const [known, unknown] = [await given.start(), await given.start(NOBODY_KNOWN)];
    expect(codeOf(known)).toEqual([429, 'HUB_BREAK_GLASS_TOO_OFTEN']);
    expect(words(known)).toBe(words(unknown));
    given.pass(DAY + HOUR);
    grantIn(await given.start());
  });

  it('tries sent at once are counted as well', async () => {
    const tries = Array.from({ length: 12 }, () => given.start(NOBODY_KNOWN));
    const statuses = (await Promise.all(tries)).map(({ status }) => status);
    expect(statuses.toSorted()).toEqual([...Array<number>(5).fill(404), ...Array<number>(7).fill(429)]);
    expect(codeOf(await given.start()).at(0)).toBe(429);
  });

  it('shows up for review with the user’s words, is explained, asked about, explained again and closed', async () => {
    const { grant } = grantIn(await given.start());
    expect(await queue()).toMatchObject([{ grant, childId: given.world.child, person: 'person-90aa', words: [WHY] }]);
    // The home organisation's officer reads it; the finding is not theirs, and they are told what is said of a grant there is not.
    // How often the user did so at all tells of other children: that is for those who account for the user.
    expect(await queue()).toMatchObject([{ startsOfUser: 1 }]);
    expect(await queue('dpo-oakfield')).toMatchObject([{ grant, words: [WHY], startsOfUser: null }]);
    const theirs = await review(grant, 'appropriate', 'dpo-oakfield');
    expect([theirs.status, words(theirs)]).toEqual([404, words(await review(NOBODY, 'appropriate', 'dpo-oakfield'))]);

    mustBe(201, await explain(grant));
    expect(codeOf(await explain(grant))).toEqual([409, 'HUB_BREAK_GLASS_EXPLAINED']);
    mustBe(201, await review(grant, 'ask-user'));
    expect((await own()).grants).toMatchObject([{ grant, toExplain: true, outcome: 'ask-user' }]);
    const told = await eventually(
      () => notices('social-worker'),
      (all) => all.filter(({ kind }) => kind === 'break-glass-to-explain').length > 1,
    );
    expect(told.map(({ kind }) => kind).sort()).toEqual([
      'break-glass-reviewed',
      'break-glass-to-explain',
      'break-glass-to-explain',
    ]);
    mustBe(201, await explain(grant, `${AFTERWARDS} Again.`));
    expect(mustBe(201, await review(grant, 'appropriate')).json).toMatchObject({
      outcome: 'appropriate',
      words: [WHY, AFTERWARDS, `${AFTERWARDS} Again.`],
    });
    expect(await queue()).toEqual([]);
    expect(await queue('dpo', '?state=closed')).toMatchObject([{ grant, outcome: 'appropriate' }]);
    expect(codeOf(await review(grant, 'breach'))).toEqual([409, 'HUB_BREAK_GLASS_REVIEWED']);
    const { breakGlass } = hub.composed.app.get<Views>(VIEWS);
    await caughtUp(hub);
    expect((await emergencyOutcomes(breakGlass.db, given.world.child)).get(grant)).toBe('appropriate');
    expect((await emergencyOutcomes(breakGlass.db, NOBODY)).size).toBe(0);
  });

  it('unexplained past its limit suspends, unreviewed past its limit suspends: refused alike for every child', async () => {
    const { grant } = grantIn(await given.start());
    given.pass(DAY + MINUTE);
    const late = await given.start();
    expect(codeOf(late)).toEqual([403, 'HUB_BREAK_GLASS_SUSPENDED']);
    expect(late.json).toMatchObject({ errors: [{ code: 'SUSPENDED_NOT_EXPLAINED' }] });
    expect(words(late)).toBe(words(await given.start(NOBODY_KNOWN)));
    mustBe(201, await explain(grant));
    given.pass(6 * DAY);
    const waiting = await given.start();
    expect(waiting.json).toMatchObject({
      code: 'HUB_BREAK_GLASS_SUSPENDED',
      detail: expect.stringContaining('data-protection officer'),
      errors: [{ code: 'SUSPENDED_NOT_REVIEWED' }],
    });
    expect(words(waiting)).toBe(words(await given.start(NOBODY_KNOWN)));
    expect((await own()).suspensions).toEqual(['not-reviewed']);
    expect(await queue()).toMatchObject([{ grant, overdue: true }]);
    mustBe(201, await review(grant, 'appropriate'));
    grantIn(await given.start());
  });

  it('a breach suspends until the area’s officer lifts it', async () => {
    const { grant } = grantIn(await given.start());
    await caughtUp(hub);
    expect((await read(grant)).status).toBe(200);
    mustBe(201, await review(grant, 'breach'));
    // It ends what is open, too.
    expect((await read(grant)).status).toBe(404);
    given.pass(HOUR);
    expect((await given.start()).json).toMatchObject({ errors: [{ code: 'SUSPENDED_BREACH' }] });
    const lift = (who: string) =>
      given
        .person(who)
        .ask(`/v1/break-glass-grants/${grant}/reinstatements`, { method: 'POST', headers: { 'hub-purpose': 'audit' } });
    expect((await lift('dpo-oakfield')).status).toBe(404);
    expect(mustBe(201, await lift('dpo')).json).toMatchObject({ outcome: 'breach', bars: false });
    grantIn(await given.start());
  });

  it('is nobody’s to end or explain but the user’s own', async () => {
    const { grant } = grantIn(await given.start());
    const theirs = await end(grant, 'health-visitor', 'direct-care');
    expect([theirs.status, words(theirs)]).toEqual([404, words(await end(NOBODY, 'health-visitor', 'direct-care'))]);
    expect((await read(grant)).status).toBe(200);
  });

  it('is counted by organisation', async () => {
    grantIn(await given.start());
    const metrics = await hub.metrics();
    expect(metrics).toContain('tellonce_breakglass_total{agency="childrens-social-care"} 1');
    expect(metrics).not.toContain(given.world.child);
  });
});

const READER = { sub: 'person-90aa', role: 'social-worker' as const, acr: 'x', client: 'x' };

async function lastLook(route: string) {
  const { core } = hub.composed.opened;
  let last: Awaited<ReturnType<typeof openLook>>;
  for await (const batch of core.log.readAll({ families: ['look'] }))
    for (const { data } of batch) {
      const record = decodeRecord(data) as unknown as LookEvent;
      if (record.type !== 'look.recorded.v1') continue;
      const { decision, sealed } = record.data;
      const look = await openLook(core.vault, grantProcess('usage'), decision, record.by, sealed);
      if (look?.route === route) last = look;
    }
  return last;
}
