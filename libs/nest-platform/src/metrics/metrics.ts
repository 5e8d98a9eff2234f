import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import {
  METRICS,
  type LabelsOf,
  type MetricDefinition,
  type MetricName,
  type NameOf,
  type Sample,
} from './catalogue.ts';
import { OTHER } from './labels.ts';

/** A reading of a gauge that takes longer is left out of the answer: a slow store must not hide the other numbers. */
const READ_LIMIT_MS = 2_000;

/**
 * The numbers that `/metrics` shows, all of them in {@link METRICS}. Label values come from closed lists: a value outside its list counts as
 * `other`. Counters and histograms are there from the start; a gauge is shown by a process that has something to say of it.
 */
export class Metrics {
  /** What runs. */
  readonly build: { readonly version: string; readonly sha: string };
  readonly #registry = new Registry();
  readonly #counters = new Map<MetricName, Counter>();
  readonly #histograms = new Map<MetricName, Histogram>();
  readonly #gauges = new Map<MetricName, Gauge>();

  /** `processMetrics`: also memory, event loop and garbage collection of the process. */
  constructor(build: Metrics['build'], processMetrics = true) {
    this.build = build;
    for (const [name, definition] of Object.entries(METRICS) as [MetricName, MetricDefinition][]) {
      if (definition.type === 'counter') this.#counters.set(name, new Counter(this.#made(name)));
      if (definition.type !== 'histogram') continue;
      const { buckets = [] } = definition;
      this.#histograms.set(name, new Histogram({ ...this.#made(name), buckets: [...buckets] }));
    }
    this.set('tellonce_build_info', build, 1);
    if (processMetrics) collectDefaultMetrics({ register: this.#registry, prefix: 'tellonce_' });
  }

  /** Counts `by` more. */
  count<Name extends NameOf<'counter'>>(name: Name, labels: LabelsOf<Name>, by = 1): void {
    this.#counters.get(name)?.inc(closed(name, labels), by);
  }

  /** One measurement, in seconds. */
  observe<Name extends NameOf<'histogram'>>(name: Name, labels: LabelsOf<Name>, seconds: number): void {
    this.#histograms.get(name)?.observe(closed(name, labels), seconds);
  }

  /** A gauge's value from now on. */
  set<Name extends NameOf<'gauge'>>(name: Name, labels: LabelsOf<Name>, value: number): void {
    const gauge = this.#gauges.get(name) ?? new Gauge(this.#made(name));
    this.#gauges.set(name, gauge);
    gauge.set(closed(name, labels), value);
  }

  /**
   * A gauge read when `/metrics` is asked for: exactly the samples it answers with are shown, none where it fails or takes more than two
   * seconds. Throws where the gauge has a reader already.
   */
  read<Name extends NameOf<'gauge'>>(
    name: Name,
    read: () => Promise<readonly Sample<Name>[]> | readonly Sample<Name>[],
  ): void {
    const gauge: Gauge = new Gauge({
      ...this.#made(name),
      collect: async () => {
        const samples = await within(READ_LIMIT_MS, async () => read());
        gauge.reset();
        if (Object.keys(METRICS[name].labels).length === 0) gauge.remove({});
        for (const { labels, value } of samples ?? []) gauge.set(closed(name, labels), value);
      },
    });
    this.#gauges.set(name, gauge);
  }

  /** Prometheus text format. */
  async text(): Promise<{ readonly contentType: string; readonly body: string }> {
    return { contentType: this.#registry.contentType, body: await this.#registry.metrics() };
  }

  #made(name: MetricName) {
    const { help, labels } = METRICS[name];
    return { name, help, labelNames: Object.keys(labels), registers: [this.#registry] };
  }
}

/** The labels with every value that its list does not hold replaced. */
function closed(name: MetricName, labels: Readonly<Record<string, string>>): Record<string, string> {
  const { labels: lists }: MetricDefinition = METRICS[name];
  return Object.fromEntries(
    Object.entries(lists).map(([label, holds]) => {
      const value = labels[label];
      return [label, value !== undefined && holds(value) ? value : OTHER];
    }),
  );
}

/** What was read, undefined where that failed or is not there in time. */
async function within<T>(milliseconds: number, read: () => Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), milliseconds);
  });
  try {
    return await Promise.race([read(), late]);
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}
