import type { ChannelName, SendTo } from '#delivery';
import { kafkaChannel } from '#delivery/kafka';
import { webhookChannel } from '#delivery/webhook';
import type { AppLogger, Config, Core } from '#nest-platform';
import { openSecrets } from './secrets.ts';

/** The ways out of this process. */
export interface Ways {
  /** Which ones there are: webhooks always, Kafka where brokers are configured. */
  readonly open: ReadonlySet<ChannelName>;
  readonly sendTo: SendTo;
  close(): Promise<void>;
}

/** After so long nothing more of a batch is begun, in milliseconds: what waits behind a slow answer is looked for again. */
const BATCH_MS = 5_000;
/** Order is kept within a key while the number of partitions stays; an organisation reads its topic in so many processes at most. */
const PARTITIONS = 12;
/** A topic has a copy on each broker that is named, and no more copies than this. */
const MOST_COPIES = 3;

/** Opens the ways out that are configured. */
export function openWays(
  { vault, clock }: Pick<Core, 'vault' | 'clock'>,
  { publicUrl, demo, kafka: reached }: Pick<Config, 'publicUrl' | 'demo' | 'kafka'>,
  logger: AppLogger,
): Ways {
  const source = `${publicUrl}/`;
  const webhook = webhookChannel({ source, clock, allowLoopback: demo, batchMs: BATCH_MS });
  const kafka =
    reached === undefined
      ? undefined
      : kafkaChannel({
          source,
          ...reached,
          create: { partitions: PARTITIONS, replication: Math.min(reached.brokers.length, MOST_COPIES) },
          log: ({ level, code }) => logger[level]({ event: 'kafka', connector: 'kafka', code }, 'kafka'),
        });
  return {
    open: new Set<ChannelName>(kafka === undefined ? ['webhook'] : ['webhook', 'kafka']),
    sendTo: async (subscription, signals, mayLeave) => {
      // Sent to no other organisation's topic, whatever a signal says: the channel holds them against each other.
      if (subscription.channel === 'kafka') return (await kafka?.send(subscription, signals, mayLeave)) ?? [];
      const secrets = await openSecrets(vault, subscription);
      return webhook.send({ url: subscription.url ?? '', secrets }, signals, mayLeave);
    },
    close: async () => {
      await Promise.all([webhook.close(), kafka?.close()]);
    },
  };
}
