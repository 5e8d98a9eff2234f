import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

/** The numbers that `/metrics` shows. Labels come from closed lists: a route's pattern, never a path, a person or a child. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #requests: Histogram<'route' | 'method' | 'status'>;

  /** `processMetrics`: also memory, event loop and garbage collection of the process. */
  constructor(build: { readonly version: string; readonly sha: string }, processMetrics = true) {
    this.#requests = new Histogram({
      name: 'tellonce_http_request_duration_seconds',
      help: 'Time to answer a request, by the pattern of its route.',
      labelNames: ['route', 'method', 'status'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers: [this.#registry],
    });
    new Gauge({
      name: 'tellonce_build_info',
      help: 'Always 1; the labels say what runs.',
      labelNames: ['version', 'sha'],
      registers: [this.#registry],
    }).set({ version: build.version, sha: build.sha }, 1);
    if (processMetrics) collectDefaultMetrics({ register: this.#registry, prefix: 'tellonce_' });
  }

  /** One answered request; `seconds` from the first byte of its head. */
  observeRequest(route: string, method: string, status: number, seconds: number): void {
    this.#requests.observe({ route, method, status: String(status) }, seconds);
  }

  /** A counter, `tellonce_<what>_total`; returns the function that counts. Make each once, at start. */
  counter<Label extends string>(
    name: string,
    help: string,
    labels: readonly Label[],
  ): (values: Record<Label, string>, by?: number) => void {
    const counter = new Counter({ name, help, labelNames: [...labels], registers: [this.#registry] });
    return (values, by = 1) => counter.inc(values, by);
  }

  /** A gauge read when `/metrics` is asked for: sizes, lags. */
  gauge(name: string, help: string, read: () => number): void {
    new Gauge({
      name,
      help,
      registers: [this.#registry],
      collect() {
        this.set(read());
      },
    });
  }

  /** Gauges of one name, a value for each of a closed list of labels, read when `/metrics` is asked for. */
  gauges(name: string, help: string, label: string, read: () => Promise<Readonly<Record<string, number>>>): void {
    new Gauge({
      name,
      help,
      labelNames: [label],
      registers: [this.#registry],
      async collect() {
        for (const [value, number] of Object.entries(await read())) this.set({ [label]: value }, number);
      },
    });
  }

  /** Prometheus text format. */
  async text(): Promise<{ readonly contentType: string; readonly body: string }> {
    return { contentType: this.#registry.contentType, body: await this.#registry.metrics() };
  }
}
