import { LABELS, type LabelValues } from './labels.ts';

/** A number that `/metrics` shows: its name is read by alerts and dashboards, so it never changes (prometheus.io/docs/practices/naming). */
export interface MetricDefinition {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  /** Label names with the values they may have. Never a child, a person, a path or words of a caller. */
  readonly labels: Readonly<Record<string, LabelValues>>;
  /** Upper bounds of a histogram, in seconds. */
  readonly buckets?: readonly number[];
  /** The alert that watches it first. */
  readonly alert?: string;
}

/** Every number of ours; `docs/metrics.md` is this table, which a spec holds. Numbers of the process come from prom-client. */
export const METRICS = {
  tellonce_http_request_duration_seconds: {
    type: 'histogram',
    help: 'Time to answer a request, from the first byte of its head, by the pattern of its route.',
    labels: { route: LABELS.route, method: LABELS.method, status: LABELS.status },
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    alert: 'TellonceErrors',
  },
  tellonce_commands_total: {
    type: 'counter',
    help: 'Commands by what became of them: changed, unchanged (it was so already), refused, failed.',
    labels: { command: LABELS.command, outcome: LABELS.commandResult },
  },
  tellonce_events_appended_total: {
    type: 'counter',
    help: 'Events that this process appended and the log acknowledged; one answered again counts again.',
    labels: { type: LABELS.eventType },
  },
  tellonce_audit_append_failures_total: {
    type: 'counter',
    help: 'Looks, and questions about looks, that could not be stored. Nothing was disclosed under them.',
    labels: {},
    alert: 'TellonceAuditAppendFails',
  },
  tellonce_projection_lag_events: {
    type: 'gauge',
    help: 'Events of the log a view has not read yet; absent where the log cannot count them.',
    labels: { projection: LABELS.projection },
  },
  tellonce_projection_lag_seconds: {
    type: 'gauge',
    help: 'Age of the oldest event that a view has not read yet; 0 where it has read all.',
    labels: { projection: LABELS.projection },
    alert: 'TellonceProjectionLags',
  },
  tellonce_projection_rebuild_progress_ratio: {
    type: 'gauge',
    help: 'How far the rebuild of a view is, 0 to 1, by the generation it makes; the last one of this process stays.',
    labels: { projection: LABELS.projection, generation: LABELS.generation },
    alert: 'TellonceRebuildStuck',
  },
  tellonce_policy_decisions_total: {
    type: 'counter',
    help: 'Decisions whose look is stored. An aborted one was counted as a permit before: what it rested on moved, nothing left.',
    labels: { effect: LABELS.effect, purpose: LABELS.purpose, mode: LABELS.mode },
  },
  tellonce_policy_decision_duration_seconds: {
    type: 'histogram',
    help: 'Time to read what a decision rests on and to ask the rules; storing the look is not in it.',
    labels: {},
    buckets: [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5],
    alert: 'TellonceDecisionsSlow',
  },
  tellonce_breakglass_total: {
    type: 'counter',
    help: 'Emergency accesses started, by the organisation of who started it.',
    labels: { agency: LABELS.agency },
    alert: 'TellonceBreakGlassMany',
  },
  tellonce_connector_messages_total: {
    type: 'counter',
    help: 'Items that a connector or the batch of signed facts took, by what became of them; a whole file that cannot be read is one unreadable.',
    labels: { connector: LABELS.connector, outcome: LABELS.connectorOutcome },
    alert: 'TellonceConnectorRejects',
  },
  tellonce_connector_last_success_timestamp_seconds: {
    type: 'gauge',
    help: 'When an item was last stored through a connector, in seconds since 1970; absent until one was.',
    labels: { connector: LABELS.connector },
    alert: 'TellonceConnectorSilent',
  },
  tellonce_webhook_deliveries_total: {
    type: 'counter',
    help: 'Attempts to deliver a signal to a webhook: sent, retry, refused (a dead letter), gone (switched off), withheld by policy.',
    labels: { outcome: LABELS.deliveryOutcome },
    alert: 'TellonceDeliveriesFail',
  },
  tellonce_kafka_deliveries_total: {
    type: 'counter',
    help: 'Attempts to deliver a signal to a Kafka topic, by the same outcomes.',
    labels: { outcome: LABELS.deliveryOutcome },
    alert: 'TellonceDeliveriesFail',
  },
  tellonce_outbox_oldest_age_seconds: {
    type: 'gauge',
    help: 'Age of the oldest signal that waits to be delivered; 0 where none waits, absent where this process delivers none.',
    labels: {},
    alert: 'TellonceOutboxOld',
  },
  tellonce_outbox_dead_letters: {
    type: 'gauge',
    help: 'Signals that were given up and wait for their organisation to ask for them again; absent where this process delivers none.',
    labels: {},
    alert: 'TellonceDeadLetters',
  },
  tellonce_alarms_total: {
    type: 'counter',
    help: 'Things somebody has to look at; the log line of the same name says more.',
    labels: { what: LABELS.alarm },
    alert: 'TellonceAlarm',
  },
  tellonce_witness_size: {
    type: 'gauge',
    help: 'Events under the last checkpoint that a witness cosigned.',
    labels: {},
  },
  tellonce_witness_behind_seconds: {
    type: 'gauge',
    help: 'How long the newest checkpoint has waited for every witness.',
    labels: {},
    alert: 'TellonceWitnessSilent',
  },
  tellonce_witness_conflicts: {
    type: 'gauge',
    help: 'Witnesses who say that two of our checkpoints contradict each other.',
    labels: {},
    alert: 'TellonceWitnessConflict',
  },
  tellonce_build_info: {
    type: 'gauge',
    help: 'Always 1; the labels say what runs.',
    labels: { version: LABELS.version, sha: LABELS.sha },
    alert: 'TellonceVersionsMixed',
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;

/** The name of a number of ours. */
export type MetricName = keyof typeof METRICS;
/** The names of one type of number. */
export type NameOf<Type extends MetricDefinition['type']> = {
  [Name in MetricName]: (typeof METRICS)[Name]['type'] extends Type ? Name : never;
}[MetricName];
/** A value for each label of a number. */
export type LabelsOf<Name extends MetricName> = Readonly<
  Record<keyof (typeof METRICS)[Name]['labels'] & string, string>
>;
/** One value of a number with its labels. */
export interface Sample<Name extends MetricName> {
  readonly labels: LabelsOf<Name>;
  readonly value: number;
}
