/** What alerts and dashboards may ask for: name → labels. The numbers of ours are the table of `docs/metrics.md`. */
export const OURS: Readonly<Record<string, { readonly histogram?: true; readonly labels: readonly string[] }>> = {
  tellonce_http_request_duration_seconds: { histogram: true, labels: ['route', 'method', 'status'] },
  tellonce_commands_total: { labels: ['command', 'outcome'] },
  tellonce_events_appended_total: { labels: ['type'] },
  tellonce_audit_append_failures_total: { labels: [] },
  tellonce_projection_lag_events: { labels: ['projection'] },
  tellonce_projection_lag_seconds: { labels: ['projection'] },
  tellonce_projection_rebuild_progress_ratio: { labels: ['projection', 'generation'] },
  tellonce_policy_decisions_total: { labels: ['effect', 'purpose', 'mode'] },
  tellonce_policy_decision_duration_seconds: { histogram: true, labels: [] },
  tellonce_breakglass_total: { labels: ['agency'] },
  tellonce_connector_messages_total: { labels: ['connector', 'outcome'] },
  tellonce_connector_last_success_timestamp_seconds: { labels: ['connector'] },
  tellonce_webhook_deliveries_total: { labels: ['outcome'] },
  tellonce_kafka_deliveries_total: { labels: ['outcome'] },
  tellonce_outbox_oldest_age_seconds: { labels: [] },
  tellonce_outbox_dead_letters: { labels: [] },
  tellonce_alarms_total: { labels: ['what'] },
  tellonce_witness_size: { labels: [] },
  tellonce_witness_behind_seconds: { labels: [] },
  tellonce_witness_conflicts: { labels: [] },
  tellonce_build_info: { labels: ['version', 'sha'] },
};

/** Of the process, by prom-client; a spec asks prom-client whether they are so called. */
export const OF_THE_PROCESS: readonly string[] = [
  'tellonce_process_start_time_seconds',
  'tellonce_process_resident_memory_bytes',
  'tellonce_process_cpu_seconds_total',
  'tellonce_nodejs_eventloop_lag_p99_seconds',
];

/** Of Prometheus itself, and what its scrape adds to every number. */
export const OF_THE_SCRAPE = { names: ['up'], labels: ['job', 'instance', 'app', 'le'] } as const;

const KEYWORDS = new Set(['by', 'without', 'on', 'ignoring', 'group_left', 'group_right']);

/** Names and labels that a PromQL expression asks for; text in quotes, functions and numbers left out. */
export function asked(expression: string): { readonly names: readonly string[]; readonly labels: readonly string[] } {
  const bare = expression.replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, '""').replace(/\$\w+/g, '1m');
  const matchers = [...bare.matchAll(/\{([^}]*)\}/g)].flatMap(
    ([, inside = '']) => inside.match(/[a-zA-Z_]\w*(?=\s*[=!])/g) ?? [],
  );
  const outside = bare.replace(/\{[^}]*\}/g, ' ');
  const grouped = [...outside.matchAll(/\b(\w+)\s*\(([^()]*)\)/g)]
    .filter(([, word = '']) => KEYWORDS.has(word))
    .flatMap(([, , inside = '']) => inside.match(/[a-zA-Z_]\w*/g) ?? []);
  const names = outside.match(/\b(?:tellonce_\w+|up|eventstore_\w+)\b/g) ?? [];
  return { names: [...new Set(names)], labels: [...new Set([...matchers, ...grouped])] };
}

/** What an expression asks for that there is not: names, and labels that none of its names has. */
export function unknownIn(expression: string): readonly string[] {
  const { names, labels } = asked(expression);
  const known = names.map((name) => definition(name));
  const all = new Set<string>([...OF_THE_SCRAPE.labels, ...known.flatMap((labelsOf) => labelsOf ?? [])]);
  return [...names.filter((_, at) => known[at] === undefined), ...labels.filter((label) => !all.has(label))];
}

/** The labels of a number, under its own name or a part of a histogram; undefined where there is none. */
function definition(name: string): readonly string[] | undefined {
  if ((OF_THE_SCRAPE.names as readonly string[]).includes(name) || OF_THE_PROCESS.includes(name)) return [];
  const part = /^(.*)_(bucket|count|sum)$/.exec(name)?.[1] ?? '';
  if (OURS[part]?.histogram === true) return OURS[part].labels;
  return OURS[name]?.histogram === true ? undefined : OURS[name]?.labels;
}
