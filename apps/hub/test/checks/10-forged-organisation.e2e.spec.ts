import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { signFact, type Answer } from '#nest-platform/client';
import { approve, contentOf, draft, type Agreeing } from '../agreements.ts';
import { MAYA, seen, tellWorld, type World } from '../trust/world.ts';
import { caughtUp, mustBe, organisation, PUBLIC_TASK, runningHub, type RunningHub } from '../running-hub.ts';

const HEARING = 'health.newborn-hearing-outcome.v1';
const DAY = 86_400_000;
const day = (days: number) => new Date(Date.now() + days * DAY).toISOString().slice(0, 10);

describe('check 10: an organisation forged, and agreements that do not hold', () => {
  let hub: RunningHub;
  let world: World;
  let version = 1;

  beforeAll(async () => {
    hub = await runningHub();
    world = await tellWorld(hub);
    await caughtUp(hub);
  });
  afterAll(() => hub.remove());

  const next = (change: Partial<Agreeing> = {}) =>
    contentOf({
      id: 'hearing',
      version: ++version,
      source: world.trust.id,
      recipient: world.school.id,
      categories: ['health.screening'],
      purposes: ['sen-support'],
      roles: ['senco'],
      ...change,
    });
  const bothApprove = async (content: ReturnType<typeof next>) => {
    mustBe(200, await draft(world.trust, content));
    mustBe(200, await approve(world.trust, content));
    mustBe(200, await approve(world.school, content));
  };
  const hearingIsSeen = async () => {
    const types = await seen(hub.person('senco'), world.child, 'sen-support');
    return typeof types !== 'number' && types.includes(HEARING);
  };
  const codeOf = ({ status, json }: Answer) => {
    const { code, errors } = json as { code: string; errors?: readonly { code: string }[] };
    return [status, code, errors?.[0]?.code];
  };

  it('takes no fact of one organisation signed by another', async () => {
    const event = {
      specversion: '1.0' as const,
      id: 'forged-1',
      source: `/organisations/${world.trust.id}`,
      type: 'education.enrolment-started.v1',
      time: '2026-09-01T08:00:00Z',
      datacontenttype: 'application/json' as const,
      category: 'education.enrolment',
      basis: JSON.stringify(PUBLIC_TASK),
      data: { subject: MAYA, fact: { setting: '100101', startDate: '2026-09-01' } },
    };
    const headers = { 'content-type': 'application/cloudevents-batch+json' };
    const body = JSON.stringify([await signFact(event, world.school.key)]);
    const path = (id: string) => `/v1/organisations/${id}/submissions`;
    const own = mustBe(202, await world.school.system.ask(path(world.school.id), { body, headers }));
    const receipt = await world.school.system.ask(own.headers.get('location') ?? '');
    expect(receipt.json).toMatchObject({
      items: [{ outcome: 'rejected', reasons: [{ code: 'ORGANISATION_FORGED' }], factId: null }],
    });
    expect((await world.school.system.ask(path(world.trust.id), { body, headers })).status).toBe(404);
  });

  it('shares under an agreement only between its days', async () => {
    expect(await hearingIsSeen()).toBe(true);
    await bothApprove(next({ from: day(-30), until: day(-2) }));
    expect(await hearingIsSeen()).toBe(false);
    await bothApprove(next({ from: day(2) }));
    expect(await hearingIsSeen()).toBe(false);
    await bothApprove(next({ from: day(-1), until: day(2) }));
    expect(await hearingIsSeen()).toBe(true);
  });

  it('shares nothing more under an agreement that one side has signed', async () => {
    const family = { id: 'parents-to-trust', source: world.family.id, recipient: world.trust.id };
    const scope = { categories: ['voice'], purposes: ['direct-care'], roles: ['health-visitor'] as const };
    const content = contentOf({ ...family, ...scope });
    mustBe(200, await draft(world.trust, content));
    expect(mustBe(200, await approve(world.trust, content)).json).toEqual({ changed: true, state: 'draft' });
    expect((await hub.person('senco').ask('/v1/agreements')).text).not.toContain('parents-to-trust');
    expect(await seen(hub.person('health-visitor'), world.child, 'direct-care')).not.toContain(
      'voice.one-page-profile-written.v1',
    );
  });

  it('takes an approval by nobody but a person of the party, with a key of the party, of this text', async () => {
    const content = next({ roles: ['senco', 'class-teacher'] });
    mustBe(200, await draft(world.trust, content));
    const { school, trust, family } = world;
    const other = { ...content, title: 'Another text' };
    const invalid = [403, 'CALLER_APPROVAL_NOT_VALID'] as const;
    const tried: readonly (readonly [string, Answer, readonly unknown[]])[] = [
      ['the other party’s key', await approve(trust, content, { key: school.key }), [...invalid, 'KEY_UNKNOWN']],
      [
        'its own key under the other’s name',
        await approve(trust, content, { key: { ...school.key, kid: trust.key.kid } }),
        [...invalid, 'SIGNATURE_INVALID'],
      ],
      ['for the other party', await approve(school, content, { party: trust.id }), [...invalid, 'APPROVAL_OF_OTHER']],
      [
        'handed in by the other party',
        await approve(trust, content, { by: school.system }),
        [...invalid, 'KEY_UNKNOWN'],
      ],
      [
        'handed in by a stranger',
        await approve(trust, content, { by: family.system }),
        [404, 'HUB_NOT_FOUND', undefined],
      ],
      ['of another text', await approve(trust, other), [409, 'HUB_AGREEMENT_CONFLICT', 'DIGEST_NOT_OF_DRAFT']],
      [
        'by a system for itself',
        await approve(trust, content, { approver: `system:${trust.id}` }),
        [403, 'CALLER_APPROVER_NOT_OWN', 'APPROVER_NOT_OWN'],
      ],
      [
        'by an officer under another’s name',
        await approve(school, content, { by: hub.person('dpo-oakfield') }),
        [403, 'CALLER_APPROVER_NOT_OWN', 'APPROVER_NOT_OWN'],
      ],
    ];
    for (const [what, answer, expected] of tried) expect([what, ...codeOf(answer)]).toEqual([what, ...expected]);
    // And nothing of it counted: the first good approval is the first.
    expect(mustBe(200, await approve(trust, content)).json).toEqual({ changed: true, state: 'draft' });
    const officer = { approver: 'person-d0a1', by: hub.person('dpo-oakfield') };
    expect(mustBe(200, await approve(school, content, officer)).json).toEqual({ changed: true, state: 'in-force' });
  });

  it('shares nothing while either party suspends, and lets only that party resume', async () => {
    const path = '/v1/agreements/hearing';
    const json = { reason: 'an account was stolen' };
    mustBe(200, await world.trust.system.ask(`${path}/suspensions`, { json }));
    expect(await hearingIsSeen()).toBe(false);
    const resume = { method: 'POST' };
    expect(codeOf(await world.school.system.ask(`${path}/resumptions`, resume))).toEqual([
      409,
      'HUB_AGREEMENT_CONFLICT',
      'SUSPENDED_BY_OTHER_PARTY',
    ]);
    expect(await hearingIsSeen()).toBe(false);
    mustBe(200, await world.trust.system.ask(`${path}/resumptions`, resume));
    expect(await hearingIsSeen()).toBe(true);
  });

  it('tells the officers of the area and of the organisation of every key an administrator gives or takes', async () => {
    const told = async (person: string) => {
      const { notices } = mustBe(200, await hub.person(person).ask('/v1/notices')).json as {
        notices: readonly { kind: string; reference: string }[];
      };
      return notices.filter(({ kind }) => kind === 'organisation-keys-changed').map(({ reference }) => reference);
    };
    await caughtUp(hub);
    const before = await told('dpo');
    expect(new Set(before)).toEqual(new Set([world.school.id, world.trust.id, world.family.id]));
    expect(await told('dpo-oakfield')).toEqual([world.school.id]);
    const { id, key } = world.trust;
    const same = { organisation: id, name: 'Renamed', sector: 'health', codes: {}, keys: [key.publicJwk], profile: {} };
    mustBe(200, await hub.person('administrator').ask('/v1/organisations', { json: same }));
    await caughtUp(hub);
    expect(await told('dpo')).toEqual(before);
    const other = { ...key.publicJwk, kid: 'another' };
    const json = { ...same, keys: [key.publicJwk, other] };
    mustBe(200, await hub.person('administrator').ask('/v1/organisations', { json }));
    await caughtUp(hub);
    expect(await told('dpo')).toEqual([id, ...before]);
  });

  it('takes nothing signed with a key after its revocation, neither facts nor approvals, and counts no approval by it', async () => {
    const clinic = await organisation(hub, 'willow-camhs', 'health');
    const scope = { categories: ['health.therapy'], purposes: ['sen-support'], roles: ['senco'] as const };
    const content = contentOf({ id: 'therapy', source: clinic.id, recipient: world.school.id, ...scope });
    mustBe(200, await draft(clinic, content));
    mustBe(200, await approve(clinic, content));
    // Signed in before: what the key may no longer do is sign.
    const path = `/v1/organisations/${clinic.id}/keys/${clinic.key.kid}/revocations`;
    mustBe(200, await hub.person('administrator').ask(path, { json: { reason: 'compromised' } }));
    expect(mustBe(200, await approve(world.school, content)).json).toEqual({ changed: true, state: 'draft' });
    expect(codeOf(await approve(clinic, content))).toEqual([403, 'CALLER_APPROVAL_NOT_VALID', 'KEY_REVOKED']);
    const told = await clinic.tell({
      id: 'after-1',
      type: 'any.relationship-started.v1',
      category: 'identity.core',
      basis: PUBLIC_TASK,
      subject: { ...MAYA, localId: 'camhs-1' },
      fact: { kind: 'caseload', name: 'camhs', startDate: '2026-09-06' },
    });
    expect([told.outcome, told.reasons[0]?.code]).toEqual(['rejected', 'KEY_REVOKED']);
  });
});
