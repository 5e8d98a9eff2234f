import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Answer } from '#nest-platform/client';
import {
  PUBLIC_TASK,
  caughtUp,
  mustBe,
  organisation,
  runningHub,
  type RunningHub,
  type TestOrganisation,
} from '../running-hub.ts';
import { MAYA, consent, seen, stopProjectors, tellWorld, withdraw, type World } from '../trust/world.ts';

const PROFILE = 'voice.one-page-profile-written.v1';
const SCOPE = { categories: ['voice'], purposes: ['sen-support'] };
const FIVE = { understands: true, retains: true, weighs: true, communicates: true, voluntary: true };

let hub: RunningHub;
let world: World;
let care: TestOrganisation;

beforeEach(async () => {
  hub = await runningHub();
  world = await tellWorld(hub);
  care = await organisation(hub, 'childrens-social-care', 'social-care');
  await care.tell({
    id: 'allocation-1',
    type: 'any.relationship-started.v1',
    category: 'identity.core',
    basis: PUBLIC_TASK,
    subject: { ...MAYA, localId: 'care-1' },
    fact: { kind: 'allocation', name: 'children-in-need', startDate: '2022-09-06' },
  });
  await caughtUp(hub);
  // What is decided here must not need a view.
  await stopProjectors(hub);
});
afterEach(() => hub.remove());

const sees = async () => {
  const types = await seen(hub.person('senco'), world.child, 'sen-support');
  return typeof types !== 'number' && types.includes(PROFILE);
};
const PURPOSE: Readonly<Record<string, string>> = {
  'health-visitor': 'early-help',
  'social-worker': 'early-help',
  senco: 'sen-support',
  parent: 'subject-access',
  'young-person': 'subject-access',
};
const ask = (key: string, path: string, json?: object): Promise<Answer> =>
  hub.person(key).ask(`/v1/children/${world.child}/${path}`, {
    headers: { 'hub-purpose': PURPOSE[key] ?? '' },
    ...(json === undefined ? {} : { json }),
  });
const consents = async () =>
  mustBe(200, await ask('parent', 'consents')).json as { consents: object[]; states: object[] };
const record = async (json: object) => {
  const answer = mustBe(201, await ask('health-visitor', 'authorities', json));
  return (answer.json as { authority: string }).authority;
};
const mother = (change: object = {}) => ({
  kind: 'parental-responsibility',
  evidence: 'birth-registration',
  person: 'person-3d77',
  from: '2018-03-14',
  ...change,
});

describe('the authority of a parent', () => {
  it('is their own word until it is recorded; when it ends, what rested on it is gone at the next request', async () => {
    expect(await consents()).toMatchObject({ consents: [{ consent: 'voice-1', state: 'given', standing: 'claimed' }] });
    const authority = await record(mother());
    expect(await consents()).toMatchObject({ consents: [{ state: 'given', standing: 'recorded' }] });
    expect(await sees()).toBe(true);
    mustBe(200, await ask('social-worker', `authorities/${authority}/endings`, {}));
    expect(await sees()).toBe(false);
    expect(await consents()).toMatchObject({
      consents: [{ consent: 'voice-1', state: 'authority-ended', standing: 'none' }],
      states: [{ category: 'voice', purpose: 'sen-support', state: 'expired' }],
    });
    // Their own word does not bring it back; another authority does.
    await consent(hub, world.child, 'voice-2', { decision: 'give' });
    expect(await sees()).toBe(false);
    await record(mother({ evidence: 'child-arrangements-order', from: '2026-01-01' }));
    expect(await sees()).toBe(true);
    const { authorities } = mustBe(200, await ask('senco', 'authorities')).json as { authorities: object[] };
    expect(authorities).toMatchObject([
      { authority, state: 'over', evidence: 'birth-registration', organisation: world.trust.id },
      { state: 'in-force', evidence: 'child-arrangements-order' },
    ]);
  });

  it('is recorded by people who work with the child, once, with evidence of its kind', async () => {
    const id = '5f0d7a52-3c1e-4c8b-9d43-6a0e5b1c2d01';
    expect(await record(mother({ id }))).toBe(id);
    expect(await record(mother({ id }))).toBe(id);
    const other = await ask('health-visitor', 'authorities', mother({ id, from: '2019-01-01' }));
    expect([other.status, other.json]).toMatchObject([400, { errors: [{ code: 'AUTHORITY_ID_TAKEN' }] }]);
    const wrong = await ask('health-visitor', 'authorities', mother({ evidence: 'care-order' }));
    expect([wrong.status, wrong.json]).toMatchObject([400, { errors: [{ code: 'EVIDENCE_NOT_OF_KIND' }] }]);
    // Accommodation under section 20 gives a local authority nothing.
    expect((await ask('social-worker', 'authorities', { ...mother(), kind: 'section-20' })).status).toBe(400);
    const number = await ask('health-visitor', 'authorities', mother({ person: MAYA.nhsNumber }));
    expect([number.status, number.json]).toMatchObject([400, { errors: [{ code: 'ID_LOOKS_PERSONAL' }] }]);
    expect((await ask('parent', 'authorities', mother())).status).toBe(403);
    const { authorities } = mustBe(200, await ask('senco', 'authorities')).json as { authorities: object[] };
    expect(authorities).toHaveLength(1);
  });

  it('is not a young person’s: nobody speaks as somebody else', async () => {
    for (const authority of ['young-person-16', 'gillick-competent-child']) {
      const json = { ...SCOPE, consent: 'as-child', decision: 'give', authority };
      const answer = await ask('parent', 'consents', json);
      expect([answer.status, answer.json]).toMatchObject([403, { code: 'HUB_AUTHORITY_NOT_YOURS' }]);
    }
  });
});

describe('a local authority and a court', () => {
  const direct = (json: object) => ask('social-worker', 'directions', { ...SCOPE, ...json });

  it('speaks for the child under a care order, and a parent who disagrees stops what rests on consent', async () => {
    await withdraw(hub, world.child, 'voice-1');
    const early = await direct({ decision: 'give', authority: 'care-order' });
    expect([early.status, early.json]).toMatchObject([400, { errors: [{ code: 'CARE_ORDER_MISSING' }] }]);
    const order = { kind: 'care-order', evidence: 'care-order', from: '2026-01-01' };
    const nurse = await ask('health-visitor', 'authorities', order);
    expect([nurse.status, nurse.json]).toMatchObject([403, { code: 'HUB_NOT_CHILDRENS_SOCIAL_CARE' }]);
    mustBe(201, await ask('social-worker', 'authorities', order));
    mustBe(201, await direct({ decision: 'give', authority: 'care-order' }));
    expect(await sees()).toBe(true);
    await consent(hub, world.child, 'no-1', { decision: 'refuse' });
    expect(await sees()).toBe(false);
    expect(await consents()).toMatchObject({
      consents: [{ state: 'conflicting' }, { consent: 'no-1', state: 'conflicting' }],
      states: [{ state: 'conflicting' }],
    });
    await withdraw(hub, world.child, 'no-1');
    expect(await sees()).toBe(true);
  });

  it('holds over every parent, and ends with its order only', async () => {
    const { direction } = mustBe(201, await direct({ decision: 'refuse', authority: 'court-order' })).json as {
      direction: string;
    };
    expect(await sees()).toBe(false);
    await consent(hub, world.child, 'voice-2', { decision: 'give' });
    expect(await sees()).toBe(false);
    const path = `/v1/children/${world.child}/consents/${direction}`;
    const asked = { method: 'PATCH', json: { decision: 'withdraw' }, headers: { 'hub-purpose': 'subject-access' } };
    const taken = await hub.person('parent').ask(path, asked);
    expect([taken.status, taken.json]).toMatchObject([400, { errors: [{ code: 'CONSENT_OF_ANOTHER' }] }]);
    const ended = { because: 'order-ended' };
    expect((await ask('social-worker', 'directions/voice-1/endings', ended)).status).toBe(404);
    const mind = await ask('social-worker', `directions/${direction}/endings`, { because: 'decided-anew' });
    expect([mind.status, mind.json]).toMatchObject([400, { errors: [{ code: 'CONSENT_OF_ANOTHER' }] }]);
    mustBe(200, await ask('social-worker', `directions/${direction}/endings`, ended));
    expect(await sees()).toBe(true);
  });
});

describe('a young person', () => {
  const say = (decision: 'give' | 'refuse', authority: string, name: string = authority) =>
    ask('young-person', 'consents', { ...SCOPE, consent: name, decision, authority });
  const assess = (change: object = {}) =>
    ask('health-visitor', 'competence-assessments', {
      ...SCOPE,
      ...{ test: 'gillick', person: 'person-77c1', ...FIVE, on: '2026-09-01', until: '2027-09-01' },
      ...change,
    });

  beforeEach(async () => {
    const told = await world.family.tell({
      id: 'maya-herself',
      type: 'any.relationship-started.v1',
      category: 'identity.core',
      basis: PUBLIC_TASK,
      subject: { ...MAYA, localId: 'fam-1' },
      fact: { kind: 'family', name: 'self', person: 'person-77c1', startDate: '2022-09-01' },
    });
    expect(told.outcome).toBe('published');
    await withdraw(hub, world.child, 'voice-1');
    expect(await sees()).toBe(false);
  });

  it('under 16 decides once found competent for it, and a parent’s refusal does not stop them', async () => {
    mustBe(201, await say('give', 'gillick-competent-child'));
    expect(await sees()).toBe(false);
    mustBe(201, await assess({ purposes: ['transition'] }));
    expect(await sees()).toBe(false);
    mustBe(201, await assess());
    expect(await sees()).toBe(true);
    await consent(hub, world.child, 'no-1', { decision: 'refuse' });
    expect(await sees()).toBe(true);
    mustBe(201, await assess({ on: '2026-09-02', weighs: false }));
    expect(await sees()).toBe(false);
  });

  it('from 16 is presumed able; their no holds over their parents’ yes, and only they take it back', async () => {
    mustBe(201, await say('give', 'young-person-16', 'yes'));
    expect(await sees()).toBe(true);
    const path = (name: string) => `/v1/children/${world.child}/consents/${name}`;
    const back = { method: 'PATCH', json: { decision: 'withdraw' }, headers: { 'hub-purpose': 'subject-access' } };
    expect((await hub.person('parent').ask(path('yes'), back)).status).toBe(400);
    mustBe(201, await say('refuse', 'young-person-16', 'no'));
    await consent(hub, world.child, 'voice-2', { decision: 'give' });
    expect(await sees()).toBe(false);
    expect((await hub.person('parent').ask(path('no'), back)).status).toBe(400);
    mustBe(200, await hub.person('young-person').ask(path('no'), back));
    expect(await sees()).toBe(true);
    expect((await say('give', 'parental-responsibility')).status).toBe(403);
  });
});

describe('an assessment of competence', () => {
  it('says whether the child may decide, and is read by those who work with it', async () => {
    const json = { ...SCOPE, test: 'gillick', person: 'person-77c1', ...FIVE, on: '2026-09-01', until: '2027-09-01' };
    expect(mustBe(201, await ask('health-visitor', 'competence-assessments', json)).json).toMatchObject({
      competent: true,
    });
    const weak = { ...json, voluntary: false };
    expect(mustBe(201, await ask('health-visitor', 'competence-assessments', weak)).json).toMatchObject({
      competent: false,
    });
    const four = { ...json, voluntary: undefined };
    expect((await ask('health-visitor', 'competence-assessments', four)).status).toBe(400);
    const { assessments } = mustBe(200, await ask('senco', 'authorities')).json as { assessments: object[] };
    expect(assessments).toMatchObject([
      { test: 'gillick', competent: true, role: 'health-visitor', organisation: world.trust.id },
      { competent: false },
    ]);
  });
});
