import { epochMs, type Clock } from '#kernel';
import type { Outbox, SendingParts, Settled } from '#delivery';
import type { AppLogger } from '../logging/logger.ts';
import { inTraceOf } from '../trace/request-context.ts';
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

const OUTCOMES: Readonly<Record<Settled['state'], DeliveryOutcome>> = {
  sent: 'sent',
  waiting: 'retry',
  dead: 'refused',
  withheld: 'withheld',
};

/**
 * Counts and logs what becomes of signals, and lets the work on each belong to the trace of the request that caused it: parts of `runDelivery`.
 * The line of a signal is where our trace and the receiver's, which is named by the signal, meet.
 */
export function deliveryObserver(
  metrics: Metrics,
  logger: AppLogger,
): Required<Pick<SendingParts, 'onSettled' | 'within'>> {
  const { delivered } = deliveryMetrics(metrics);
  return {
    within: inTraceOf,
    onSettled: (channel, state, { id, correlationId, code }) => {
      const outcome = OUTCOMES[state];
      if (channel === 'kafka' || channel === 'webhook') delivered(channel, outcome);
      const line = { event: 'delivery', connector: channel, outcome, signalId: id };
      inTraceOf(correlationId, () => logger.info({ ...line, ...(code === undefined ? {} : { code }) }, 'delivery'));
    },
  };
}

/** The age of the oldest signal that waits in an outbox, and how many were given up, read when `/metrics` is asked for. */
export function watchOutbox(metrics: Metrics, outbox: Pick<Outbox, 'standing'>, clock: Clock): void {
  deliveryMetrics(metrics).watchOldest(async () => {
    const { oldest } = await outbox.standing();
    return oldest === null ? 0 : Math.max(0, (epochMs(clock.now()) - epochMs(oldest)) / 1000);
  });
  metrics.read('tellonce_outbox_dead_letters', async () => [{ labels: {}, value: (await outbox.standing()).dead }]);
}
