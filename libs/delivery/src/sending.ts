import { epochMs, toInstant, type ChildId, type Clock, type FactId, type Instant, type OrganisationId } from '#kernel';
import type { Disclose } from '#sharing';
import { decideSignal, type StillMayTell } from './deciding.ts';
import type { Outbox, OutboxRow, Settled } from './outbox/outbox.ts';
import type { ChildOfFact, Subscribed } from './taking.ts';
import type { MayLeave, Sent, Signal } from './port.ts';
import { NOT_TRIED, retryAt } from './retry.ts';
import type { StandingFact } from './standing.ts';

/** Signals of one subscription on their way out, in order; one `Sent` each. Opens what the channel needs of the subscription. */
export type SendTo = (
  subscription: Subscribed,
  signals: readonly Signal[],
  mayLeave: MayLeave,
) => Promise<readonly Sent[]>;

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
  readonly stillMayTell: StillMayTell;
  readonly childOfFact: ChildOfFact;
  /** Where the fact stands now; see `standingFact`. */
  readonly standing: (fact: FactId) => Promise<StandingFact>;
  /** The organisation's pseudonym of a child. */
  readonly keyOf: (organisation: OrganisationId, child: ChildId) => string;
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

/** So many signals of a subscription are decided and sent at a time. */
const MOST = 32;
/** So many are decided at once; each stores a look. */
const AT_ONCE = 32;

/** What came of a decision, and the key that the signal belongs to by now. */
interface Decided {
  readonly key: string;
  readonly ruling: Awaited<ReturnType<typeof decideSignal>>;
}

/** What waits for something that moves, or behind something that failed, is looked at again so much later, in milliseconds. */
const A_MOMENT = 1_000;
/** A subscription that failed rests no longer than this, in milliseconds. */
const MOST_REST = 60_000;

/**
 * Sends what is due to a subscription: decide, look, see as each leaves that the decision still holds, send, settle. Killed anywhere it begins again with
 * the same ids. One call for a subscription at a time.
 */
export class Sender {
  readonly #parts: SendingParts;
  /** Subscriptions whose last attempt failed rest until then; one signal finds out whether they answer again, before looks are stored for many. */
  readonly #rests = new Map<string, Instant>();

  constructor(parts: SendingParts) {
    this.#parts = parts;
  }

  /** Answers how many were due; 0 where nothing was, and while the subscription rests. */
  async sendDue(subscribed: Subscribed): Promise<number> {
    const { outbox, clock } = this.#parts;
    const { subscription } = subscribed;
    const now = clock.now();
    if ((this.#rests.get(subscription) ?? now) > now) return 0;
    const rows = await outbox.due(subscription, now, this.#rests.has(subscription) ? 1 : MOST);
    if (rows.length > 0) await this.#sendTo(subscribed, rows);
    return rows.length;
  }

  async #sendTo(subscribed: Subscribed, rows: readonly OutboxRow[]): Promise<void> {
    const { outbox, gone, send } = this.#parts;
    const { leaving, settled } = await this.#decided(subscribed, rows);
    const signals = leaving.map((row) => this.#signalOf(row));
    const sent = signals.length === 0 ? [] : await send(subscribed, signals, this.#mayLeave(leaving));
    settled.push(...this.#outcomes(leaving, sent));
    if (sent.some(isFailure)) this.#rest(subscribed, settled);
    // What was held or not tried says nothing of whether they answer.
    else if (sent.some(({ kind }) => kind === 'sent')) this.#rests.delete(subscribed.subscription);
    await outbox.settle(settled);
    this.#tell(subscribed, rows, settled);
    if (sent.some(({ kind }) => kind === 'gone')) await gone(subscribed);
  }

  #tell({ channel }: Subscribed, rows: readonly OutboxRow[], settled: readonly Settled[]): void {
    const { onSettled } = this.#parts;
    if (onSettled === undefined) return;
    const correlations = new Map(rows.map(({ id, correlationId }) => [id, correlationId]));
    for (const each of settled) {
      // What was not tried is no attempt of its own.
      if (each.state === 'waiting' && each.tried === 0) continue;
      const { id, state, code } = each;
      const about = { id, correlationId: correlations.get(id) ?? id, ...(code === undefined ? {} : { code }) };
      onSettled(channel, state, about);
    }
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
      const decided = await Promise.all(some.map((row) => this.#decide(subscription, row)));
      for (const [at, row] of some.entries()) {
        const { key, ruling } = decided[at] ?? { key: row.key, ruling: 'again' };
        if (ruling === 'again' || held.has(key)) {
          held.add(key);
          settled.push(this.#later(row, 'decision-moved'));
        } else if (ruling === 'send') leaving.push(row);
        else settled.push({ id: row.id, state: 'withheld', at: this.#parts.clock.now() });
      }
    }
    return { leaving, settled };
  }

  async #decide({ channel }: Subscribed, row: OutboxRow): Promise<Decided> {
    const { disclose, childOfFact, standing, keyOf, outbox, within = plainly } = this.#parts;
    const child = await childOfFact(row.fact, row.record);
    const key = child === undefined ? row.key : keyOf(row.organisation, child);
    if (key !== row.key) {
      // It belongs to another child since it was taken in, and waits for its turn among that child's signals.
      await outbox.rekey(row.id, key);
      return { key, ruling: 'again' };
    }
    const now = await standing(row.fact);
    const ruling = await within(row.correlationId, () => decideSignal(disclose, row, { child, channel, now }));
    return { key, ruling };
  }

  #mayLeave(rows: readonly OutboxRow[]): MayLeave {
    const byId = new Map(rows.map((row) => [row.id, row]));
    return async ({ id }) => {
      const row = byId.get(id);
      return row !== undefined && (await this.#holds(row).catch(() => false));
    };
  }

  /** Whether it is the same child's still, and may be told. What can't be read now is decided again. */
  async #holds(row: OutboxRow): Promise<boolean> {
    const { stillMayTell, childOfFact, standing, keyOf } = this.#parts;
    const child = await childOfFact(row.fact, row.record);
    if (child === undefined || keyOf(row.organisation, child) !== row.key) return false;
    return stillMayTell(child, row, await standing(row.fact));
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
      case 'held':
        return this.#later(row, 'decision-moved');
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

/** True for an attempt that its receiver failed; what stood behind one was none. */
function isFailure(sent: Sent): boolean {
  return sent.kind === 'retry' && sent.code !== NOT_TRIED.code;
}

const plainly = <T>(_correlationId: string, work: () => T): T => work();
