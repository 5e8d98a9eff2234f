import type { ServerWritableStream } from '@grpc/grpc-js';
import type { ReadReq, ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import { caughtUpAnswer, checkpointAnswer, confirmationAnswer, eventAnswer, fellBehindAnswer } from './answers.ts';
import type { Drop } from './faults.ts';
import { filterOf } from './filter.ts';
import type { DoubleParts } from './parts.ts';
import { nameOf } from './requests.ts';
import { Gone, send } from './send.ts';
import { asCallError, notReady, streamDeleted, timedOut } from './status.ts';

/** A call that is answered by a stream of messages. */
export type ReadCall = ServerWritableStream<ReadReq, ReadResp>;

/** The server reads so many events at a time, and tells of its place after so many that it let through or not. */
const PAGE = 32;
/** What a stream's subscription waits before it looks again for a stream that is not there, in milliseconds. */
const LOOK_AGAIN_MS = 50;

/** The subscriptions that are open. */
export class Subscriptions {
  readonly #open = new Set<Subscription>();

  /** How many there are. */
  get size(): number {
    return this.#open.size;
  }

  /** Lets all of them go. */
  drop(how: Drop): void {
    for (const each of this.#open) each.drop(how);
  }

  /** Runs one until its reader goes, it is dropped, or it fails. */
  async run(call: ReadCall, work: (subscription: Subscription) => Promise<void>): Promise<void> {
    const subscription = new Subscription(call);
    this.#open.add(subscription);
    try {
      await work(subscription);
    } catch (error) {
      if (!(error instanceof Gone)) call.emit('error', asCallError(error));
    } finally {
      this.#open.delete(subscription);
    }
  }
}

/** One of them: what it has sent, and how it is woken. */
class Subscription {
  readonly #call: ReadCall;
  #silent = false;
  #wake: () => void = () => undefined;

  constructor(call: ReadCall) {
    this.#call = call;
    for (const over of ['cancelled', 'close']) call.once(over, () => this.#wake());
  }

  get gone(): boolean {
    return this.#call.cancelled || this.#call.destroyed || this.#call.writableEnded;
  }

  async send(message: Parameters<ReadCall['write']>[0]): Promise<void> {
    if (this.gone) throw new Gone();
    if (!this.#silent) await send(this.#call, message);
  }

  drop(how: Drop): void {
    this.#silent = true;
    if (how === 'end') this.#call.end();
    else if (how === 'error') this.#call.emit('error', notReady());
    else if (how === 'too-slow') {
      const words = 'Consumer too slow to handle event while live. Client resubscription required.';
      this.#call.emit('error', timedOut(words));
    }
    this.#wake();
  }

  /** Until something is committed, or the reader has gone. */
  async news(parts: DoubleParts): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.#wake = () => resolve(undefined);
    const forget = parts.store.onCommit(this.#wake);
    if (this.gone) resolve(undefined);
    await promise;
    forget();
    if (this.gone) throw new Gone();
  }
}

/** A subscription to the log: catches up page by page, tells how far it is, then goes on live. */
export async function subscribeToAll(
  parts: DoubleParts,
  subscriptions: Subscriptions,
  call: ReadCall,
  options: ReadReq.Options,
): Promise<void> {
  const { store, faults } = parts;
  const filter = filterOf(options);
  const filtered = options.hasFilter();
  const interval = PAGE * Math.max(1, options.getFilter()?.getCheckpointintervalmultiplier() ?? 1);
  const from = options.getAll();
  const after = from?.getPosition();
  await subscriptions.run(call, async (subscription) => {
    await subscription.send(confirmationAnswer(crypto.randomUUID()));
    if (faults.silent) subscription.drop('silence');
    /** The last event or checkpoint sent: (commit, prepare). */
    let sent: readonly [number, number] = [-1, -1];
    let [next, considered] = [0, 0];
    if (after !== undefined) {
      sent = [Number(after.getCommitPosition()), Number(after.getPreparePosition())];
      next = sent[0];
      if (faults.leavesOneOut) {
        const [first] = store.all(next, 1, false);
        next = first === undefined ? next : first.position + 1;
      }
    }
    if (from?.hasEnd() === true) {
      next = store.end;
      sent = [next, -1];
    }
    const checkpoint = async (place: readonly [number, number]): Promise<void> => {
      if (!filtered) return;
      if (isAfter(place, sent)) sent = place;
      if (sent[0] >= 0) await subscription.send(checkpointAnswer(sent[0], Math.max(0, sent[1])));
    };
    for (let live = false; ;) {
      const start = next;
      const page = store.all(next, PAGE, false);
      const ends = page.length < PAGE;
      if (live && page.length === 0) {
        await subscription.news(parts);
        continue;
      }
      if (live && !ends) {
        live = false;
        await subscription.send(fellBehindAnswer());
        await checkpoint(sent);
      }
      for (const event of page) {
        next = event.position + 1;
        considered += 1;
        const place = [event.position, event.position] as const;
        if (filter(event) && !faults.blindTo(event.stream) && isAfter(place, sent)) {
          await subscription.send(eventAnswer(event));
          parts.tally.sent += 1;
          sent = place;
        } else if (live && considered >= interval) {
          considered = 0;
          await checkpoint(place);
        }
      }
      if (live) continue;
      // The server names the beginning of the page it looked at, which stands before a record: its prepare position is 0.
      if (ends || considered >= interval) {
        considered %= interval;
        await checkpoint([start, 0]);
      }
      if (!ends) continue;
      live = true;
      if (!faults.withoutCaughtUp) await subscription.send(caughtUpAnswer());
    }
  });
}

function isAfter([commit, prepare]: readonly [number, number], than: readonly [number, number]): boolean {
  return commit > than[0] || (commit === than[0] && prepare > than[1]);
}

/** A subscription to one stream, also to one that is not there yet. */
export async function subscribeToStream(
  parts: DoubleParts,
  subscriptions: Subscriptions,
  call: ReadCall,
  options: ReadReq.Options.StreamOptions,
): Promise<void> {
  const { store } = parts;
  const stream = nameOf(options.getStreamIdentifier());
  await subscriptions.run(call, async (subscription) => {
    let next = options.hasRevision() ? Number(options.getRevision()) + 1 : 0;
    if (options.hasEnd()) next = store.tail(stream) + 1;
    let [confirmed, caughtUp] = [false, false];
    for (;;) {
      const page = store.stream(stream, next, PAGE, false);
      if (page === 'deleted') throw streamDeleted(stream);
      if (!confirmed) await subscription.send(confirmationAnswer(crypto.randomUUID()));
      confirmed = true;
      if (page === 'no-stream') {
        await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
        if (subscription.gone) throw new Gone();
        continue;
      }
      for (const event of page) {
        await subscription.send(eventAnswer(event));
        next = event.revision + 1;
      }
      if (page.length === PAGE) continue;
      if (!caughtUp) await subscription.send(caughtUpAnswer());
      caughtUp = true;
      await subscription.news(parts);
    }
  });
}
