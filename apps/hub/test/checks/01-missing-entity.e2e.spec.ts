import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { decodeRecord, encodeRecord, type LookContent, type LookEvent } from '#contracts';
import type { EventLog } from '#event-log';
import type { Instant, OrganisationId } from '#kernel';
import { openLook } from '#sharing';
import { grantProcess } from '#vault';
import { SAFEGUARDING } from '../privacy/canary-child.ts';
import {
  caughtUp,
  childIdOf,
  mustBe,
  organisation,
  PUBLIC_TASK,
  runningHub,
  timeline,
  type RunningHub,
} from '../running-hub.ts';
import { MAYA } from '../trust/world.ts';

const LEAD = 'Worker who leads';

describe('check 1: what a decision needs is gone or can not be read, and a restricted record is asked for', () => {
  let hub: RunningHub;
  let child: string;
  /** Streams whose reading fails, or that are gone; nothing while the world is told. */
  let broken: { readonly stream: RegExp; readonly how: 'unreadable' | 'gone' } | undefined;
  const breakable = (log: EventLog): EventLog =>
    new Proxy(log, {
      get: (target, name) => {
        const member = Reflect.get(target, name) as unknown;
        if (typeof member !== 'function') return member;
        return (...given: readonly unknown[]): unknown => {
          if (!['readStream', 'tail'].includes(String(name)) || broken?.stream.test(String(given[0])) !== true)
            return Reflect.apply(member, target, given) as unknown;
          if (broken.how === 'unreadable') return Promise.reject(new Error('disk'));
          return name === 'readStream' ? Promise.resolve([]) : Reflect.apply(member, target, ['protection-none']);
        };
      },
    });

  beforeEach(async () => {
    broken = undefined;
    hub = await runningHub({ openLog: async (open) => breakable(await open()) });
    const care = await organisation(hub, 'childrens-social-care', 'social-care');
    const subject = { ...MAYA, localId: 'care-1' };
    const allocated = { kind: 'allocation', name: 'worker', startDate: '2022-09-06' };
    const start = { type: 'any.relationship-started.v1', category: 'identity.core', basis: PUBLIC_TASK };
    await care.tell({ id: 'allocation-1', ...start, subject, fact: allocated });
    const told = await care.tell({
      id: 'plan-1',
      type: 'social-care.child-protection-plan-started.v1',
      category: 'social.child-protection',
      basis: SAFEGUARDING,
      subject,
      fact: { startDate: '2026-05-19', abuseCategory: 'neglect', leadProfessional: LEAD },
    });
    expect(told.outcome).toBe('published');
    // A system may not see this child for health care; the social worker may, for safeguarding.
    const asked = await organisation(hub, 'contact-and-referral', 'social-care');
    await asked.tell({ id: 'known-1', ...start, subject: { ...MAYA, localId: 'door-1' }, fact: { ...allocated } });
    child = await childIdOf(asked, MAYA);
    await caughtUp(hub);
    const read = mustBe(200, await timeline(hub.person('social-worker'), child, 'safeguarding'));
    expect(read.text).toContain(LEAD);
    expect(await alarms()).toBe(0);
  });
  afterEach(() => hub.remove());

  const ask = () => timeline(hub.person('social-worker'), child, 'safeguarding');

  async function alarms(): Promise<number> {
    const text = await hub.metrics();
    return Number(/tellonce_alarms_total\{what="policy"\} (\d+)/.exec(text)?.[1] ?? 0);
  }

  async function lastLook(): Promise<LookContent | undefined> {
    const { core } = hub.composed.opened;
    let last: LookContent | undefined;
    for await (const events of core.log.readAll({ families: ['look'] }))
      for (const { data } of events) {
        const event = decodeRecord(data) as unknown as LookEvent;
        if (event.type !== 'look.recorded.v1') continue;
        last = await openLook(core.vault, grantProcess('usage'), event.data.decision, event.by, event.data.sealed);
      }
    return last;
  }

  it.each([
    ['the child’s protection', /^protection-/],
    ['the registry', /^registry$/],
  ])(
    '%s can not be read: refused, no byte, an alarm that the operator sees and the look keeps',
    async (_what, stream) => {
      broken = { stream, how: 'unreadable' };
      const answer = await ask();
      expect([answer.status, answer.text.includes(LEAD)]).toEqual([404, false]);
      expect(await alarms()).toBe(1);
      expect(await lastLook()).toMatchObject({ effect: 'deny', slices: [], facts: [], alarm: true });
      broken = undefined;
      expect((await ask()).text).toContain(LEAD);
    },
  );

  it('the child’s protection is gone: nobody works with the child, so nothing is there', async () => {
    await hub.stop();
    broken = { stream: /^protection-/, how: 'gone' };
    hub = await runningHub({
      folder: hub.folder,
      openLog: async (open) => breakable(await open()),
    });
    const answer = await ask();
    expect([answer.status, answer.text.includes(LEAD)]).toEqual([404, false]);
    expect(await lastLook()).toMatchObject({ effect: 'deny', reasons: ['no-relationship'] });
  });

  it('the child’s protection says something this release does not know: refused with an alarm, for it may restrict', async () => {
    const { log } = hub.composed.opened.core;
    const stream = `protection-${child}`;
    const revision = (await log.readStream(stream)).length;
    const record = encodeRecord({
      format: 1,
      stream,
      revision,
      type: 'restriction.of-tomorrow.v1',
      recordedAt: '2026-09-01T08:00:00.000Z' as Instant,
      by: 'hub' as OrganisationId,
      correlationId: randomUUID(),
      data: {},
    });
    await log.append(stream, revision - 1, [record]);
    const answer = await ask();
    expect([answer.status, answer.text.includes(LEAD)]).toEqual([404, false]);
    expect(await alarms()).toBe(1);
    expect(await lastLook()).toMatchObject({ effect: 'deny', reasons: ['child-unknown'], alarm: true });
  });

  it('an ordinary refusal raises no alarm', async () => {
    expect((await timeline(hub.person('social-worker'), randomUUID(), 'safeguarding')).status).toBe(404);
    expect(await alarms()).toBe(0);
  });
});
