import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { traceIdOf } from '#kernel';
import { decodeRecord } from '#contracts';
import { LogFailed, type EventLog } from '#event-log';
import { createLogger } from '#nest-platform';
import type { HubClient } from '#nest-platform/client';
import { classList, handIn } from '../input/submitting.ts';
import { caughtUp, mustBe, PUBLIC_TASK, runningHub, timeline, type RunningHub } from '../running-hub.ts';
import { consent, MAYA, tellWorld, type World } from '../trust/world.ts';
import { numbersOf, outsideLists, type Shown } from './label-values.ts';

/** A log whose looks can be made to fail. */
let looksFail = false;
const openLog = async (open: () => Promise<EventLog>): Promise<EventLog> => {
  const log = await open();
  const append = log.append.bind(log);
  log.append = (stream, ...given) =>
    looksFail && stream.startsWith('look-') ? Promise.reject(new LogFailed('disk')) : append(stream, ...given);
  return log;
};
const lines: Record<string, unknown>[] = [];
const logger = createLogger('info', { write: (line: string) => void lines.push(JSON.parse(line) as never) });

let hub: RunningHub;
let world: World;
let senco: HubClient;
beforeAll(async () => {
  hub = await runningHub({ logger, openLog, endProcess: () => undefined });
  world = await tellWorld(hub);
  senco = hub.person('senco');
  await caughtUp(hub);
});
afterAll(() => hub.remove());

/** What a number grew by, label values after its name. */
async function grown(name: string, work: () => Promise<unknown>): Promise<Readonly<Record<string, number>>> {
  const read = async () =>
    new Map(
      (await numbersOf(hub)).filter((each) => each.name === name).map(({ labels, value }) => [keyOf(labels), value]),
    );
  const before = await read();
  await work();
  const more = [...(await read())].map(([key, value]) => [key, value - (before.get(key) ?? 0)] as const);
  return Object.fromEntries(more.filter(([, by]) => by !== 0));
}
const keyOf = (labels: Shown['labels']): string => Object.values(labels).join(' ');
/** The last line of a request. */
async function lineOf(requestId: string | null): Promise<Record<string, unknown>> {
  for (;;) {
    const found = lines.find((line) => line['event'] === 'request' && line['requestId'] === requestId);
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

describe('numbers', () => {
  it('of decisions: by effect, purpose and mode, each timed', async () => {
    const decisions = 'tellonce_policy_decisions_total';
    const look = (purpose: string) => () => timeline(senco, world.child, purpose);
    expect(await grown(decisions, look('sen-support'))).toEqual({ 'permit sen-support content': 1 });
    expect(await grown(decisions, look('safeguarding'))).toEqual({ 'deny system-support content': 1 });
    expect(await grown(decisions, () => timeline(senco, randomUUID(), 'sen-support'))).toEqual({
      'deny sen-support content': 1,
    });
    const timed = await grown('tellonce_policy_decision_duration_seconds_count', look('sen-support'));
    expect(timed).toEqual({ '': 1 });
  });

  it('of events and connectors: by type, and by what became of each item', async () => {
    const tell =
      (id: string, nhsNumber = '') =>
      () =>
        world.school.tell({
          id,
          type: 'education.enrolment-started.v1',
          category: 'education.enrolment',
          basis: PUBLIC_TASK,
          subject: { ...MAYA, nhsNumber },
          fact: { setting: '100101', startDate: '2023-09-01' },
        });
    const wrong = '9991234005';
    const messages = 'tellonce_connector_messages_total';
    expect(await grown(messages, tell('numbers-1', MAYA.nhsNumber))).toEqual({ 'signed-batch published': 1 });
    expect(await grown(messages, tell('numbers-1', wrong))).toEqual({ 'signed-batch conflict': 1 });
    expect(await grown(messages, tell('numbers-2', wrong))).toEqual({ 'signed-batch quarantined': 1 });
    expect(await grown('tellonce_events_appended_total', tell('numbers-3', MAYA.nhsNumber))).toMatchObject({
      'fact.published.v1': 1,
    });
    const file = () => handIn(world.school, classList('A,B\n"'));
    expect(await grown(messages, file)).toEqual({ 'class-list-csv/1 unreadable': 1 });
    const last = (await numbersOf(hub)).find(
      ({ name }) => name === 'tellonce_connector_last_success_timestamp_seconds',
    );
    expect(Math.abs((last?.value ?? 0) - Date.now() / 1000)).toBeLessThan(600);
  });

  it('of commands: changed, so already, and refused', async () => {
    const commands = 'tellonce_commands_total';
    const give = () => consent(hub, world.child, 'numbers', { decision: 'give' });
    expect(await grown(commands, give)).toEqual({ 'protection.giveConsent changed': 1 });
    expect(await grown(commands, give)).toEqual({ 'protection.giveConsent unchanged': 1 });
    const undo = () =>
      world.trust.system.ask('/v1/agreements/hearing/undoings', { json: { version: 7, reason: 'review' } });
    expect(await grown(commands, undo)).toEqual({ 'registry.undoAgreement refused': 1 });
  });

  it('of views: none is behind, and a rebuild that is over is whole', async () => {
    const administrator = hub.person('administrator');
    const headers = { 'hub-purpose': 'system-support' };
    const path = '/v1/admin/projections/timeline/rebuilds';
    mustBe(202, await administrator.ask(path, { method: 'POST', headers }));
    const ratio = async () =>
      (await numbersOf(hub)).find(({ name }) => name === 'tellonce_projection_rebuild_progress_ratio');
    while ((await ratio())?.value !== 1) await new Promise((resolve) => setTimeout(resolve, 10));
    expect((await ratio())?.labels).toEqual({ projection: 'timeline', generation: '2' });
    const lags = async () =>
      (await numbersOf(hub))
        .filter(({ name }) => name === 'tellonce_projection_lag_seconds')
        .map(({ labels, value }) => `${labels['projection'] ?? ''} ${String(value)}`);
    while ((await lags()).some((lag) => !lag.endsWith(' 0'))) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(await lags()).toHaveLength(7);
  });

  it('say nothing that is in no closed list', async () => {
    const shown = await numbersOf(hub);
    expect(shown.length).toBeGreaterThan(100);
    expect(outsideLists(shown, hub)).toEqual([]);
    const strange = { name: 'x', labels: { route: '/v1/children/7' }, value: 1 };
    expect(outsideLists([strange, { ...strange, labels: { agency: 'Okafor' } }], hub)).toHaveLength(2);
  });
});

describe('a trace', () => {
  const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
  const headers = { traceparent: `00-${TRACE}-00f067aa0ba902b7-01`, tracestate: 'vendor=1' };

  it('goes from the request into its lines, its look and the events it causes, and can be found again from each', async () => {
    const head = await hub.composed.opened.core.log.head();
    const asked = await senco.ask(`/v1/children/${world.child}/timeline`, {
      headers: { ...headers, 'hub-purpose': 'sen-support' },
    });
    const line = await lineOf(mustBe(200, asked).headers.get('x-request-id'));
    const correlationId = asked.headers.get('x-correlation-id') ?? '';
    expect(line).toMatchObject({ traceId: TRACE, correlationId, decisionId: asked.headers.get('hub-decision-id') });
    expect([line['userHash'], line['organisation']]).toEqual([
      expect.stringMatching(/^[0-9a-f]{32}$/),
      'oakfield-primary',
    ]);
    await world.school.system.ask(`/v1/organisations/${world.school.id}/submissions?setting=100101`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'text/csv' },
      body: 'CHILD_FIRST_NAME,CHILD_LAST_NAME,CHILD_DATE_OF_BIRTH,CHILD_NHS_NUMBER,CHILD_POSTCODE\nA,B,2018-03-14,9991234020,',
    });
    const seen = new Map<string, string | undefined>();
    for await (const events of hub.composed.opened.core.log.readAll({ families: ['look', 'fact'], after: head }))
      for (const { type, data } of events) seen.set(type, traceIdOf(decodeRecord(data).correlationId));
    expect([seen.get('look.recorded.v1'), [...seen.values()].every((trace) => trace === TRACE)]).toEqual([TRACE, true]);
    expect([...seen.keys()].some((type) => type.startsWith('fact.'))).toBe(true);
  });

  it('of a refusal has the decision in its line, though the answer does not tell', async () => {
    const refused = await senco.ask(`/v1/children/${randomUUID()}/timeline`, {
      headers: { ...headers, 'hub-purpose': 'sen-support' },
    });
    const line = await lineOf(refused.headers.get('x-request-id'));
    expect([refused.status, refused.headers.get('hub-decision-id'), line['traceId']]).toEqual([404, null, TRACE]);
    expect(await hub.composed.opened.core.log.tail(`look-${String(line['decisionId'])}`)).toBe(0);
  });

  it('has no person in any line: subjects are hashed, the same person alike, two persons apart', async () => {
    const hashOf = async (person: string) => {
      const answer = await hub.person(person).ask('/v1/notices');
      return (await lineOf(answer.headers.get('x-request-id')))['userHash'];
    };
    const [one, again, other] = [await hashOf('senco'), await hashOf('senco'), await hashOf('parent')];
    expect([one === again, one === other]).toEqual([true, false]);
    expect(JSON.stringify(lines)).not.toMatch(/person-[0-9a-z]+|vendor=1/);
  });
});

it('counts a look that cannot be stored; nothing is answered', async () => {
  looksFail = true;
  const failures = await grown('tellonce_audit_append_failures_total', async () => {
    expect((await timeline(senco, world.child, 'sen-support')).status).toBe(503);
  });
  expect(failures).toEqual({ '': 1 });
});
