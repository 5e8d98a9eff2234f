import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { METRICS, type MetricDefinition } from './catalogue.ts';

const ROOT = join(import.meta.dirname, '../../../..');
const definitions = Object.entries<MetricDefinition>(METRICS);

/** The rows of the one table of `docs/metrics.md`, cells without padding and code marks. */
function documented(): readonly (readonly string[])[] {
  const text = readFileSync(join(ROOT, 'docs/metrics.md'), 'utf8');
  const rows = text.split('\n').filter((line) => line.startsWith('| `tellonce_'));
  return rows.map((row) =>
    row
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim().replaceAll('`', '')),
  );
}

describe('the numbers', () => {
  it('are the table of docs/metrics.md, in the same order and words', () => {
    expect(documented()).toEqual(
      definitions.map(([name, { type, labels, help, alert }]) => [
        name,
        type,
        Object.keys(labels).join(', '),
        help.replaceAll('`', ''),
        alert ?? '',
      ]),
    );
  });

  it('have every name that operators were promised, exactly spelt', () => {
    expect(
      Object.fromEntries(definitions.map(([name, { labels }]) => [name, Object.keys(labels).join()])),
    ).toMatchObject({
      tellonce_http_request_duration_seconds: 'route,method,status',
      tellonce_commands_total: 'command,outcome',
      tellonce_events_appended_total: 'type',
      tellonce_projection_lag_events: 'projection',
      tellonce_projection_lag_seconds: 'projection',
      tellonce_projection_rebuild_progress_ratio: 'projection,generation',
      tellonce_policy_decisions_total: 'effect,purpose,mode',
      tellonce_policy_decision_duration_seconds: '',
      tellonce_breakglass_total: 'agency',
      tellonce_connector_messages_total: 'connector,outcome',
      tellonce_connector_last_success_timestamp_seconds: 'connector',
      tellonce_webhook_deliveries_total: 'outcome',
      tellonce_outbox_oldest_age_seconds: '',
      tellonce_audit_append_failures_total: '',
      tellonce_build_info: 'version,sha',
    });
  });

  it('are named as Prometheus asks: one prefix, base units, counters that end in _total and nothing else that does', () => {
    for (const [name, { type, help, buckets }] of definitions) {
      expect(name).toMatch(/^tellonce_[a-z]+(_[a-z]+)*$/);
      expect([name, name.endsWith('_total')]).toEqual([name, type === 'counter']);
      expect([name, /_(milliseconds|ms|minutes|kb|percent)(_|$)/.test(name)]).toEqual([name, false]);
      expect([name, help.endsWith('.'), buckets !== undefined]).toEqual([name, true, type === 'histogram']);
    }
  });
});
