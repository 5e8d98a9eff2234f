import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { EVENT_TYPES } from '#contracts';
import { METRICS, type MetricDefinition, type MetricName } from './catalogue.ts';
import { OTHER } from './labels.ts';
import { Metrics } from './metrics.ts';

const BUILD = { version: '1.2.3', sha: 'a'.repeat(40) };
const make = () => new Metrics(BUILD, false);
const linesOf = async (metrics: Metrics) => (await metrics.text()).body.split('\n');

describe('the numbers of a process', () => {
  it('show every counter and histogram from the start, with the help of the catalogue, and what runs', async () => {
    const lines = await linesOf(make());
    for (const [name, { type, help }] of Object.entries<MetricDefinition>(METRICS)) {
      const shown = type !== 'gauge' || name === 'tellonce_build_info';
      expect([name, lines.includes(`# TYPE ${name} ${type}`), lines.includes(`# HELP ${name} ${help}`)]).toEqual([
        name,
        shown,
        shown,
      ]);
    }
    expect(lines).toContain(`tellonce_build_info{version="1.2.3",sha="${BUILD.sha}"} 1`);
    expect(lines).toContain('tellonce_audit_append_failures_total 0');
  });

  it('count, measure and set', async () => {
    const metrics = make();
    metrics.count('tellonce_breakglass_total', { agency: 'oakfield' });
    metrics.count('tellonce_breakglass_total', { agency: 'oakfield' }, 2);
    metrics.observe('tellonce_policy_decision_duration_seconds', {}, 0.002);
    metrics.set('tellonce_connector_last_success_timestamp_seconds', { connector: 'nems/1' }, 17);
    const lines = await linesOf(metrics);
    expect(lines).toContain('tellonce_breakglass_total{agency="oakfield"} 3');
    expect(lines).toContain('tellonce_policy_decision_duration_seconds_bucket{le="0.001"} 0');
    expect(lines).toContain('tellonce_policy_decision_duration_seconds_bucket{le="0.0025"} 1');
    expect(lines).toContain('tellonce_connector_last_success_timestamp_seconds{connector="nems/1"} 17');
  });

  it('take no label value from outside its list, whatever they are given', async () => {
    const labelled = Object.entries<MetricDefinition>(METRICS).filter(
      ([, { labels, type }]) => Object.keys(labels).length > 0 && type === 'counter',
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...labelled.map(([name]) => name as 'tellonce_commands_total')),
        fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('Amelia', '9434765919', 'registry.endAgreement"} 1\n')),
        async (name, value) => {
          const metrics = make();
          const labels = Object.fromEntries(Object.keys(METRICS[name].labels).map((label) => [label, value]));
          metrics.count(name, labels as never);
          const [line = ''] = (await linesOf(metrics)).filter((each) => each.startsWith(`${name}{`));
          for (const [label, holds] of Object.entries(METRICS[name].labels))
            expect(line).toContain(`${label}="${holds(value) ? value : OTHER}"`);
        },
      ),
    );
  });

  it.each<[MetricName, Record<string, string>]>([
    [
      'tellonce_http_request_duration_seconds',
      { route: '/v1/children/9434765919?a=Amelia', method: 'GET', status: '200' },
    ],
    ['tellonce_events_appended_total', { type: 'amelia.v1' }],
    ['tellonce_breakglass_total', { agency: 'Amelia Hölzl' }],
    ['tellonce_connector_messages_total', { connector: 'Amelia', outcome: 'published' }],
    ['tellonce_alarms_total', { what: '943 476 5919' }],
  ])('%s says "other" of %j', async (name, labels) => {
    const metrics = make();
    const definition: MetricDefinition = METRICS[name];
    if (definition.type === 'counter') metrics.count(name as 'tellonce_alarms_total', labels as never);
    else metrics.observe(name as 'tellonce_http_request_duration_seconds', labels as never, 1);
    const { body } = await metrics.text();
    expect([/="other"/.test(body), /Amelia|amelia|9434765919|943 476/.test(body)]).toEqual([true, false]);
  });
});

describe('a gauge that is read', () => {
  it('shows exactly what the last reading found', async () => {
    const metrics = make();
    let found = [{ labels: { projection: 'timeline' }, value: 3 }];
    metrics.read('tellonce_projection_lag_events', () => found);
    expect(await linesOf(metrics)).toContain('tellonce_projection_lag_events{projection="timeline"} 3');
    found = [{ labels: { projection: 'usage' }, value: 0 }];
    const samples = (await linesOf(metrics)).filter((line) => line.startsWith('tellonce_projection_lag_events{'));
    expect(samples).toEqual(['tellonce_projection_lag_events{projection="usage"} 0']);
  });

  it('is left out where it fails or is late, and does not keep the others back', async () => {
    jest.useFakeTimers();
    const metrics = make();
    metrics.read('tellonce_outbox_oldest_age_seconds', () => Promise.reject(new Error('no database')));
    metrics.read('tellonce_projection_lag_seconds', () => new Promise(() => undefined));
    metrics.read('tellonce_witness_size', () => [{ labels: {}, value: 5 }]);
    const shown = linesOf(metrics);
    await jest.advanceTimersByTimeAsync(2_000);
    jest.useRealTimers();
    const samples = (await shown).filter((line) => /^tellonce_(outbox|projection_lag_seconds|witness)/.test(line));
    expect(samples).toEqual(['tellonce_witness_size 5']);
  });
});

it('knows event types and commands, and nothing that only looks like one', () => {
  const known = Object.values(EVENT_TYPES).flat();
  expect(known.filter((type) => !METRICS.tellonce_events_appended_total.labels.type(type))).toEqual([]);
  const { command } = METRICS.tellonce_commands_total.labels;
  expect(['registry.endAgreement', 'subscription.make', 'auditQuery'].map(command)).toEqual([true, true, true]);
  expect(['registry', 'registry.', 'subscription.x', 'constructor'].map(command)).toEqual([false, false, false, false]);
});
