import type { ChannelName, ChildOfFact } from '#delivery';
import { DELIVERY_STORE, mayTell, Outbox, runDelivery, standingFact, stillMayTell } from '#delivery';
import {
  deliveryMetrics,
  deliveryObserver,
  followSurely,
  hubSecret,
  watchOutbox,
  type AppLogger,
  type Config,
  type Metrics,
  type OpenedCore,
} from '#nest-platform';
import { openWays } from './channels.ts';
import { SubscriptionDesk } from './desk.ts';

/** What controllers need of signals. */
export interface Signals {
  readonly desk: SubscriptionDesk;
  readonly outbox: Outbox;
  readonly childOfFact: ChildOfFact;
  /** The ways out there are. */
  readonly channels: ReadonlySet<ChannelName>;
  /** True where receivers may be on this machine: demonstrations. */
  readonly allowLoopback: boolean;
}

/** What tells of a delivery that is off. */
export interface DeliverySurroundings {
  readonly config: Pick<Config, 'publicUrl' | 'demo' | 'kafka'>;
  readonly logger: AppLogger;
  readonly metrics: Metrics;
  readonly alarm: (what: string, error: unknown) => void;
}

/**
 * Opens the outbox and the ways out, and runs the delivery process wherever it is this process's turn. Erasing a record reaches the outbox
 * through the core. Closed before the views and the core are.
 */
export async function openDelivery(
  { core, identity, master, readers, stores }: OpenedCore,
  { config, logger, metrics, alarm }: DeliverySurroundings,
): Promise<{ readonly signals: Signals; close(): Promise<void> }> {
  const { log, clock, chance, tails } = core;
  const outbox = new Outbox(await stores.open(DELIVERY_STORE, 'delivery.db'));
  const ways = openWays(core, config, logger);
  const desk = new SubscriptionDesk(core);
  const childOfFact: ChildOfFact = async (fact, record) => identity.childOfFact(fact, record);
  core.addEraser({ name: 'signals', erase: (record) => outbox.erase(record) });
  watchOutbox(metrics, outbox, clock);
  const { delivered } = deliveryMetrics(metrics);
  const parts = {
    ...deliveryObserver(metrics, logger),
    log,
    outbox,
    clock,
    childOfFact,
    disclose: core.disclose,
    mayTell: mayTell(tails, clock),
    stillMayTell: stillMayTell(tails, clock),
    standing: (fact: Parameters<ChildOfFact>[0]) => standingFact(log, fact),
    pseudonymKey: hubSecret(master, 'pseudonym'),
    channels: ways.open,
    send: ways.sendTo,
    ask: (id: string) => `${config.publicUrl}/v1/signals/${id}`,
    spread: () => Buffer.from(chance.bytes(4)).readUInt32BE() / 2 ** 32,
    gone: async ({ subscription, organisation, channel }: Parameters<Parameters<typeof runDelivery>[0]['gone']>[0]) => {
      delivered(channel, 'gone');
      await desk.switchOff({ organisation, sub: 'delivery', correlationId: subscription }, subscription, 'gone');
    },
  };
  const follower = followSurely(
    'delivery',
    (signal) => readers.leadership.lead('delivery', signal, (turn) => runDelivery(parts, turn)),
    alarm,
  );
  return {
    signals: { desk, outbox, childOfFact, channels: ways.open, allowLoopback: config.demo },
    close: async () => {
      const stopped = follower.stop();
      // What is under way is let go of first: a receiver that does not answer holds up nobody's end.
      await ways.close();
      await stopped;
    },
  };
}
