import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { LookEvent } from '#contracts';
import { decodeRecord } from '#contracts';
import { organisationSystem, type HubClient } from '#nest-platform/client';
import { openLook } from '#sharing';
import { grantProcess } from '#vault';
import { VIEWS, type Views } from '../../src/hub.module.ts';
import { caughtUp, mustBe, PUBLIC_TASK, runningHub, timeline, type RunningHub } from '../running-hub.ts';
import { barrier, consent, MAYA, seen, stopProjectors, tellWorld, VOICE, withdraw, type World } from './world.ts';

const ENROLLED = 'education.enrolment-started.v1';
const HEARING = 'health.newborn-hearing-outcome.v1';
const PROFILE = 'voice.one-page-profile-written.v1';

let hub: RunningHub;
let world: World;
let senco: HubClient;
const pause = barrier();

beforeEach(async () => {
  hub = await runningHub({ stage: pause.stage });
  world = await tellWorld(hub);
  senco = hub.person('senco');
  await caughtUp(hub);
});
afterEach(() => hub.remove());

const sencoSees = () => seen(senco, world.child, 'sen-support');

/** What makes a permission end, each by its own public route, and what the SENCo still sees after it. */
const endings: readonly {
  readonly what: string;
  readonly end: () => Promise<unknown>;
  readonly left: readonly string[] | number;
}[] = [
  { what: 'the consent is withdrawn', end: () => withdraw(hub, world.child, 'voice-1'), left: [ENROLLED, HEARING] },
  { what: 'the agreement is ended', end: () => endAgreement('hearing'), left: [ENROLLED, PROFILE] },
  { what: 'the child leaves the school', end: () => leave(), left: 404 },
];

describe('check 5: with the projectors stopped, for the very next request', () => {
  it.each(endings)('$what: what rested on it is gone, and nothing else', async ({ end, left }) => {
    expect(await sencoSees()).toEqual([ENROLLED, HEARING, PROFILE]);
    await stopProjectors(hub);
    await end();
    expect(await sencoSees()).toEqual(left);
    expect(await isBehind()).toBe(true);
  });

  it('a caseload that ended is no reason any more', async () => {
    const visitor = hub.person('health-visitor');
    const before = await seen(visitor, world.child, 'direct-care');
    expect(before).toContain(HEARING);
    await stopProjectors(hub);
    const ended = await world.trust.tell({
      id: 'caseload-1-end',
      type: 'any.relationship-ended.v1',
      category: 'identity.core',
      basis: PUBLIC_TASK,
      subject: { ...MAYA, localId: 'trust-1' },
      fact: { kind: 'caseload', name: 'health-visiting', endDate: '2026-08-31' },
    });
    expect(ended.outcome).toBe('published');
    expect(await seen(visitor, world.child, 'direct-care')).toBe(404);
    expect(await sencoSees()).toEqual([ENROLLED, HEARING, PROFILE]);
  });

  it('a relationship that began lets in, and a consent given again shares again', async () => {
    await stopProjectors(hub);
    await withdraw(hub, world.child, 'voice-1');
    expect(await sencoSees()).toEqual([ENROLLED, HEARING]);
    await consent(hub, world.child, 'voice-2', { decision: 'give' });
    expect(await sencoSees()).toEqual([ENROLLED, HEARING, PROFILE]);
  });

  it('a revoked key signs in nobody and vouches for no fact', async () => {
    await stopProjectors(hub);
    const path = `/v1/organisations/${world.trust.id}/keys/${world.trust.key.kid}/revocations`;
    const json = { reason: 'compromised' };
    mustBe(200, await hub.person('administrator').ask(path, { json }));
    const late = world.trust.tell({
      id: 'hearing-2',
      type: HEARING,
      category: 'health.screening',
      subject: { ...MAYA, localId: 'trust-1' },
      fact: { screenedOn: '2018-03-30', outcomeCode: '276781000000109', outcome: 'Clear response' },
    });
    // The system is signed in still; the fact itself is signed with a key that no longer counts.
    expect((await late).outcome).not.toBe('published');
    const again = organisationSystem(hub.url, world.trust.id, world.trust.key).ask('/v1/organisations');
    await expect(again).rejects.toThrow('sign-in refused (401)');
    expect(await sencoSees()).toEqual([ENROLLED, HEARING, PROFILE]);
  });
});

describe.each(['decided', 'looked'] as const)('check 4: a request paused when it has %s', (at) => {
  it.each(endings)('while $what: nothing that rested on it leaves', async ({ end, left }) => {
    const { reached, release } = pause.arm(at);
    const asked = timeline(senco, world.child, 'sen-support');
    await reached;
    await end();
    release();
    const answer = await asked;
    if (typeof left === 'number')
      expect([answer.status, answer.text]).toEqual([left, expect.not.stringContaining('factId')]);
    else {
      const { items } = mustBe(200, answer).json as { items: readonly { type: string }[] };
      expect(items.map(({ type }) => type).sort()).toEqual(left);
      expect(answer.text.includes(VOICE)).toBe(left.includes(PROFILE));
    }
    const looks = await looksOfSenco();
    // The first look of the paused request is aborted; the one that answers cites later revisions.
    const [aborted, answered] = looks.slice(-2);
    expect([aborted?.effect, aborted?.aborted, answered?.aborted]).toEqual(['permit', true, false]);
    expect(answered?.revisions).not.toEqual(aborted?.revisions);
    expect(answered?.effect).toBe(typeof left === 'number' ? 'deny' : 'permit');
    expect(answer.headers.get('hub-decision-id')).toBe(typeof left === 'number' ? null : answered?.decision);
  });
});

it('the family reads that a look came to nothing', async () => {
  const { reached, release } = pause.arm('looked');
  const asked = timeline(senco, world.child, 'sen-support');
  await reached;
  await withdraw(hub, world.child, 'voice-1');
  release();
  await asked;
  await caughtUp(hub);
  const path = `/v1/children/${world.child}/usage`;
  const answer = mustBe(200, await hub.person('parent').ask(path, { headers: { 'hub-purpose': 'subject-access' } }));
  const { usages } = answer.json as { usages: readonly { role: string; effect: string }[] };
  expect(usages.filter(({ role }) => role === 'senco').map(({ effect }) => effect)).toEqual(['permit', 'aborted']);
});

it('a basis that moves with every try is 503, and no look of it stands', async () => {
  let tries = 0;
  await hub.remove();
  hub = await runningHub({
    stage: async (at) => {
      if (at !== 'looked' || world.child === '' || tries >= 4) return;
      tries += 1;
      await move(tries);
    },
  });
  tries = 4;
  world = await tellWorld(hub);
  senco = hub.person('senco');
  tries = 0;
  const answer = await timeline(senco, world.child, 'sen-support');
  expect([answer.status, (answer.json as { code: string }).code]).toEqual([503, 'HUB_DECISION_MOVED']);
  expect(answer.text).not.toContain('factId');
  expect((await looksOfSenco()).map(({ aborted }) => aborted)).toEqual([true, true, true, true]);
});

/** True where the timeline has not read the whole log; how much of it is left not every log can say. */
async function isBehind(): Promise<boolean> {
  return (await hub.composed.app.get<Views>(VIEWS).timeline.status()).behind !== 0;
}

/** Changes the child's protection without a request of its own, which would be stopped too. */
async function move(times: number): Promise<void> {
  const { core } = hub.composed.opened;
  const data = {
    consent: `moving-${String(times)}`,
    categories: ['voice' as const],
    purposes: ['sen-support' as const],
    authority: 'parental-responsibility' as const,
    until: null,
  };
  const meta = { by: 'family' as never, correlationId: '11111111-1111-4111-8111-111111111111' };
  await core.protectionCommand(world.child as never, { type: 'giveConsent', data }, meta);
}

async function endAgreement(agreement: string): Promise<void> {
  const json = { reason: 'review' };
  mustBe(200, await world.trust.system.ask(`/v1/agreements/${agreement}/endings`, { json }));
}

async function leave(): Promise<void> {
  const left = await world.school.tell({
    id: 'enrol-1-end',
    type: 'education.enrolment-ended.v1',
    category: 'education.enrolment',
    basis: PUBLIC_TASK,
    subject: MAYA,
    fact: { setting: '100101', endDate: '2026-08-31' },
  });
  expect(left.outcome).toBe('published');
}

/** The SENCo's looks as the log keeps them, oldest first. */
async function looksOfSenco() {
  const { core } = hub.composed.opened;
  const looks: { decision: string; effect: string; revisions: unknown; aborted: boolean }[] = [];
  for await (const events of core.log.readAll({ families: ['look'] })) {
    for (const event of events) {
      const record = decodeRecord(event.data) as unknown as LookEvent;
      const { decision } = record.data;
      if (record.type === 'look.aborted.v1') {
        const look = looks.find((each) => each.decision === decision);
        if (look !== undefined) look.aborted = true;
        continue;
      }
      const look = await openLook(core.vault, grantProcess('usage'), decision, record.by, record.data.sealed);
      if (look?.reader.role !== 'senco') continue;
      const revisions = [look.registryRevision, look.protection];
      looks.push({ decision, effect: look.effect, revisions, aborted: false });
    }
  }
  return looks;
}
