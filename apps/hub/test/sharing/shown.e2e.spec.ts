import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AgreementTerms, Category, LookContent, LookEvent } from '#contracts';
import { decodeRecord } from '#contracts';
import type { HubClient } from '#nest-platform/client';
import { openLook } from '#sharing';
import { grantProcess } from '#vault';
import { SAFEGUARDING } from '../privacy/canary-child.ts';
import {
  agree,
  caughtUp,
  childIdOf,
  DIRECT_CARE,
  mustBe,
  organisation,
  PUBLIC_TASK,
  runningHub,
  timeline,
  type RunningHub,
  type TestOrganisation,
} from '../running-hub.ts';
import { MAYA } from '../trust/world.ts';

const PLAN = {
  type: 'social-care.child-protection-plan-started.v1',
  category: 'social.child-protection',
  basis: SAFEGUARDING,
} as const;
const LEAD = 'Allocated worker of the front door';
const SUMMARY = 'Walked to the window and back.';

/** What a social worker is shown of facts that a front door and a trust told, each under its agreement. */
describe('how much is shown', () => {
  let hub: RunningHub;
  let worker: HubClient;
  let child: string;
  let frontDoor: TestOrganisation;

  beforeAll(async () => {
    hub = await runningHub();
    const care = await organisation(hub, 'childrens-social-care', 'social-care');
    frontDoor = await organisation(hub, 'contact-and-referral', 'social-care');
    const trust = await organisation(hub, 'bridgewater-community-trust', 'health');
    await care.tell({
      id: 'allocation-1',
      type: 'any.relationship-started.v1',
      category: 'identity.core',
      basis: PUBLIC_TASK,
      subject: { ...MAYA, localId: 'care-1' },
      fact: { kind: 'allocation', name: 'worker', startDate: '2022-09-06' },
    });
    for (const [id, startDate] of [
      ['plan-1', '2024-05-19'],
      ['plan-2', '2026-06-01'],
    ] as const)
      await tellPlan(id, startDate);
    const contact = await trust.tell({
      id: 'contact-1',
      type: 'health.professional-contact.v1',
      category: 'health.contact',
      basis: DIRECT_CARE,
      subject: { ...MAYA, localId: 'trust-1' },
      fact: { contactOn: '2026-02-03', service: 'health-visiting', summary: SUMMARY },
    });
    expect(contact).toMatchObject({ outcome: 'published', reasons: [] });
    child = await childIdOf(trust, MAYA);
    await inForce('front-door', frontDoor.id, ['education.enrolment'], { existenceOnly: ['social.child-protection'] });
    const terms = { obligations: ['redact-free-text', 'tell-source'] } as const;
    await inForce('contacts', trust.id, ['health.contact'], terms);
    worker = hub.person('social-worker');
    await caughtUp(hub);
  });
  afterAll(() => hub.remove());

  async function tellPlan(id: string, startDate: string): Promise<void> {
    const told = await frontDoor.tell({
      id,
      ...PLAN,
      subject: { ...MAYA, localId: 'door-1' },
      fact: { startDate, abuseCategory: 'neglect', leadProfessional: id === 'plan-2' ? LEAD : 'Somebody before' },
    });
    expect(told).toMatchObject({ outcome: 'published', reasons: [] });
  }

  async function inForce(
    id: string,
    source: string,
    categories: readonly Category[],
    terms: Partial<AgreementTerms>,
  ): Promise<void> {
    const { versions } = await hub.composed.opened.core.tails.registry();
    await agree(hub, {
      id,
      source,
      recipient: 'childrens-social-care',
      version: (versions.get(id) ?? 0) + 1,
      categories,
      purposes: ['safeguarding', 'early-help'],
      roles: ['social-worker'],
      terms,
    });
  }

  const sees = async (query = '', purpose = 'safeguarding') =>
    mustBe(200, await timeline(worker, child, purpose, query)).json as Seen;
  interface Seen {
    readonly items: readonly {
      readonly type: string;
      readonly data: object;
      readonly redacted?: unknown;
      readonly obligations?: unknown;
    }[];
    readonly exists?: unknown;
  }
  const EXISTS = [
    {
      organisation: 'contact-and-referral',
      category: 'social.child-protection',
      current: true,
      shown: { leadProfessional: LEAD },
    },
  ];

  it('of a restricted category of another organisation only that there is something, and who leads: no day, no id, no number', async () => {
    const { exists, items } = await sees();
    expect(exists).toEqual(EXISTS);
    expect(items.map(({ type }) => type)).toEqual(expect.not.arrayContaining([PLAN.type]));
    const { text } = await timeline(worker, child, 'safeguarding');
    for (const hidden of ['2026-06-01', '2024-05-19', 'neglect', 'Somebody before', PLAN.type])
      expect([hidden, text.includes(hidden)]).toEqual([hidden, false]);
  });

  it('what exists can not be dated or told by narrowing what is asked for', async () => {
    for (const query of [
      '?from=2030-01-01',
      '?to=2019-01-01',
      '?from=2026-06-02&to=2026-06-30',
      `?type=${PLAN.type}`,
      '?type=restricted.fact.v1',
      '?orderBy=recorded&limit=1',
    ])
      expect([query, (await sees(query)).exists]).toEqual([query, EXISTS]);
    expect((await sees('?asOf=2026-01-01')).exists).toBeUndefined();
  });

  it('is not known for another purpose, nor where the agreement is over', async () => {
    expect((await sees('', 'early-help')).exists).toBeUndefined();
    const json = { reason: 'review' };
    mustBe(200, await frontDoor.system.ask('/v1/agreements/front-door/endings', { json }));
    expect((await sees()).exists).toBeUndefined();
    await inForce('front-door', frontDoor.id, ['education.enrolment'], { existenceOnly: ['social.child-protection'] });
    expect((await sees()).exists).toEqual(EXISTS);
  });

  it('leaves free text out where the agreement asks for it, says which member, and what else is asked for', async () => {
    const { items } = await sees();
    const contact = items.find(({ type }) => type === 'health.professional-contact.v1');
    expect(contact).toMatchObject({
      redacted: [{ pointer: '/summary', because: 'free-text' }],
      obligations: ['redact-free-text', 'tell-source'],
    });
    expect(JSON.stringify(items)).not.toContain(SUMMARY);
    const minimum = { 'health.professional-contact.v1': ['contactOn'] };
    await inForce('contacts', 'bridgewater-community-trust', ['health.contact'], { minimum });
    const least = (await sees()).items.find(({ type }) => type === 'health.professional-contact.v1');
    expect(least?.data).toEqual({ contactOn: '2026-02-03' });
    const terms = { obligations: ['redact-free-text', 'tell-source'] } as const;
    await inForce('contacts', 'bridgewater-community-trust', ['health.contact'], terms);
  });

  it('keeps in the look what was seen and how much of it, what it rested on, and what was asked for', async () => {
    const answer = mustBe(200, await timeline(worker, child, 'safeguarding'));
    const look = await lookOf(answer.headers.get('hub-decision-id') ?? '');
    expect(look.slices).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ category: 'social.child-protection', mode: 'existence', agreement: 'front-door' }),
        expect.objectContaining({ category: 'health.contact', agreement: 'contacts' }),
      ]),
    );
    expect(look.slices.find(({ category }) => category === 'health.contact')).not.toHaveProperty('mode');
    expect(look).toMatchObject({
      relationship: { kind: 'allocation' },
      obligations: ['redact-free-text', 'tell-source'],
      policy: '2026.2',
    });
    // The allocation itself, the contact, and the one plan of which the lead professional was shown.
    expect(look.facts).toHaveLength(3);
    const nothing = mustBe(200, await timeline(worker, child, 'safeguarding', '?type=education.enrolment-started.v1'));
    expect(await lookOf(nothing.headers.get('hub-decision-id') ?? '')).not.toHaveProperty('obligations');
  });

  it('a plan that is withdrawn exists no more', async () => {
    for (const fact of ['plan-1', 'plan-2'])
      await frontDoor.tell({
        id: `withdraw-${fact}`,
        type: 'any.fact-withdrawn.v1',
        category: 'identity.core',
        basis: PUBLIC_TASK,
        subject: { ...MAYA, localId: 'door-1' },
        fact: { withdraws: fact, reason: 'entered-in-error' },
      });
    await caughtUp(hub);
    expect((await sees()).exists).toBeUndefined();
  });

  async function lookOf(decision: string): Promise<LookContent> {
    const { core } = hub.composed.opened;
    const [event] = await core.log.readStream(`look-${decision}`, { limit: 1 });
    if (event === undefined) throw new Error('no look');
    const record = decodeRecord(event.data) as unknown as LookEvent;
    if (record.type !== 'look.recorded.v1') throw new Error(record.type);
    const look = await openLook(core.vault, grantProcess('usage'), record.data.decision, record.by, record.data.sealed);
    if (look === undefined) throw new Error('the look does not open');
    return look;
  }
});
