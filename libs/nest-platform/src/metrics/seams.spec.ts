import { beforeEach, describe, expect, it } from '@jest/globals';
import type { FactId, Instant, OrganisationId } from '#kernel';
import { encodeChanges, type LogToken } from '#event-log';
import { openSqliteLog } from '#event-log/sqlite';
import type { Publisher, Submission, SubmissionResult } from '#sharing';
import { fakeClock } from '#testing';
import { countedPublisher, unreadable } from './connector-metrics.ts';
import { createLogger } from '../logging/logger.ts';
import { contextFields } from '../trace/request-context.ts';
import { deliveryMetrics, deliveryObserver, watchOutbox } from './delivery-metrics.ts';
import { Metrics } from './metrics.ts';
import { decisionObserver, logObserver } from './observers.ts';
import { lagSeconds, watchProjections, type ProjectedView } from './projection-metrics.ts';

let metrics: Metrics;
beforeEach(() => {
  metrics = new Metrics({ version: '0', sha: 'source' }, false);
});
/** Samples of a number that are not 0, without its name. */
async function samples(name: string): Promise<readonly string[]> {
  const { body } = await metrics.text();
  return body
    .split('\n')
    .filter((line) => new RegExp(`^${name}[{ ]`).test(line) && !line.endsWith(' 0'))
    .map((line) => line.slice(name.length));
}

it('counts events by type, commands by result, and a look that cannot be stored, but no other append', async () => {
  const observer = logObserver(metrics);
  observer.appended('look.recorded.v1');
  observer.appended('nobody.knows.v1');
  observer.appendFailed('look');
  observer.appendFailed('auditQuery');
  observer.appendFailed('fact');
  observer.command('registry.endAgreement', 'refused');
  expect(await samples('tellonce_events_appended_total')).toEqual(['{type="look.recorded.v1"} 1', '{type="other"} 1']);
  expect(await samples('tellonce_audit_append_failures_total')).toEqual([' 2']);
  expect(await samples('tellonce_commands_total')).toEqual(['{command="registry.endAgreement",outcome="refused"} 1']);
});

it('counts decisions and notes their ids', async () => {
  const noted: string[] = [];
  const observer = decisionObserver(metrics, (decision) => void noted.push(decision));
  observer.took(0.004);
  observer.decided({ decision: 'd' as never, effect: 'deny', purpose: 'safeguarding', mode: 'emergency' });
  expect(await samples('tellonce_policy_decisions_total')).toEqual([
    '{effect="deny",purpose="safeguarding",mode="emergency"} 1',
  ]);
  expect(await samples('tellonce_policy_decision_duration_seconds_count')).toEqual([' 1']);
  expect([noted, observer.elapsed() <= observer.elapsed()]).toEqual([['d'], true]);
});

it('counts deliveries by channel and outcome, and reads the age of what waits', async () => {
  const delivery = deliveryMetrics(metrics);
  delivery.delivered('webhook', 'sent');
  delivery.delivered('webhook', 'withheld');
  delivery.delivered('kafka', 'refused');
  expect(await samples('tellonce_outbox_oldest_age_seconds')).toEqual([]);
  delivery.watchOldest(() => 12.5);
  expect(await samples('tellonce_webhook_deliveries_total')).toEqual(['{outcome="sent"} 1', '{outcome="withheld"} 1']);
  expect(await samples('tellonce_kafka_deliveries_total')).toEqual(['{outcome="refused"} 1']);
  expect(await samples('tellonce_outbox_oldest_age_seconds')).toEqual([' 12.5']);
});

it('counts and logs what becomes of signals within the trace of what caused them', async () => {
  const lines: Record<string, unknown>[] = [];
  const logger = createLogger('info', { write: (line: string) => void lines.push(JSON.parse(line) as never) });
  const { onSettled, within } = deliveryObserver(metrics, logger);
  const correlationId = 'a1111111-2222-4333-8444-555555555555';
  const traceId = correlationId.replaceAll('-', '');
  onSettled('webhook', 'waiting', { id: 'b', correlationId, code: 'time-out' });
  onSettled('kafka', 'dead', { id: 'b', correlationId, code: 'signal' });
  onSettled('kafka', 'withheld', { id: 'b', correlationId: 'erasure' });
  expect(lines).toMatchObject([
    { event: 'delivery', connector: 'webhook', outcome: 'retry', signalId: 'b', code: 'time-out', traceId },
    { connector: 'kafka', outcome: 'refused', correlationId, traceId },
    { outcome: 'withheld', correlationId: 'erasure' },
  ]);
  expect(within(correlationId, () => contextFields())).toEqual({ correlationId, traceId });
  expect(await samples('tellonce_webhook_deliveries_total')).toEqual(['{outcome="retry"} 1']);
  expect(await samples('tellonce_kafka_deliveries_total')).toEqual(['{outcome="refused"} 1', '{outcome="withheld"} 1']);
  let oldest: Instant | null = null;
  const clock = { now: () => '2026-01-01T00:01:00.000Z' as Instant };
  watchOutbox(metrics, { standing: async () => ({ waiting: 1, dead: 3, oldest }) }, clock);
  expect(await samples('tellonce_outbox_oldest_age_seconds')).toEqual([]);
  oldest = '2026-01-01T00:00:00.000Z' as Instant;
  expect(await samples('tellonce_outbox_oldest_age_seconds')).toEqual([' 60']);
  expect(await samples('tellonce_outbox_dead_letters')).toEqual([' 3']);
});

describe('connectors', () => {
  const school = 'oakfield' as OrganisationId;
  const signed: Submission = { kind: 'signed', jws: 'x', row: 1 };
  const translated = { kind: 'translated', translator: 'nems/1', fileHash: '', item: {} } as unknown as Submission;
  const answering = (outcome: SubmissionResult['outcome'] | 'throw'): Publisher => ({
    submit: async () => {
      if (outcome === 'throw') throw new Error('disk');
      return { row: 1, outcome, factId: 'f' as FactId, reasons: [], repeated: false, token: null };
    },
  });
  const clock = fakeClock('2026-09-01T08:00:00.000Z');

  it('are counted by what became of each item; the last success is when something was stored', async () => {
    await countedPublisher(answering('rejected'), metrics, clock).submit(school, signed, 'c');
    await countedPublisher(answering('conflict'), metrics, clock).submit(school, translated, 'c');
    expect(await samples('tellonce_connector_last_success_timestamp_seconds')).toEqual([]);
    await countedPublisher(answering('quarantined'), metrics, clock).submit(school, translated, 'c');
    await expect(countedPublisher(answering('throw'), metrics, clock).submit(school, signed, 'c')).rejects.toThrow(
      'disk',
    );
    unreadable(metrics)('nems/1');
    expect(await samples('tellonce_connector_messages_total')).toEqual([
      '{connector="signed-batch",outcome="rejected"} 1',
      '{connector="nems/1",outcome="conflict"} 1',
      '{connector="nems/1",outcome="quarantined"} 1',
      '{connector="signed-batch",outcome="failed"} 1',
      '{connector="nems/1",outcome="unreadable"} 1',
    ]);
    expect(await samples('tellonce_connector_last_success_timestamp_seconds')).toEqual([
      `{connector="nems/1"} ${String(Date.parse('2026-09-01T08:00:00Z') / 1000)}`,
    ]);
  });
});

describe('views', () => {
  const written = (stream: string, at: string) =>
    encodeChanges(stream, -1, [{ type: 'look.recorded.v1', data: {} }], {
      at: at as Instant,
      by: 'hub' as OrganisationId,
      correlationId: 'c',
    });

  it('are behind by the age of the oldest event of their own families that they have not read', async () => {
    const log = await openSqliteLog({ path: ':memory:' });
    const clock = { now: () => '2026-01-01T00:01:40.000Z' as Instant };
    let checkpoint: LogToken | null = null;
    const view: Pick<ProjectedView, 'definition' | 'checkpoint'> = {
      definition: { families: ['look'] },
      checkpoint: () => checkpoint,
    };
    expect(await lagSeconds(log, view, clock)).toBe(0);
    await log.append('notice-0', 'none', written('notice-0', '2026-01-01T00:00:00.000Z'));
    expect(await lagSeconds(log, view, clock)).toBe(0);
    const first = await log.append('look-1', 'none', written('look-1', '2026-01-01T00:00:30.000Z'));
    const second = await log.append('look-2', 'none', written('look-2', '2026-01-01T00:01:00.000Z'));
    expect(await lagSeconds(log, view, clock)).toBe(70);
    checkpoint = first.token;
    expect(await lagSeconds(log, view, clock)).toBe(40);
    checkpoint = second.token;
    expect(await lagSeconds(log, view, clock)).toBe(0);
    await log.close();
  });

  it('are shown with lag, and with the rebuild that runs or was the last', async () => {
    const log = await openSqliteLog({ path: ':memory:' });
    const view = (name: string, behind: number | null, rebuild: object | null): ProjectedView => ({
      name,
      definition: { families: ['look'] },
      checkpoint: async () => null,
      status: async () => ({ behind, rebuild: rebuild as never }),
    });
    const views = [
      view('timeline', 7, { generation: 3, done: 1, of: 4, state: 'running' }),
      view('usage', null, null),
      view('audit', 0, { generation: 2, done: 3, of: 4, state: 'swapped' }),
    ];
    watchProjections(metrics, views, { log, clock: fakeClock() });
    const { body } = await metrics.text();
    const shown = body.split('\n').filter((line) => line.startsWith('tellonce_projection'));
    expect(shown).toEqual([
      'tellonce_projection_lag_events{projection="timeline"} 7',
      'tellonce_projection_lag_events{projection="audit"} 0',
      'tellonce_projection_lag_seconds{projection="timeline"} 0',
      'tellonce_projection_lag_seconds{projection="usage"} 0',
      'tellonce_projection_lag_seconds{projection="audit"} 0',
      'tellonce_projection_rebuild_progress_ratio{projection="timeline",generation="3"} 0.25',
      'tellonce_projection_rebuild_progress_ratio{projection="audit",generation="2"} 1',
    ]);
    await log.close();
  });
});
