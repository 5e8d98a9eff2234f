import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { epochMs, toInstant } from '#kernel';
import { ALL_FACTS } from '#contracts';
import type { EventLog } from '#event-log';
import { systemClock, type Info } from '#nest-platform';
import { POLICY_RELEASE } from '#sharing';
import { caughtUp, runningHub, type RunningHub } from '../running-hub.ts';
import { NOBODY } from '../privacy/crawled.ts';
import { stopProjectors, tellWorld } from '../trust/world.ts';

/** A log that may stop answering, as a server does that went away, and a clock that may be later. */
let there = true;
let later = 0;
const openLog = async (open: () => Promise<EventLog>): Promise<EventLog> => {
  const log = await open();
  const gone = () => Promise.reject(new Error('no connection'));
  const { head, tail, readStream } = {
    head: log.head.bind(log),
    tail: log.tail.bind(log),
    readStream: log.readStream.bind(log),
  };
  log.head = () => (there ? head() : gone());
  log.tail = (...asked) => (there ? tail(...asked) : gone());
  log.readStream = (...asked) => (there ? readStream(...asked) : gone());
  return log;
};
const clock = { now: () => toInstant(epochMs(systemClock.now()) + later) };

describe('probes', () => {
  let hub: RunningHub;
  beforeAll(async () => {
    hub = await runningHub({ openLog, clock });
    await tellWorld(hub);
    await caughtUp(hub);
  });
  afterAll(async () => {
    there = true;
    await hub.remove();
  });

  async function probed() {
    const [live, ready, startup] = await Promise.all(
      ['live', 'ready', 'startup'].map((probe) => fetch(`${hub.url}/health/${probe}`)),
    );
    const { checks } = (await ready?.json()) as { checks: readonly { name: string; ok: boolean }[] };
    const failing = checks.filter(({ ok }) => !ok).map(({ name }) => name);
    return { live: live?.status, ready: ready?.status, startup: startup?.status, failing };
  }
  const fine = { live: 200, ready: 200, startup: 200, failing: [] };

  it('are all fine with all that is needed', async () => {
    expect(await probed()).toEqual(fine);
  });

  it('tell a log that is away from a process that has to be started again', async () => {
    there = false;
    expect(await probed()).toEqual({ live: 200, ready: 503, startup: 200, failing: ['log', 'policy', 'views'] });
    there = true;
    expect(await probed()).toEqual(fine);
  });

  it('say nothing but names of checks', async () => {
    there = false;
    const text = await (await fetch(`${hub.url}/health/ready`)).text();
    there = true;
    const names = ['log', 'policy', 'database', 'migrations', 'views'];
    expect(JSON.parse(text)).toEqual({
      status: 'down',
      checks: [false, false, true, true, false].map((ok, at) => ({ name: names[at], ok })),
    });
  });

  it('take a process out whose views are too far behind, and not before', async () => {
    await stopProjectors(hub);
    await hub.person('senco').ask(`/v1/children/${NOBODY}/timeline`, {
      headers: { 'hub-purpose': 'sen-support' },
    });
    later = 299_000;
    expect(await probed()).toEqual(fine);
    later = 301_000 + 60_000;
    expect(await probed()).toEqual({ ...fine, ready: 503, failing: ['views'] });
    later = 0;
  });

  it('leave out what runs: /info says it', async () => {
    const info = (await (await fetch(`${hub.url}/info`)).json()) as Info;
    expect(info).toEqual({
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      sha: 'source',
      schemas: { record: 1, facts: ALL_FACTS.map(({ type }) => type).sort() },
      policy: { release: POLICY_RELEASE },
    });
  });
});
