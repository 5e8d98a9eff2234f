import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { epochMs, toInstant, type Clock, type FactId } from '#kernel';
import { temporaryFolder } from '#testing';
import {
  caughtUp,
  mustBe,
  organisation,
  PUBLIC_TASK,
  runningHub,
  type RunningHub,
  type TestOrganisation,
} from '../running-hub.ts';
import { organisationSystem } from '#nest-platform/client';
import { classList, taken, unharmed } from './submitting.ts';

const HEADER = 'CHILD_FIRST_NAME,CHILD_LAST_NAME,CHILD_DATE_OF_BIRTH';
const TYPE = 'education.enrolment-started.v1';

interface Waiting {
  readonly factId: FactId;
  readonly factType: string | null;
  readonly reasons: readonly { readonly code: string; readonly row?: number; readonly column?: string }[];
  readonly quarantinedAt: string;
  readonly expiresAt: string;
}

/** What waits for an organisation, once `count` items do: the desk follows the log. */
async function waiting(
  { id, system }: Pick<TestOrganisation, 'id' | 'system'>,
  count: number,
): Promise<readonly Waiting[]> {
  for (let tries = 0; ; tries++) {
    const answer = mustBe(200, await system.ask(`/v1/organisations/${id}/quarantine`));
    const { items } = answer.json as { items: readonly Waiting[] };
    if (items.length === count || tries > 200) {
      expect(items).toHaveLength(count);
      return items;
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe('the quarantine of an organisation', () => {
  let hub: RunningHub;
  let school: TestOrganisation;
  let other: TestOrganisation;
  const resolve = (teller: TestOrganisation, factId: string, action: string, at = teller.id) =>
    teller.system.ask(`/v1/organisations/${at}/quarantine/${factId}/resolutions`, { json: { action } });

  beforeAll(async () => {
    hub = await runningHub();
    // Without a publication profile: a class list cannot say on what basis it may be shared.
    school = await organisation(hub, 'oakfield-primary', 'education');
    other = await organisation(hub, 'millbrook-primary', 'education');
  });
  afterAll(() => hub.remove());

  it('keeps what has no basis until there is one, and then replays it', async () => {
    const receipt = await taken(school, classList(`${HEADER}\nKim,Waits,2012-01-01\nLee,Waits,2012-01-02\n`));
    expect(receipt.items.map(({ row, outcome }) => [row, outcome])).toEqual([
      [1, 'quarantined'],
      [2, 'quarantined'],
    ]);
    const items = await waiting(school, 2);
    expect(items.map(({ factId }) => factId).toSorted()).toEqual(receipt.items.map(({ factId }) => factId).toSorted());
    const [item, second] = items;
    expect(item).toMatchObject({ factType: TYPE, reasons: [{ code: expect.stringMatching(/^[A-Z_]+$/) }] });
    expect(JSON.stringify(items)).not.toContain('Waits');

    const early = mustBe(200, await resolve(school, String(item?.factId), 'replay'));
    expect((early.json as { outcome: string }).outcome).toBe('quarantined');

    const { id, key } = school;
    const registered = { organisation: id, name: id, sector: 'education', codes: {}, keys: [key.publicJwk] };
    const json = { ...registered, profile: { [TYPE]: PUBLIC_TASK } };
    mustBe(200, await hub.person('administrator').ask('/v1/organisations', { json }));
    const replayed = mustBe(200, await resolve(school, String(item?.factId), 'replay'));
    expect(replayed.json).toMatchObject({ outcome: 'published', reasons: [] });
    expect(replayed.headers.get('hub-min-token')).not.toBeNull();
    await waiting(school, 1);
    // The same file again: nothing is doubled, and what still waited is published by it.
    await taken(school, classList(`${HEADER}\nKim,Waits,2012-01-01\nLee,Waits,2012-01-02\n`));
    await waiting(school, 0);
    expect((await resolve(school, String(second?.factId), 'replay')).status).toBe(404);
    await caughtUp(hub);
  });

  it('keeps bytes nobody could read; they are discarded, never replayed', async () => {
    await taken(school, classList(`${HEADER}\nMia,Waits,tomorrow\n`));
    const [item] = await waiting(school, 1);
    expect(item).toMatchObject({
      factType: null,
      reasons: [{ code: 'DATE_INVALID', row: 1, column: 'CHILD_DATE_OF_BIRTH' }],
    });
    const factId = String(item?.factId);
    const replayed = await resolve(school, factId, 'replay');
    expect([replayed.status, (replayed.json as { code: string }).code]).toEqual([422, 'CALLER_ITEM_NOT_REPLAYABLE']);
    const wrong = await resolve(school, factId, 'forget');
    expect([wrong.status, (wrong.json as { errors: unknown }).errors]).toEqual([
      400,
      [{ code: 'ACTION_INVALID', pointer: '/action' }],
    ]);
    const words = (text: string) => text.replace(/"instance":"[^"]*"/, '');
    const [others, othersOwn, nobodys] = [
      await resolve(other, factId, 'discard', school.id),
      await resolve(other, factId, 'discard'),
      await resolve(school, '11111111-1111-4111-8111-111111111111', 'discard'),
    ];
    expect([others.status, othersOwn.status, nobodys.status]).toEqual([404, 404, 404]);
    expect(new Set([others, othersOwn, nobodys].map(({ text }) => words(text))).size).toBe(1);
    expect((await other.system.ask(`/v1/organisations/${school.id}/quarantine`)).status).toBe(404);
    await waiting(other, 0);
    expect(mustBe(200, await resolve(school, factId, 'discard')).json).toMatchObject({ outcome: 'discarded' });
    await waiting(school, 0);
    expect((await resolve(school, factId, 'discard')).status).toBe(404);
    expect(await unharmed(hub)).toBe(true);
  });
});

it('what nobody resolved is destroyed after 30 days, and not before', async () => {
  const made = temporaryFolder();
  const inDays = (days: number): Clock => ({ now: () => toInstant(Date.now() + days * 86_400_000) });
  const after = async (days: number, check: (hub: RunningHub) => Promise<void>): Promise<void> => {
    const hub = await runningHub({ folder: made.path, clock: inDays(days) });
    await check(hub).finally(() => hub.stop());
  };
  const rowsIn = async ({ composed }: RunningHub) => {
    const { QUARANTINE_DESK } = await import('#nest-platform');
    const desk = composed.app.get<{ list(...of: unknown[]): Promise<{ readonly items: readonly Waiting[] }> }>(
      QUARANTINE_DESK,
    );
    return (await desk.list('oakfield-primary', undefined, 10)).items.length;
  };
  try {
    let school: TestOrganisation | undefined;
    await after(0, async (hub) => {
      school = await organisation(hub, 'oakfield-primary', 'education');
      await taken(school, classList(`${HEADER}\nNed,Waits,2012-01-01\nOla,Waits,tomorrow\n`));
      const [item] = await waiting(school, 2);
      const days = (epochMs(item?.expiresAt as never) - epochMs(item?.quarantinedAt as never)) / 86_400_000;
      expect(days).toBeCloseTo(30, 3);
    });
    await after(29, async (hub) => {
      await new Promise((resolve) => setTimeout(resolve, 200));
      expect(await rowsIn(hub)).toBe(2);
    });
    await after(31, async (hub) => {
      for (let tries = 0; (await rowsIn(hub)) > 0 && tries < 300; tries++)
        await new Promise((resolve) => setTimeout(resolve, 10));
      expect(await rowsIn(hub)).toBe(0);
    });
    await after(0, async (hub) => {
      if (school === undefined) throw new Error('no school');
      await waiting({ id: school.id, system: organisationSystem(hub.url, school.id, school.key) }, 0);
    });
  } finally {
    made.remove();
  }
});
