import type { Family } from '#contracts';
import type { LoggedEvent, ReadAll, SubscriptionBatch } from '../src/port.ts';
import type { Connection } from './connection.ts';
import { SubscriptionDropped } from './errors.ts';
import { isWanted, toLogged, type PlacedEvent } from './events.ts';
import { anchorAt, Feed, type FeedItem } from './feed.ts';
import type { Pulse } from './pulse.ts';
import type { Reader } from './read.ts';
import { comparePositions, positionOf, tokenAt, type Position } from './token.ts';

/** How subscriptions wait, in milliseconds. */
export interface SubscribeLimits {
  /** After the last event, until the reader is told that it caught up. */
  readonly quietMs: number;
  /** Between two looks at how far the log goes, while nothing comes. */
  readonly idleMs: number;
  /** Until a subscription that does not bring what is in the log counts as dropped. */
  readonly silentMs: number;
}

/** What a subscription runs on. */
export interface SubscribeParts {
  readonly connection: Connection;
  readonly reader: Reader;
  readonly pulse: Pulse;
  readonly limits: SubscribeLimits;
  /** True once the log is closed. */
  readonly closed: () => boolean;
  /** Hears how to wake the subscription, and at its end that this is over. */
  readonly onOpen: (wake: () => void) => () => void;
}

/** While it catches up, a batch that is not full waits for more so long, in milliseconds. */
const LINGER_MS = 5;
/** Events looked at at a time behind the server's last checkpoint. */
const PAGE = 64;

/**
 * Catches up, then live, until `signal` aborts or the log is closed. Throws where the server lets it go, ends it, or falls silent.
 *
 * Tokens are handed out only where an event stands, or where the server looked past a place (catch-up checkpoints name the place at which
 * the looking began, so the last of them may lie where nothing is yet: it is held back). The server names no place when a reader caught up
 * and none while fewer than 32 foreign events came: so the log behind the last place is read and looked at, which also finds out a
 * subscription that brings nothing any more.
 */
export async function* subscribe(
  parts: SubscribeParts,
  read: ReadAll & { readonly signal: AbortSignal },
): AsyncGenerator<SubscriptionBatch, void, undefined> {
  const stopped = () => read.signal.aborted || parts.closed();
  if (stopped()) return;
  const after = positionOf(read.after);
  const anchor = await anchorAt(parts.reader, after);
  const feed = new Feed(parts.connection, read.families, anchor.from);
  const wake = () => feed.nudge();
  const forget = parts.onOpen(wake);
  read.signal.addEventListener('abort', wake);
  try {
    const state = new Reading(parts, read, anchor.between === undefined ? anchor.from : after);
    if (anchor.between !== undefined) state.took({ kind: 'event', ...anchor.between });
    while (!stopped()) {
      const item = feed.take();
      if (item !== undefined) {
        state.took(item);
        if (state.isFull) yield state.batch();
        continue;
      }
      if (feed.ended) throw new SubscriptionDropped('the server ended the subscription');
      if (state.hasEvents) {
        // Live, what came is handed on at once.
        if (state.live || !(await feed.wait(LINGER_MS))) yield state.batch();
        continue;
      }
      // Who hears nothing is woken when the log goes further without it.
      const leave = state.isIdle ? parts.pulse.onceFurther(wake) : undefined;
      const came = await feed.wait(state.patience);
      leave?.();
      if (came) continue;
      const caughtUp = await state.quiet();
      if (caughtUp !== undefined && !stopped()) yield caughtUp;
    }
  } finally {
    read.signal.removeEventListener('abort', wake);
    forget();
    feed.close();
  }
}

/** How far one subscription is. */
class Reading {
  readonly #parts: SubscribeParts;
  readonly #wanted: ReadonlySet<Family>;
  readonly #most: number;
  #events: LoggedEvent[] = [];
  /** Everything up to here was handed out or is of no interest. */
  #place: Position | undefined;
  /** The place that the reader was told last: a checkpoint moves ours without a word. */
  #told: Position | undefined;
  #held: Position | undefined;
  /** When the reader is to hear that it caught up; undefined where it has. */
  #owedAt: number | undefined;
  #missedSince: number | undefined;
  live = false;

  constructor(parts: SubscribeParts, { families, batch = 500 }: ReadAll, place: Position | undefined) {
    this.#parts = parts;
    this.#wanted = new Set(families);
    this.#most = batch;
    this.#place = place;
    this.#told = place;
  }

  get hasEvents(): boolean {
    return this.#events.length > 0;
  }

  get isFull(): boolean {
    return this.#events.length >= this.#most;
  }

  /** True where the reader knows how far the log is, and the log goes no further, as far as is known. */
  get isIdle(): boolean {
    return this.live && this.#owedAt === undefined && !this.#parts.pulse.isBeyond(this.#place);
  }

  /** How long to wait for the next item before `quiet` is asked, in milliseconds. */
  get patience(): number {
    const { silentMs, quietMs, idleMs } = this.#parts.limits;
    if (!this.live) return silentMs;
    if (this.isIdle) return idleMs;
    this.#owedAt ??= performance.now() + quietMs;
    return Math.max(0, this.#owedAt - performance.now());
  }

  /** Takes what came on the feed. */
  took(item: FeedItem): void {
    this.#missedSince = undefined;
    switch (item.kind) {
      case 'event':
        this.#tookEvent(item);
        break;
      case 'checkpoint':
        this.#advance(this.#held);
        // Live, a checkpoint is the place of the event that was looked at last.
        if (item.position.commit === item.position.prepare) this.#advance(item.position);
        else this.#held = item.position;
        break;
      case 'caught-up':
        this.live = true;
        this.#held = undefined;
        this.#owedAt = performance.now();
        break;
      case 'fell-behind':
        this.live = false;
        break;
      case 'confirmed':
        break;
    }
  }

  /** What was taken since the last batch. */
  batch(): SubscriptionBatch {
    const events = this.#events;
    const token = events.at(-1)?.token ?? tokenAt(this.#place ?? { commit: 0n, prepare: 0n });
    this.#events = [];
    this.#told = positionOf(token);
    return { kind: 'events', events, token };
  }

  /** Nothing has come for a while: finds out whether that is because there is nothing. Throws where it is not. */
  async quiet(): Promise<SubscriptionBatch | undefined> {
    const { pulse, limits } = this.#parts;
    if (!this.live) throw new SubscriptionDropped('nothing came while catching up');
    const untold = comparePositions(this.#place, this.#told) > 0;
    if (this.#owedAt === undefined && !untold && !pulse.isBeyond(this.#place)) {
      await pulse.ask(limits.idleMs);
      if (!pulse.isBeyond(this.#place)) return undefined;
    }
    const looked = await this.#lookFurther();
    if (looked === 'missed') {
      this.#missed();
      return undefined;
    }
    this.#missedSince = undefined;
    this.#owedAt = undefined;
    this.#told = this.#place;
    return { kind: 'caught-up', token: this.#place === undefined ? null : tokenAt(this.#place) };
  }

  #tookEvent(event: PlacedEvent): void {
    this.#held = undefined;
    if (comparePositions(event.position, this.#place) <= 0) return;
    this.#place = event.position;
    if (!isWanted(event, this.#wanted)) return;
    this.#events.push(toLogged(event));
    this.#owedAt = performance.now() + this.#parts.limits.quietMs;
  }

  #advance(place: Position | undefined): void {
    if (comparePositions(place, this.#place) > 0) this.#place = place;
    this.#held = undefined;
  }

  /** Looks at everything behind the last place, and moves it there unless something for this reader is among it. */
  async #lookFurther(): Promise<'missed' | 'nothing'> {
    for (;;) {
      const page = await this.#parts.reader.forward(this.#place, PAGE, 0);
      const next = page.filter(({ position }) => comparePositions(position, this.#place) > 0);
      const missed = next.findIndex((each) => isWanted(each, this.#wanted));
      const looked = missed < 0 ? next : next.slice(0, missed);
      this.#advance(looked.at(-1)?.position);
      if (missed >= 0) return 'missed';
      if (page.length < PAGE) return 'nothing';
    }
  }

  /** Something for this reader is in the log and has not come: on its way, or the subscription is dead. */
  #missed(): void {
    const now = performance.now();
    this.#missedSince ??= now;
    if (now - this.#missedSince >= this.#parts.limits.silentMs) {
      throw new SubscriptionDropped('the subscription brings nothing any more');
    }
    this.#owedAt = now + this.#parts.limits.quietMs;
  }
}
