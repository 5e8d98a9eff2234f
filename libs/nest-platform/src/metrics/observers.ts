import type { LogObserver } from '#event-log';
import type { DecisionObserver } from '#sharing';
import type { Metrics } from './metrics.ts';

/** Families whose events say who looked at what: one that can't be stored is what an operator must see first. */
const AUDIT_FAMILIES = new Set(['look', 'auditQuery']);

/** Counts events, commands and failed looks of a log (`observed`). */
export function logObserver(metrics: Metrics): LogObserver {
  return {
    appended: (type) => metrics.count('tellonce_events_appended_total', { type }),
    appendFailed: (family) => {
      if (AUDIT_FAMILIES.has(family)) metrics.count('tellonce_audit_append_failures_total', {});
    },
    command: (command, outcome) => metrics.count('tellonce_commands_total', { command, outcome }),
  };
}

/** Counts and times decisions; `note` is told each decision's id, for the log line of its request. */
export function decisionObserver(metrics: Metrics, note: (decision: string) => void): DecisionObserver {
  return {
    elapsed: () => performance.now() / 1000,
    took: (seconds) => metrics.observe('tellonce_policy_decision_duration_seconds', {}, seconds),
    decided: ({ decision, effect, purpose, mode }) => {
      note(decision);
      metrics.count('tellonce_policy_decisions_total', { effect, purpose, mode });
    },
  };
}
