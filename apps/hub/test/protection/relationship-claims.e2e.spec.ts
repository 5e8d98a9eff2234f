import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeRecord, type NoticeEvent } from '#contracts';
import type { ChildId, OrganisationId, PlainDate } from '#kernel';
import { CORE, type Core } from '#nest-platform';
import type { Answer } from '#nest-platform/client';
import { activeRelationship } from '#sharing';
import {
  childIdOf,
  mustBe,
  organisation,
  PUBLIC_TASK,
  runningHub,
  type RunningHub,
  type TestOrganisation,
} from '../running-hub.ts';
import { MAYA, seen, tellWorld, type World } from '../trust/world.ts';

const NOBODY = '11111111-1111-4111-8111-111111111111';
const ID = '5f0d7a52-3c1e-4c8b-9d43-6a0e5b1c2d01';

let hub: RunningHub;
let world: World;
let care: TestOrganisation;

beforeEach(async () => {
  hub = await runningHub();
  world = await tellWorld(hub);
  // Social care has told of Maya, and nobody there works with her.
  care = await organisation(hub, 'childrens-social-care', 'social-care');
  await organisation(hub, 'riverside-special', 'education');
  const told = await care.tell({
    id: 'relationship-1',
    type: 'any.relationship-started.v1',
    category: 'identity.core',
    basis: PUBLIC_TASK,
    subject: { ...MAYA, localId: 'care-1' },
    fact: { kind: 'allocation', name: 'somebody-else', person: 'person-0001', startDate: '2022-09-06' },
  });
  if (told.outcome !== 'published') throw new Error(JSON.stringify(told));
});
afterEach(() => hub.remove());

const claim = (key: string, json: object, child = world.child, purpose = 'early-help'): Promise<Answer> =>
  hub.person(key).ask(`/v1/children/${child}/relationship-claims`, { json, headers: { 'hub-purpose': purpose } });
const end = (key: string, id: string, because: string, purpose: string): Promise<Answer> =>
  hub.person(key).ask(`/v1/children/${world.child}/relationship-claims/${id}/endings`, {
    json: { because },
    headers: { 'hub-purpose': purpose },
  });
const workerSees = async () => {
  const types = await seen(hub.person('social-worker'), world.child, 'early-help');
  if (types !== 404 && typeof types === 'number') throw new Error(String(types));
  return types !== 404;
};
const notices = async () => {
  const found: NoticeEvent[] = [];
  for await (const batch of hub.composed.app.get<Core>(CORE).log.readAll({ families: ['notice'], batch: 500 }))
    found.push(...batch.map(({ data }) => decodeRecord(data) as unknown as NoticeEvent));
  // Detections see the same claims and tell of them in notices of their own.
  return found
    .filter(({ data: { kind } }) => kind === 'relationship-claimed')
    .map(({ data: { kind, to, organisation: of, reference } }) => [kind, to, of, reference]);
};
const words = ({ status, text }: Answer) => [status, text.replace(/"instance":"[^"]*"/, '')];

describe('a professional’s own word that they work with a child', () => {
  it('lets them in for days, is told to two officers who are told no name, and ends early for good', async () => {
    expect(await workerSees()).toBe(false);
    const reason = { id: ID, reason: 'new-referral', words: 'Rang this morning.' };
    const first = mustBe(201, await claim('social-worker', reason));
    expect(await workerSees()).toBe(true);
    expect(mustBe(201, await claim('social-worker', reason)).json).toEqual(first.json);
    expect(await notices()).toEqual([
      ['relationship-claimed', 'organisation-dpo', 'childrens-social-care', ID],
      ['relationship-claimed', 'area-dpo', null, ID],
    ]);
    mustBe(200, await end('social-worker', ID, 'no-longer-needed', 'early-help'));
    expect(await workerSees()).toBe(false);
    expect((await claim('social-worker', reason)).status).toBe(400);
    expect(await workerSees()).toBe(false);
  });

  it('is told of each child, also where it bears the id of a claim on another', async () => {
    const other = { ...MAYA, localId: 'care-2', nhsNumber: '9991774602', surname: 'Other' };
    const told = await care.tell({
      id: 'relationship-2',
      type: 'any.relationship-started.v1',
      category: 'identity.core',
      basis: PUBLIC_TASK,
      subject: other,
      fact: { kind: 'allocation', name: 'somebody-else', person: 'person-0001', startDate: '2022-09-06' },
    });
    expect(told.outcome).toBe('published');
    for (const child of [world.child, await childIdOf(care, other)])
      mustBe(201, await claim('social-worker', { id: ID, reason: 'new-referral' }, child));
    expect(await notices()).toHaveLength(4);
  });

  it('is over after 14 days at most', async () => {
    const { from, until } = mustBe(201, await claim('social-worker', { reason: 'urgent-contact' })).json as {
      from: string;
      until: string;
    };
    expect((Date.parse(until) - Date.parse(from)) / 86_400_000).toBe(13);
    expect((await claim('social-worker', { reason: 'urgent-contact', days: 15 })).status).toBe(400);
    const protections = await hub.composed.app.get<Core>(CORE).tails.protections(world.child as ChildId);
    const reader = {
      sub: 'person-90aa',
      organisation: 'childrens-social-care' as OrganisationId,
      role: 'social-worker',
      acr: 'x',
      client: 'x',
    } as const;
    const on = (days: number) => new Date(Date.parse(from) + days * 86_400_000).toISOString().slice(0, 10) as PlainDate;
    const active = [-1, 0, 13, 14].map((days) => activeRelationship(reader, on(days), protections)?.kind);
    expect(active).toEqual([undefined, 'self-claimed', 'self-claimed', undefined]);
    const colleague = { ...reader, sub: 'person-0002' };
    const [inAnotherRole, somebodyElse] = [{ ...reader, role: 'safeguarding-lead' } as const, colleague].map((each) =>
      activeRelationship(each, on(0), protections),
    );
    expect([inAnotherRole, somebodyElse]).toEqual([undefined, undefined]);
  });

  it('is found unfounded by the area’s officer, by no officer of another organisation, and by no colleague', async () => {
    mustBe(201, await claim('social-worker', { id: ID, reason: 'new-referral' }));
    for (const [key, purpose] of [
      ['dpo-oakfield', 'audit'],
      ['senco', 'sen-support'],
      ['senco-riverside', 'sen-support'],
    ] as const)
      expect([key, (await end(key, ID, 'unfounded', purpose)).status]).toEqual([key, 404]);
    expect(await workerSees()).toBe(true);
    mustBe(200, await end('dpo', ID, 'unfounded', 'audit'));
    expect(await workerSees()).toBe(false);
  });

  it('tells nothing: of a child nobody knows, and of one their organisation never told of, it is refused alike and told to nobody', async () => {
    const reason = { reason: 'new-referral', words: 'Why.' };
    const answers = [
      await claim('senco-riverside', reason, world.child, 'sen-support'),
      await claim('senco-riverside', reason, NOBODY, 'sen-support'),
      await claim('social-worker', reason, NOBODY),
      await claim('social-worker', reason, 'no-id'),
    ].map(words);
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect(answers[0]?.[0]).toBe(404);
    expect(await notices()).toEqual([]);
    expect((await claim('parent', reason, world.child, 'subject-access')).status).toBe(403);
    const matched = await hub.person('senco-riverside').ask('/v1/child-matches', {
      json: { nhsNumber: MAYA.nhsNumber, surname: MAYA.surname, birthDate: MAYA.birthDate },
      headers: { 'hub-purpose': 'sen-support' },
    });
    expect(matched.json).toEqual({ outcome: 'NoMatch' });
  });

  it('lets read, never decide: no consent, authority or decision rests on it', async () => {
    mustBe(201, await claim('social-worker', { reason: 'new-referral' }));
    const state = (path: string, json: object) =>
      hub.person('social-worker').ask(`/v1/children/${world.child}/${path}`, {
        json,
        headers: { 'hub-purpose': 'early-help' },
      });
    const scope = { categories: ['voice'], purposes: ['sen-support'] };
    for (const [path, json] of [
      ['directions', { ...scope, decision: 'give', authority: 'court-order' }],
      ['sharing-decisions', { ...scope, outcome: 'without-consent', ground: 'court-order' }],
      ['authorities', { kind: 'parental-responsibility', evidence: 'adoption-order', person: 'x', from: '2020-01-01' }],
    ] as const)
      expect([path, (await state(path, json)).status]).toEqual([path, 404]);
  });

  it('stays with the child it was made for', async () => {
    mustBe(201, await claim('social-worker', { reason: 'new-referral' }));
    const { identity } = hub.composed.opened;
    const records = await identity.recordsOf(world.child as ChildId);
    const record = records.find(({ organisation: of }) => of === 'oakfield-primary');
    if (record === undefined) throw new Error('no record');
    const moved = await identity.unlink(record.recordId, 'wrong-match', { correlationId: 'spec' });
    expect(await seen(hub.person('social-worker'), moved, 'early-help')).toBe(404);
    expect(await workerSees()).toBe(true);
  });
});

describe('team and role', () => {
  it('come from the sign-in: no header and no body changes them', async () => {
    const sent = { reason: 'new-referral' };
    for (const member of ['role', 'team', 'organisation', 'person', 'from', 'until']) {
      const answer = await claim('social-worker', { ...sent, [member]: 'safeguarding-lead' });
      expect([member, answer.status]).toEqual([member, 400]);
    }
    const ask = (headers: Record<string, string>) =>
      hub.person('health-visitor').ask(`/v1/children/${world.child}/timeline`, {
        headers: { 'hub-purpose': 'early-help', ...headers },
      });
    const acting = await ask({ 'hub-acting-role': 'paediatrician' });
    expect([acting.status, acting.json]).toMatchObject([403, { code: 'HUB_ACTING_ROLE_NOT_YOURS' }]);
    // A caseload of another team: the headers of one's own making do not make one a member.
    const told = await world.trust.tell({
      id: 'caseload-1-end',
      type: 'any.relationship-ended.v1',
      category: 'identity.core',
      basis: PUBLIC_TASK,
      subject: { ...MAYA, localId: 'trust-1' },
      fact: { kind: 'caseload', name: 'health-visiting', endDate: '2026-08-31' },
    });
    const south = await world.trust.tell({
      id: 'caseload-2',
      type: 'any.relationship-started.v1',
      category: 'identity.core',
      basis: PUBLIC_TASK,
      subject: { ...MAYA, localId: 'trust-1' },
      fact: { kind: 'caseload', name: 'south', team: 'health-visiting-south', startDate: '2026-09-01' },
    });
    expect([told.outcome, south.outcome]).toEqual(['published', 'published']);
    for (const name of ['hub-team', 'hub-acting-team', 'team', 'x-hub-team', 'hub-role', 'hub-organisation'])
      expect([name, (await ask({ [name]: 'health-visiting-south' })).status]).toEqual([name, 404]);
    const claimed = mustBe(201, await claim('health-visitor', sent));
    expect((await ask({})).status).toBe(200);
    expect(claimed.json).not.toHaveProperty('role');
  });
});
