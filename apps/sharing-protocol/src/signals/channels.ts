import type { ChannelName, Sent, SendTo } from '#delivery';
import { webhookChannel } from '#delivery/webhook';
import type { Config, Core } from '#nest-platform';
import { openSecrets } from './secrets.ts';

/** The ways out of this process. */
export interface Ways {
  /** Which ones there are: webhooks always, Kafka where brokers are configured. */
  readonly open: ReadonlySet<ChannelName>;
  readonly sendTo: SendTo;
  close(): Promise<void>;
}

/** After so long nothing more of a batch is begun, in milliseconds: what was decided is not sent much later. */
const BATCH_MS = 5_000;

/** Opens the ways out that are configured. */
export function openWays(
  { vault, clock }: Pick<Core, 'vault' | 'clock'>,
  config: Pick<Config, 'publicUrl' | 'demo'>,
): Ways {
  const source = `${config.publicUrl}/`;
  const webhook = webhookChannel({ source, clock, allowLoopback: config.demo, batchMs: BATCH_MS });
  return {
    open: new Set(['webhook']),
    sendTo: async (subscription, signals): Promise<readonly Sent[]> => {
      const secrets = await openSecrets(vault, subscription);
      return webhook.send({ url: subscription.url ?? '', secrets }, signals);
    },
    close: () => webhook.close(),
  };
}
