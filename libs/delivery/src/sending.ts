import { epochMs, toInstant, type Clock, type Instant } from '#kernel';
import type { Disclose } from '#sharing';
import { decideSignal } from './deciding.ts';
import type { Outbox, OutboxRow, Settled } from './outbox/outbox.ts';
import type { ChildOfFact, Subscribed } from './taking.ts';
import type { Sent, Signal } from './port.ts';
import { NOT_TRIED, retryAt } from './retry.ts';

/** Signals of one subscription on their way out, in order; one `Sent` each. Opens what the channel needs of the subscription. */
export type SendTo = (subscription: Subscribed, signals: readonly Signal[]) => Promise<readonly Sent[]>;

/** The signal that something became of: ids and codes of ours, nothing of whom it is about or what an answer said. */
export interface SettledSignal {
  readonly id: string;
  readonly correlationId: string;
  readonly code?: string;
}
/** Heard of by whoever counts and logs. Must not throw. */
export type OnSettled = (channel: string, outcome: Settled['state'], about: SettledSignal) => void;

/** What sending works with. */
export interface SendingParts {
  readonly outbox: Outbox;
  readonly disclose: Disclose;
  readonly childOfFact: ChildOfFact;
  readonly send: SendTo;
  /** The address that answers for a signal. */
  readonly ask: (id: string) => string;
  readonly clock: Clock;
  /** Chance in [0, 1), so that what failed together does not come back together. */
  readonly spread: () => number;
  /** The receiver wants nothing more (410): switch the subscription off. */
  readonly gone: (subscription: Subscribed) => Promise<void>;
  readonly onSettled?: OnSettled;
  /** Runs the work on one signal within the trace of what caused it, which its correlation id carries. */
  readonly within?: <T>(correlationId: string, work: () => T) => T;
}

/** So many signals are decided and sent at a time, of all subscriptions together. */
const MOST = 200;
/** So many are decided at once; each stores a look. */
const AT_ONCE = 32;

/** What waits for something that moves, or behind something that failed, is looked at again so much later, in milliseconds. */
const A_MOMENT = 1_000;
/** A subscription that failed rests no longer than this, in milliseconds. */
const MOST_REST = 60_000;

/**
 * Sends what is due, subscription by subscription, each signal decided a moment before: decide, look, send, settle. Killed anywhere it begins
 * again with the same ids.
 */
export class Sender {
  readonly #parts: SendingParts;
  /** Subscriptions whose last attempt failed rest until then; one signal finds out whether they answer again, before looks are stored for many. */
  readonly #rests = new Map<string, Instant>();

  constructor(parts: SendingParts) {
    this.#parts = parts;
  }

  /** Answers how many were due; 0 where nothing was. */
  async sendDue(subscriptions: readonly Subscribed[]): Promise<number> {
    const now = this.#parts.clock.now();
    const on = subscriptions.filter(
      ({ status, subscription }) => status === 'on' && (this.#rests.get(subscription) ?? now) <= now,
    );
    const ids = on.map(({ subscription }) => subscription);
    const rows = await this.#parts.outbox.due(ids, now, MOST);
    const bySubscription = Map.groupBy(rows, ({ subscription }) => subscription);
    // Side by side: a receiver that answers slowly holds up itself.
    await Promise.all(
      on.map(async (subscription) => {
        const waiting = bySubscription.get(subscription.subscription);
        if (waiting !== undefined) await this.#sendTo(subscription, waiting);
      }),
    );
    return rows.length;
  }

  async #sendTo(subscription: Subscribed, rows: readonly OutboxRow[]): Promise<void> {
    const { outbox, onSettled, gone, send } = this.#parts;
    const { leaving, settled } = await this.#decided(
      subscription,
      this.#rests.has(subscription.subscription) ? rows.slice(0, 1) : rows,
    );
    const signals = leaving.map((row) => this.#signalOf(row));
    const sent = signals.length === 0 ? [] : await send(subscription, signals);
    settled.push(...this.#outcomes(leaving, sent));
    if (sent.some(({ kind }) => kind === 'retry')) this.#rest(subscription, settled);
    else if (sent.length > 0) this.#rests.delete(subscription.subscription);
    await outbox.settle(settled);
    const correlations = new Map(rows.map(({ id, correlationId }) => [id, correlationId]));
    for (const { id, state, code } of settled) {
      const about = { id, correlationId: correlations.get(id) ?? id, ...(code === undefined ? {} : { code }) };
      onSettled?.(subscription.channel, state, about);
    }
    if (sent.some(({ kind }) => kind === 'gone')) await gone(subscription);
  }

  /** Until the first that failed is due again, but never long: what one signal meets another need not. */
  #rest({ subscription }: Subscribed, settled: readonly Settled[]): void {
    const most = toInstant(epochMs(this.#parts.clock.now()) + MOST_REST);
    const due = settled.flatMap((each) => (each.state === 'waiting' && each.tried === 1 ? [each.dueAt] : []));
    this.#rests.set(
      subscription,
      due.reduce((first, each) => (each < first ? each : first), most),
    );
  }

  /** What may leave now, and what became of the rest. */
  async #decided(subscription: Subscribed, rows: readonly OutboxRow[]) {
    const settled: Settled[] = [];
    const leaving: OutboxRow[] = [];
    // Keys of which one has to wait: what stands behind it waits too.
    const held = new Set<string>();
    for (let from = 0; from < rows.length; from += AT_ONCE) {
      const some = rows.slice(from, from + AT_ONCE);
      const rulings = await Promise.all(some.map((row) => this.#decide(subscription, row)));
      for (const [at, row] of some.entries()) {
        const ruling = held.has(row.key) ? 'again' : rulings[at];
        if (ruling === 'send') leaving.push(row);
        else if (ruling === 'withhold') settled.push({ id: row.id, state: 'withheld', at: this.#parts.clock.now() });
        else {
          held.add(row.key);
          settled.push(this.#later(row, 'decision-moved'));
        }
      }
    }
    return { leaving, settled };
  }

  async #decide({ channel }: Subscribed, row: OutboxRow): ReturnType<typeof decideSignal> {
    const { disclose, childOfFact, within } = this.#parts;
    const decide = async () => decideSignal(disclose, row, await childOfFact(row.fact, row.record), channel);
    return within === undefined ? decide() : within(row.correlationId, decide);
  }

  #signalOf({ id, organisation, key, kind, category, time }: OutboxRow): Signal {
    return { id, organisation, key, kind, category, time, ask: this.#parts.ask(id) };
  }

  /** What an attempt made of each row. What was not tried waits for what failed. */
  #outcomes(rows: readonly OutboxRow[], sent: readonly Sent[]): readonly Settled[] {
    return rows.flatMap((row, at) => this.#outcome(row, sent[at] ?? NOT_TRIED) ?? []);
  }

  #outcome(row: OutboxRow, sent: Sent): Settled | undefined {
    const { clock, spread } = this.#parts;
    const { id } = row;
    const now = clock.now();
    switch (sent.kind) {
      case 'sent':
        return { id, state: 'sent', at: now };
      case 'refused':
        return { id, state: 'dead', at: now, code: sent.code };
      case 'gone':
        // Its subscription is switched off: it waits for the day that is switched on again.
        return undefined;
      case 'retry': {
        if (sent.code === NOT_TRIED.code) return this.#later(row, sent.code);
        const dueAt = retryAt(row.attempts + 1, now, spread(), sent.afterMs);
        return dueAt === undefined
          ? { id, state: 'dead', at: now, code: sent.code }
          : { id, state: 'waiting', dueAt, code: sent.code, tried: 1 };
      }
    }
  }

  #later({ id }: OutboxRow, code: string): Settled {
    const dueAt = toInstant(epochMs(this.#parts.clock.now()) + A_MOMENT);
    return { id, state: 'waiting', dueAt, code, tried: 0 };
  }
}
