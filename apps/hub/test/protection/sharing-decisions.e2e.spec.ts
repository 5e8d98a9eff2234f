import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeRecord, noticeStream, type NoticeEvent } from '#contracts';
import { CORE, systemClock, type Core } from '#nest-platform';
import type { Answer } from '#nest-platform/client';
import { openNotice, sharingDecision, type Sharing } from '#sharing';
import { grantProcess } from '#vault';
import { dayOf, type ChildId, type OrganisationId } from '#kernel';
import { mustBe, organisation, runningHub, type RunningHub } from '../running-hub.ts';
import { tellWorld, type World } from '../trust/world.ts';

const SCOPE = { categories: ['health.screening'], purposes: ['sen-support'] };
const ID = '5f0d7a52-3c1e-4c8b-9d43-6a0e5b1c2d01';
const ENDS = { because: 'no-longer-needed' };
const WHY = 'Said in confidence at the clinic.';

let hub: RunningHub;
let world: World;

beforeEach(async () => {
  hub = await runningHub();
  world = await tellWorld(hub);
});
afterEach(() => hub.remove());

const PURPOSE: Readonly<Record<string, string>> = {
  'health-visitor': 'early-help',
  senco: 'sen-support',
  parent: 'subject-access',
  dpo: 'audit',
  'dpo-oakfield': 'audit',
};
const ask = (key: string, path: string, json?: object): Promise<Answer> =>
  hub.person(key).ask(`/v1/children/${world.child}/${path}`, {
    headers: { 'hub-purpose': PURPOSE[key] ?? '' },
    ...(json === undefined ? {} : { json }),
  });
const core = () => hub.composed.app.get<Core>(CORE);
const list = async <T = object[]>(key: string, path: string): Promise<T> =>
  Object.values(mustBe(200, await ask(key, path)).json as object)[0] as T;

/** What a decision at the gate of disclosure would find. */
const holds = async (outcome: 'not-to-share' | 'without-consent', change: Partial<Sharing> = {}) => {
  const protections = await core().tails.protections(world.child as ChildId);
  const sharing: Sharing = {
    source: world.trust.id as OrganisationId,
    recipient: world.school.id as OrganisationId,
    category: 'health.screening',
    purpose: 'sen-support',
    ...change,
  };
  return sharingDecision(outcome, sharing, dayOf(systemClock.now()), protections) !== undefined;
};
const events = async (family: 'protection' | 'notice') => {
  const found = [];
  for await (const batch of core().log.readAll({ families: [family], batch: 500 }))
    found.push(...batch.map(({ data }) => decodeRecord(data)));
  return found;
};

describe('a decision not to share', () => {
  const decision = {
    id: ID,
    ...SCOPE,
    outcome: 'not-to-share',
    ground: 'risk-to-child',
    from: '2026-01-01',
    words: WHY,
  };

  it('is the source’s, with its reason for its own people only, until it is ended for good', async () => {
    expect(mustBe(201, await ask('health-visitor', 'sharing-decisions', decision)).json).toEqual({ decision: ID });
    mustBe(201, await ask('health-visitor', 'sharing-decisions', decision));
    expect(await holds('not-to-share')).toBe(true);
    expect(await holds('not-to-share', { source: world.school.id as OrganisationId })).toBe(false);
    expect(await list('health-visitor', 'sharing-decisions')).toEqual([
      {
        decision: ID,
        ...SCOPE,
        outcome: 'not-to-share',
        ground: 'risk-to-child',
        recipient: null,
        from: '2026-01-01',
        until: null,
        words: WHY,
      },
    ]);
    expect(await list('senco', 'sharing-decisions')).toEqual([]);
    expect((await ask('senco', `sharing-decisions/${ID}/endings`, ENDS)).status).toBe(404);
    expect((await ask('parent', 'sharing-decisions')).status).toBe(403);
    mustBe(200, await ask('health-visitor', `sharing-decisions/${ID}/endings`, ENDS));
    mustBe(200, await ask('health-visitor', `sharing-decisions/${ID}/endings`, ENDS));
    expect(await holds('not-to-share')).toBe(false);
    const again = await ask('health-visitor', 'sharing-decisions', decision);
    expect([again.status, again.json]).toMatchObject([400, { errors: [{ code: 'DECISION_ALREADY_ENDED' }] }]);
    const types = (await events('protection')).map(({ type }) => type).filter((type) => type.startsWith('sharing'));
    expect(types).toEqual(['sharing.decided.v1', 'sharing.decision-ended.v1']);
  });

  it('is refused on a ground of the other outcome, to oneself, to nobody known', async () => {
    const codeOf = async (change: object) => {
      const { status, json } = await ask('health-visitor', 'sharing-decisions', { ...decision, ...change });
      return [status, (json as { errors?: { code: string }[] }).errors?.[0]?.code];
    };
    expect(await codeOf({ ground: 'court-order' })).toEqual([400, 'GROUND_NOT_OF_OUTCOME']);
    expect(await codeOf({ recipient: world.trust.id })).toEqual([400, 'RECIPIENT_IS_SOURCE']);
    expect(await codeOf({ recipient: 'nobody' })).toEqual([400, 'ORGANISATION_UNKNOWN']);
    expect(await codeOf({ categories: ['gossip'] })).toEqual([400, 'CATEGORY_UNKNOWN']);
    const without = { outcome: 'without-consent', ground: 'risk-of-serious-harm', recipient: world.school.id };
    expect(await codeOf(without)).toEqual([201, undefined]);
    expect(await holds('without-consent')).toBe(true);
  });

  it('loses its words with the record of the organisation that wrote them, and still holds', async () => {
    mustBe(201, await ask('health-visitor', 'sharing-decisions', decision));
    const json = { childId: world.child, organisation: world.trust.id, ground: 'court-order' };
    const asked = { json, headers: { 'hub-purpose': 'audit' } };
    mustBe(201, await hub.person('dpo').ask('/v1/erasures', asked));
    expect(await holds('not-to-share')).toBe(true);
    const stored = (await events('protection')).find(({ type }) => type === 'sharing.decided.v1');
    const { words } = stored?.data as unknown as { words: { key: string } };
    expect(await core().vault.describe(words.key)).toBeUndefined();
  });
});

describe('an objection', () => {
  const objection = {
    id: ID,
    ...SCOPE,
    organisation: 'bridgewater-community-trust',
    words: 'Not to the school, please.',
  };
  const upheld = { outcome: 'upheld', words: 'We agree.' };

  it('upheld becomes a decision not to share; the family reads what was answered', async () => {
    mustBe(201, await ask('parent', 'objections', objection));
    mustBe(201, await ask('parent', 'objections', objection));
    expect(await list('parent', 'objections')).toMatchObject([
      { objection: ID, state: 'open', organisation: world.trust.id, words: objection.words },
    ]);
    expect(await list('health-visitor', 'objections')).toMatchObject([{ objection: ID, words: objection.words }]);
    expect(await list('senco', 'objections')).toEqual([]);
    expect(await holds('not-to-share')).toBe(false);
    expect((await ask('senco', `objections/${ID}/answers`, upheld)).status).toBe(404);
    const answer = mustBe(200, await ask('health-visitor', `objections/${ID}/answers`, upheld));
    const { decision } = answer.json as { decision: string };
    expect(mustBe(200, await ask('health-visitor', `objections/${ID}/answers`, upheld)).json).toEqual(answer.json);
    expect(await holds('not-to-share')).toBe(true);
    expect(await list('health-visitor', 'sharing-decisions')).toMatchObject([{ decision, ground: 'objection-upheld' }]);
    expect(await list('parent', 'objections')).toMatchObject([{ state: 'upheld', answer: { words: 'We agree.' } }]);
  });

  it('is told to the organisation’s officer once, naming nobody', async () => {
    mustBe(201, await ask('parent', 'objections', objection));
    mustBe(201, await ask('parent', 'objections', objection));
    // Of the organisations' keys their officers are told as well.
    const notices = ((await events('notice')) as unknown as readonly NoticeEvent[]).filter(
      ({ data: { kind } }) => kind !== 'organisation-keys-changed',
    );
    expect(
      notices.map(({ data: { kind, to, organisation, reference } }) => ({ kind, to, organisation, reference })),
    ).toEqual([
      { kind: 'sharing-objection-made', to: 'organisation-dpo', organisation: world.trust.id, reference: ID },
    ]);
    const [notice] = notices;
    if (notice === undefined) throw new Error('no notice');
    expect(JSON.stringify(notice)).not.toContain(world.child);
    expect(notice.stream).toBe(noticeStream(notice.data.notice));
    expect(await openNotice(core().vault, grantProcess('usage'), notice.data.notice, notice.data.sealed)).toEqual({
      child: world.child,
      person: null,
    });
  });

  it('overridden needs a ground of the law, and is answered by the officer of the organisation too', async () => {
    const toSchool = { ...objection, organisation: world.school.id, categories: ['education.enrolment'] };
    mustBe(201, await ask('parent', 'objections', toSchool));
    expect(await list('dpo-oakfield', 'objections')).toMatchObject([{ objection: ID }]);
    expect((await ask('dpo', 'objections')).status).toBe(404);
    const bare = await ask('dpo-oakfield', `objections/${ID}/answers`, { outcome: 'overridden' });
    expect([bare.status, bare.json]).toMatchObject([400, { errors: [{ code: 'GROUND_NOT_OF_OUTCOME' }] }]);
    mustBe(
      200,
      await ask('dpo-oakfield', `objections/${ID}/answers`, { outcome: 'overridden', ground: 'legal-claims' }),
    );
    expect(await list('parent', 'objections')).toMatchObject([{ state: 'overridden', ground: 'legal-claims' }]);
  });

  it('is taken for any organisation of the area, and tells nothing of what it holds', async () => {
    const other = await organisation(hub, 'willow-camhs', 'health');
    const unnamed = { ...objection, id: undefined };
    const [told, untold] = [
      await ask('parent', 'objections', unnamed),
      await ask('parent', 'objections', { ...unnamed, organisation: other.id }),
    ];
    expect([told.status, untold.status]).toEqual([201, 201]);
    expect((await ask('parent', 'objections', { ...unnamed, organisation: 'nobody' })).status).toBe(400);
  });
});
