/** One thing a panel draws. */
export interface Query {
  readonly expr: string;
  /** `{{label}}` is filled in by Grafana. */
  readonly legend: string;
}

/** One panel: what it shows, in which unit (of Grafana), half a row wide unless it is a number. */
export interface Panel {
  readonly title: string;
  readonly says: string;
  readonly kind: 'timeseries' | 'stat' | 'table';
  readonly unit: string;
  readonly queries: readonly Query[];
}

/** One dashboard: rows of panels under a heading. */
export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly says: string;
  readonly rows: readonly { readonly title: string; readonly panels: readonly Panel[] }[];
}

const panel = (
  title: string,
  says: string,
  unit: string,
  queries: readonly (readonly [expr: string, legend: string])[],
  kind: Panel['kind'] = 'timeseries',
): Panel => ({ title, says, kind, unit, queries: queries.map(([expr, legend]) => ({ expr, legend })) });

const RATE = '$__rate_interval';
const quantile = (q: number, name: string, by: string): string =>
  `histogram_quantile(${q}, sum by (${[by, 'le'].filter((each) => each !== '').join(', ')}) (rate(${name}_bucket[${RATE}])))`;
const REQUESTS = 'tellonce_http_request_duration_seconds';

/** What whoever runs the hub looks at. No panel can show a person: no number has such a label. */
export const DASHBOARDS: readonly Dashboard[] = [
  {
    uid: 'tellonce-serving',
    title: 'Tellonce: serving',
    says: 'Do the processes answer, how fast, and what do they need?',
    rows: [
      {
        title: 'Now',
        panels: [
          panel(
            'Processes that answer',
            'Four, each as often as it runs.',
            'short',
            [['sum by (app) (up{job="tellonce"})', '{{app}}']],
            'stat',
          ),
          panel(
            'Requests that fail in the hub',
            'Answers 500 to 599, of all.',
            'percentunit',
            [[`sum(rate(${REQUESTS}_count{status=~"5.."}[5m])) / sum(rate(${REQUESTS}_count[5m]))`, 'failing']],
            'stat',
          ),
          panel(
            'Nodes of the log that answer',
            'Two of three are enough to store.',
            'short',
            [['sum(up{job="eventstoredb"})', 'nodes']],
            'stat',
          ),
          panel(
            'Versions',
            'More than one only while it is being upgraded.',
            'short',
            [['count by (version, sha) (tellonce_build_info)', '{{version}} {{sha}}']],
            'stat',
          ),
        ],
      },
      {
        title: 'Requests',
        panels: [
          panel('Requests a second', 'By process.', 'reqps', [
            [`sum by (app) (rate(${REQUESTS}_count[${RATE}]))`, '{{app}}'],
          ]),
          panel('By status', 'Refusals are no faults.', 'reqps', [
            [`sum by (status) (rate(${REQUESTS}_count[${RATE}]))`, '{{status}}'],
          ]),
          panel('Time to answer', 'Half of the requests, and all but one in a hundred.', 's', [
            [quantile(0.5, REQUESTS, 'app'), '{{app}} p50'],
            [quantile(0.99, REQUESTS, 'app'), '{{app}} p99'],
          ]),
          panel(
            'Slowest routes',
            'All but one in a hundred requests, by the pattern of the route.',
            's',
            [[`topk(10, ${quantile(0.99, REQUESTS, 'route')})`, '{{route}}']],
            'table',
          ),
        ],
      },
      {
        title: 'Processes',
        panels: [
          panel('Memory', 'Resident; a line that only rises is a leak.', 'bytes', [
            ['tellonce_process_resident_memory_bytes', '{{app}} {{instance}}'],
          ]),
          panel('Processor', 'Cores in use.', 'short', [
            [`rate(tellonce_process_cpu_seconds_total[${RATE}])`, '{{app}} {{instance}}'],
          ]),
          panel('Event loop', 'Time by which the process holds itself up, all but one in a hundred.', 's', [
            ['tellonce_nodejs_eventloop_lag_p99_seconds', '{{app}} {{instance}}'],
          ]),
          panel('Starts', 'In the last hour.', 'short', [
            ['changes(tellonce_process_start_time_seconds[1h])', '{{app}} {{instance}}'],
          ]),
        ],
      },
    ],
  },
  {
    uid: 'tellonce-sharing',
    title: 'Tellonce: sharing',
    says: 'What is decided, for which purposes, and is every look kept?',
    rows: [
      {
        title: 'Decisions',
        panels: [
          panel('Decisions a second', 'By effect.', 'ops', [
            [`sum by (effect) (rate(tellonce_policy_decisions_total[${RATE}]))`, '{{effect}}'],
          ]),
          panel('By purpose', 'What is permitted.', 'ops', [
            [`sum by (purpose) (rate(tellonce_policy_decisions_total{effect="permit"}[${RATE}]))`, '{{purpose}}'],
          ]),
          panel('By mode', 'Words of facts, existence alone, or in an emergency.', 'ops', [
            [`sum by (mode) (rate(tellonce_policy_decisions_total[${RATE}]))`, '{{mode}}'],
          ]),
          panel('Time to decide', 'Without storing the look.', 's', [
            [quantile(0.5, 'tellonce_policy_decision_duration_seconds', ''), 'p50'],
            [quantile(0.99, 'tellonce_policy_decision_duration_seconds', ''), 'p99'],
          ]),
        ],
      },
      {
        title: 'Record',
        panels: [
          panel(
            'Looks that could not be stored',
            'In the last hour. Nothing was disclosed under them; it should be 0.',
            'short',
            [['sum by (app) (increase(tellonce_audit_append_failures_total[1h]))', '{{app}}']],
            'stat',
          ),
          panel('Emergency accesses', 'In a day, by the organisation of who started it.', 'short', [
            ['sum by (agency) (increase(tellonce_breakglass_total[1d]))', '{{agency}}'],
          ]),
          panel('Events stored a second', 'By type.', 'ops', [
            [`sum by (type) (rate(tellonce_events_appended_total[${RATE}]))`, '{{type}}'],
          ]),
          panel(
            'Commands',
            'By what became of them.',
            'ops',
            [[`sum by (command, outcome) (rate(tellonce_commands_total[${RATE}]))`, '{{command}} {{outcome}}']],
            'table',
          ),
        ],
      },
      {
        title: 'Proof',
        panels: [
          panel(
            'Events under a cosigned head',
            'What an outsider can vouch for.',
            'short',
            [['max(tellonce_witness_size)', 'events']],
            'stat',
          ),
          panel('Newest head waits for its witnesses', 'Rises where a witness is away.', 's', [
            ['max(tellonce_witness_behind_seconds)', 'waiting'],
          ]),
          panel(
            'Witnesses that contradict',
            'Anything but 0 is an incident.',
            'short',
            [['max(tellonce_witness_conflicts)', 'witnesses']],
            'stat',
          ),
          panel(
            'Alarms',
            'In the last hour, by what somebody has to look at.',
            'short',
            [['sum by (app, what) (increase(tellonce_alarms_total[1h]))', '{{app}} {{what}}']],
            'table',
          ),
        ],
      },
    ],
  },
  {
    uid: 'tellonce-flow',
    title: 'Tellonce: flow',
    says: 'From what organisations hand in, through the views, to what they are told.',
    rows: [
      {
        title: 'In',
        panels: [
          panel('Items a second', 'By connector.', 'ops', [
            [`sum by (connector) (rate(tellonce_connector_messages_total[${RATE}]))`, '{{connector}}'],
          ]),
          panel('What became of them', 'By outcome.', 'ops', [
            [`sum by (outcome) (rate(tellonce_connector_messages_total[${RATE}]))`, '{{outcome}}'],
          ]),
          panel(
            'Since something last came in',
            'By connector; absent until something did.',
            's',
            [['time() - max by (connector) (tellonce_connector_last_success_timestamp_seconds)', '{{connector}}']],
            'table',
          ),
        ],
      },
      {
        title: 'Views',
        panels: [
          panel('Behind, in time', 'Age of the oldest event that is not shown yet.', 's', [
            ['max by (projection) (tellonce_projection_lag_seconds)', '{{projection}}'],
          ]),
          panel('Behind, in events', 'Not known where the log cannot count.', 'short', [
            ['max by (projection) (tellonce_projection_lag_events)', '{{projection}}'],
          ]),
          panel('Rebuilds', 'How far, by the generation that is made.', 'percentunit', [
            ['tellonce_projection_rebuild_progress_ratio', '{{projection}} {{generation}}'],
          ]),
        ],
      },
      {
        title: 'Out',
        panels: [
          panel('Webhooks', 'Attempts a second, by outcome.', 'ops', [
            [`sum by (outcome) (rate(tellonce_webhook_deliveries_total[${RATE}]))`, '{{outcome}}'],
          ]),
          panel('Kafka', 'Attempts a second, by outcome.', 'ops', [
            [`sum by (outcome) (rate(tellonce_kafka_deliveries_total[${RATE}]))`, '{{outcome}}'],
          ]),
          panel('Oldest signal that waits', 'Minutes are repeats; hours are a receiver that is away.', 's', [
            ['max(tellonce_outbox_oldest_age_seconds)', 'waiting'],
          ]),
        ],
      },
    ],
  },
];
