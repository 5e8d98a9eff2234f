import { setTimeout as wait } from 'node:timers/promises';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, it } from '@jest/globals';
import { organisationSystem, signFact, type Answer } from '#nest-platform/client';
import { temporaryFolder } from '#testing';
import type { SubmittedCloudEvent } from '#contracts';
import { verifyFolder } from '../../../cli/src/commands/log.ts';
import { caughtUp, mustBe, organisation, PUBLIC_TASK, runningHub } from '../running-hub.ts';
import { MAYA } from './world.ts';
import { freePort } from '#testing/servers';
import { BUILT, startBuilt, type BuiltHub } from './built-hub.ts';

const ROUNDS = 20;
const WRITERS = 4;
const SCHOOL = 'oakfield-primary';
const described = BUILT ? describe : describe.skip;
const folder = temporaryFolder();
let hub: BuiltHub | undefined;

afterAll(() => {
  hub?.process.kill('SIGKILL');
  folder.remove();
});

described(
  `the built hub, killed ${String(ROUNDS)} times while facts arrive${BUILT ? '' : ' (skipped: not built)'}`,
  () => {
    it('loses and doubles nothing that it acknowledged; views and tree are those of the log', async () => {
      const port = await freePort();
      const first = await runningHub({ folder: folder.path, port });
      const { key } = await organisation(first, SCHOOL, 'education');
      await first.stop();
      /** CloudEvents id → fact id, as acknowledged by a receipt. */
      const acknowledged = new Map<string, string>();
      let next = 0;
      for (let round = 0; round < ROUNDS; round++) {
        const running = await started(port);
        const system = organisationSystem(running.url, SCHOOL, key);
        let stopped = false;
        const writing = { on: () => !stopped };
        const writers = Array.from({ length: WRITERS }, async () => {
          while (writing.on()) {
            const number = ++next;
            const id = `move-${String(number)}`;
            try {
              const body = JSON.stringify([await signFact(moved(id, number), key)]);
              const answer = await system.ask(`/v1/organisations/${SCHOOL}/submissions`, { body, headers: BATCH });
              const [item] = itemsOf(await system.ask(answer.headers.get('location') ?? ''));
              if (item?.outcome === 'published') acknowledged.set(id, item.factId);
              else throw new Error(`not published: ${answer.text}`);
            } catch (error) {
              // What the kill cut off was never acknowledged; nothing else may go wrong.
              if (writing.on()) throw error;
            }
          }
        });
        await wait(150 + ((round * 67) % 400));
        stopped = true;
        running.process.kill('SIGKILL');
        expect(await running.ended).toBe('SIGKILL');
        await Promise.all(writers);
      }
      const last = await runningHub({ folder: folder.path, port });
      expect(acknowledged.size).toBeGreaterThan(ROUNDS);
      const system = organisationSystem(last.url, SCHOOL, key);
      // The same again is answered as before, and stores nothing more.
      for (const [id, factId] of [...acknowledged].slice(-20)) {
        const body = JSON.stringify([await signFact(moved(id, Number(id.split('-')[1])), key)]);
        const answer = await system.ask(`/v1/organisations/${SCHOOL}/submissions`, { body, headers: BATCH });
        expect(itemsOf(await system.ask(answer.headers.get('location') ?? ''))[0]).toMatchObject({
          factId,
          repeated: true,
        });
      }
      await caughtUp(last);
      const { vkey } = last.composed.opened.core.proof;
      await last.stop();

      const stored = rows('log.db', "select stream from event where type = 'fact.published.v1'");
      const streams = stored.map(({ stream }) => String(stream));
      expect(new Set(streams).size).toBe(streams.length);
      const missing = [...acknowledged.values()].filter((factId) => !streams.includes(`fact-${factId}`));
      expect(missing).toEqual([]);
      const view = dump();
      expect(view.map(({ fact_id: fact }) => `fact-${String(fact)}`).sort()).toEqual(streams.sort());
      expect(rows(generation(), 'select * from parked')).toEqual([]);
      await rebuildTimeline(port);
      expect(dump()).toEqual(view);
      expect(await verifyFolder({ varDir: join(folder.path, 'var'), vkey })).toMatchObject({ ok: true });
    }, 240_000);
  },
);

const BATCH = { 'content-type': 'application/cloudevents-batch+json' };

async function started(port: number): Promise<BuiltHub> {
  hub = startBuilt(folder.path, port, { TELLONCE_LOG_LEVEL: 'silent', TELLONCE_DEMO: '0' });
  for (const until = performance.now() + 30_000; performance.now() < until;) {
    await wait(20);
    const ready = await fetch(`${hub.url}/health/ready`).catch(() => undefined);
    if (ready?.status === 200) return hub;
    if (hub.process.exitCode !== null) break;
  }
  throw new Error(`the hub does not start: ${hub.printed()}`);
}

function moved(id: string, number: number): SubmittedCloudEvent {
  return {
    specversion: '1.0',
    id,
    source: `/organisations/${SCHOOL}`,
    type: 'education.setting-moved.v1',
    time: '2026-09-01T08:00:00Z',
    datacontenttype: 'application/json',
    category: 'education.enrolment',
    basis: JSON.stringify(PUBLIC_TASK),
    data: { subject: MAYA, fact: { from: '100101', movedOn: '2026-09-03', to: String(100_102 + (number % 900)) } },
  };
}

function itemsOf(answer: Answer): readonly { outcome: string; factId: string; repeated: boolean }[] {
  return (answer.json as { items?: readonly { outcome: string; factId: string; repeated: boolean }[] }).items ?? [];
}

interface Status {
  readonly name: string;
  readonly rebuild: { readonly state: string } | null;
}

async function rebuildTimeline(port: number): Promise<void> {
  const running = await runningHub({ folder: folder.path, port });
  const administrator = running.person('administrator');
  const headers = { 'hub-purpose': 'system-support' };
  const path = '/v1/admin/projections';
  mustBe(202, await administrator.ask(`${path}/timeline/rebuilds`, { method: 'POST', headers }));
  for (let swapped = false; !swapped;) {
    await wait(50);
    const { projections } = (await administrator.ask(path, { headers })).json as { projections: readonly Status[] };
    swapped = projections.some(({ name, rebuild }) => name === 'timeline' && rebuild?.state === 'swapped');
  }
  await caughtUp(running);
  await running.stop();
}

/** The live generation's file: the one that the name in `timeline.live` points to, or the newest. */
function generation(): string {
  const names = readdirSync(join(folder.path, 'var', 'views')).filter((name) => /^timeline\.g\d+\.db$/.test(name));
  return join('views', names.sort().at(-1) ?? '');
}

function dump(): readonly Record<string, unknown>[] {
  return rows(generation(), 'select * from fact order by fact_id');
}

function rows(file: string, sql: string): readonly Record<string, unknown>[] {
  const database = new DatabaseSync(join(folder.path, 'var', file), { readOnly: true });
  try {
    return database
      .prepare(sql)
      .all()
      .map((row) => ({ ...row }));
  } finally {
    database.close();
  }
}
