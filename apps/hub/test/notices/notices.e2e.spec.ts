import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { ChildId, FactId, OrganisationId } from '#kernel';
import type { LookContent, Purpose } from '#contracts';
import { appendLook, sendNotice } from '#sharing';
import { asking, emergencyHub, eventually, MINUTE, type EmergencyHub, type Notice } from '../checks/emergency.ts';
import { noticePage } from '../../../sharing-protocol/src/views/notices/query.ts';
import { VIEWS, type Views } from '../../src/hub.module.ts';
import { caughtUp, mustBe, runningHub } from '../running-hub.ts';
import { MAYA } from '../trust/world.ts';

const NOBODY = '11111111-1111-4111-8111-111111111111';
let given: EmergencyHub;
const all = asking(() => given);
/** What looks owe: beside what the detections say of the same looks, and what is told of keys. */
const notices = async (who: string) => (await all.notices(who)).filter(({ kind }) => kind === 'facts-read');

const ofFamily = async (query = '', child = given.world.child, who = 'parent', purpose = 'subject-access') =>
  given.person(who).ask(`/v1/children/${child}/notices${query}`, { headers: { 'hub-purpose': purpose } });
const familys = async () => (mustBe(200, await ofFamily()).json as { notices: readonly Notice[] }).notices;

/** A look as a decision under an agreement with obligations leaves it. */
async function looked(purpose: Purpose, obligations: LookContent['obligations']): Promise<string> {
  const reader = { sub: 'p', organisation: 'oakfield-primary' as OrganisationId, role: 'senco' as const };
  return appendLook(
    given.hub.composed.opened.core.looks,
    { reader: { ...reader, acr: 'x', client: 'x' }, purpose, requestId: NOBODY, correlationId: NOBODY },
    {
      effect: 'permit',
      route: 'GET /v1/children/:childId/timeline',
      child: given.world.child as ChildId,
      slices: [
        { organisation: given.world.trust.id as OrganisationId, category: 'health.screening', rule: 'agreement' },
      ],
      reasons: [],
      facts: ['f1' as FactId],
      ...(obligations === undefined ? {} : { basis: { obligations } }),
      registry: undefined,
      protections: [],
    },
  );
}

beforeEach(async () => {
  given = await emergencyHub();
});
afterEach(async () => {
  await given.hub.remove();
  jest.useRealTimers();
});

describe('obligations of a look', () => {
  it('are carried out once it can’t be taken back: the family and the area’s officer read of it', async () => {
    const decision = await looked('sen-support', ['tell-family', 'alert-dpo']);
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(await familys()).toEqual([]);
    given.pass(MINUTE);
    const told = await eventually(familys, (all) => all.length > 0);
    expect(told).toMatchObject([{ kind: 'facts-read', reference: decision }]);
    expect(told[0]?.says).toMatch(/your child/);
    expect(told[0]?.next).not.toBe('');
    const area = await eventually(
      () => notices('dpo'),
      (all) => all.length > 0,
    );
    expect(area).toMatchObject([{ kind: 'facts-read', reference: decision }]);
    expect(await notices('dpo-oakfield')).toEqual([]);
    for (const word of [MAYA.surname, MAYA.nhsNumber, given.world.child])
      expect(JSON.stringify(told)).not.toContain(word);
  });

  it('for safeguarding are not told to the family', async () => {
    const hidden = await looked('safeguarding', ['tell-family', 'alert-dpo']);
    const open = await looked('sen-support', ['tell-family']);
    given.pass(MINUTE);
    const told = await eventually(familys, (all) => all.length > 0);
    expect(told.map(({ reference }) => reference)).toEqual([open]);
    expect((await notices('dpo')).map(({ reference }) => reference)).toEqual([hidden]);
  });

  it('are carried out by the hub that is started after the one that died', async () => {
    const decision = await looked('sen-support', ['tell-family']);
    await given.hub.stop();
    // The process remembers no more than it has handled.
    given.pass(MINUTE);
    const port = Number(new URL(given.hub.url).port);
    const again = await runningHub({ folder: given.hub.folder, port, clock: given.clock });
    try {
      const told = await eventually(familys, (all) => all.length > 0);
      expect(told.map(({ reference }) => reference)).toEqual([decision]);
    } finally {
      await again.stop();
    }
  });
});

describe('notices', () => {
  const tell = (cause: string, person: string, organisation = 'oakfield-primary') =>
    sendNotice(given.hub.composed.opened.core.looks, {
      cause,
      kind: 'review-opened',
      to: 'person',
      organisation: organisation as OrganisationId,
      reference: cause,
      correlationId: NOBODY,
      child: null,
      person,
    });

  it('are read by whom they are for, newest first, page by page', async () => {
    for (const cause of ['one', 'two', 'three']) {
      await tell(cause, 'person-7f3a');
      given.pass(1000);
    }
    // The same subject at another organisation is somebody else.
    await tell('other', 'person-7f3a', 'riverside-special');
    await caughtUp(given.hub);
    const read: string[] = [];
    let path: string | undefined = '/v1/notices?limit=2';
    while (path !== undefined) {
      const answer = mustBe(200, await given.person('senco').ask(path));
      const { notices: page, next } = answer.json as { notices: readonly Notice[]; next?: string };
      read.push(...page.map(({ reference }) => reference));
      path = next === undefined ? undefined : `/v1/notices?limit=2&cursor=${encodeURIComponent(next)}`;
    }
    expect(read).toEqual(['three', 'two', 'one']);
    for (const who of ['dpo', 'dpo-oakfield', 'administrator', 'parent', 'social-worker'])
      expect([who, await notices(who)]).toEqual([who, []]);
    expect((await given.person('senco').ask('/v1/notices?cursor=AAAA')).status).toBe(400);
    expect((await given.world.school.system.ask('/v1/notices')).status).toBe(403);
  });

  it('of a child are its family’s only, and for everybody else the one 404', async () => {
    mustBe(200, await ofFamily());
    const said = (text: string) => text.replace(/"instance":"[^"]*"/, '');
    const [known, unknown] = [await ofFamily('', undefined, 'parent'), await ofFamily('', NOBODY)];
    expect([known.status, unknown.status]).toEqual([200, 404]);
    const strange = await ofFamily('', undefined, 'senco', 'sen-support');
    expect([strange.status, said(strange.text)]).toEqual([
      403,
      said((await ofFamily('', NOBODY, 'senco', 'sen-support')).text),
    ]);
  });

  it('to a family are gone when the last record of its child is erased, also when the view is made anew', async () => {
    await looked('sen-support', ['tell-family']);
    given.pass(MINUTE);
    await eventually(familys, (all) => all.length > 0);
    const { opened } = given.hub.composed;
    const child = given.world.child as ChildId;
    const db = () => given.hub.composed.app.get<Views>(VIEWS).notices.db;
    const rows = async () =>
      (await noticePage(db(), { of: { to: 'family', childHash: hashOf(child) }, limit: 10 })).rows.length;
    const hashOf = (id: string) => opened.core.vault.lookupHash('notice-child', id);
    expect(await rows()).toBe(1);
    await opened.core.erase(child, null, 'article-17', { by: 'hub' as OrganisationId, correlationId: NOBODY });
    expect(await rows()).toBe(0);
    mustBe(
      202,
      await given.person('administrator').ask('/v1/admin/projections/notices/rebuilds', {
        method: 'POST',
        headers: { 'hub-purpose': 'system-support' },
      }),
    );
    await new Promise((resolve) => setTimeout(resolve, 300));
    await caughtUp(given.hub);
    expect(await rows()).toBe(0);
  });
});
