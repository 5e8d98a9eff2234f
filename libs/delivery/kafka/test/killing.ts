import { expect } from '@jest/globals';
import { kafkaChannel } from '../channel.ts';
import { bareKafka, contents } from './bare.ts';
import { receiver } from './receiver.ts';
import { inOrder, newOrganisation, sendAll, signals } from './signals.ts';
import { topicOf } from '../topic.ts';
import { always } from '../../src/test/always.ts';

/** A broker of the spec's own. */
export interface Killable {
  readonly brokers: readonly string[];
  /** SIGKILL, and ready again when it settles. */
  restart(): Promise<void>;
}

/**
 * Sends and follows so many signals while the broker is killed so many times, at even distances; neither waits for it. Expects that nothing is
 * lost, that what is there twice bears the same id, and that each effect happens once and in the order of its key.
 */
export async function survivesKills({ brokers, restart }: Killable, count: number, kills: number): Promise<void> {
  const organisation = newOrganisation();
  const topic = topicOf(organisation) ?? '';
  const all = signals(organisation, count, 30);
  const log: string[] = [];
  const channel = kafkaChannel({
    brokers,
    source: '/hub',
    create: { partitions: 3, replication: 1 },
    requestTimeout: 3_000,
    log: ({ code }) => log.push(code),
  });
  const ours = receiver({ brokers, topic, requestTimeout: 3_000, sessionTimeout: 2_000, backOff: () => 200 });
  try {
    await channel.send({ organisation }, all.slice(0, 50), always);
    ours.follow();
    const failed = new Set<string>();
    const send = async (batch: typeof all) => {
      const sent = await channel.send({ organisation }, batch, always);
      for (const each of sent) if (each.kind === 'retry') failed.add(each.code);
      return sent;
    };
    let restarted = Promise.resolve();
    let killed = 0;
    const between = async (left: number) => {
      if (killed === kills || left > count - (count * (killed + 1)) / (kills + 1)) return;
      killed += 1;
      restarted = restarted.then(restart);
    };
    await sendAll(send, all.slice(50), { batch: 50, between });
    await restarted;
    await ours.until(count);
    expect(failed.size).toBeGreaterThan(0);
    expect(ours.effects()).toHaveLength(count);
    expect(inOrder(ours.effects())).toBe(true);
    expect(ours.faults()).toEqual([]);
    const stored = await contents(bareKafka(brokers), topic);
    expect(new Set(stored.map(({ headers }) => headers['ce_id'])).size).toBe(count);
    const sent = new Map(all.map(({ id, ask }) => [id, ask]));
    const asked = stored.map(({ value }) => (JSON.parse(value ?? '{}') as { readonly ask: string }).ask);
    expect(asked).toEqual(stored.map(({ headers }) => sent.get(headers['ce_id'] ?? '')));
    expect(log).not.toContain('other');
  } finally {
    await ours.close();
    await channel.close();
  }
}
