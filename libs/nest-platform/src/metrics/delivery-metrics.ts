import type { DeliveryChannel, DeliveryOutcome } from './labels.ts';
import type { Metrics } from './metrics.ts';

/** What a delivery process tells: outcomes and ages, nothing of signals or endpoints. */
export interface DeliveryMetrics {
  /** One attempt, or one signal that policy withheld instead. */
  readonly delivered: (channel: DeliveryChannel, outcome: DeliveryOutcome) => void;
  /** Once, at the start: `read` gives the age in seconds of the oldest signal that waits, 0 where none does. */
  readonly watchOldest: (read: () => Promise<number> | number) => void;
}

const COUNTERS = {
  kafka: 'tellonce_kafka_deliveries_total',
  webhook: 'tellonce_webhook_deliveries_total',
} as const satisfies Record<DeliveryChannel, string>;

/** The numbers of a delivery process. `libs/delivery` takes them as an argument and knows nothing of Prometheus. */
export function deliveryMetrics(metrics: Metrics): DeliveryMetrics {
  return {
    delivered: (channel, outcome) => metrics.count(COUNTERS[channel], { outcome }),
    watchOldest: (read) =>
      metrics.read('tellonce_outbox_oldest_age_seconds', async () => [{ labels: {}, value: await read() }]),
  };
}
