import type { AllStreamResolvedEvent } from '@eventstore/db-client';
import type { Family } from '#contracts';
import type { Connection } from './connection.ts';
import { isPassing, SubscriptionDropped, TokenBeyondLog, typeOf } from './errors.ts';
import { placed, type PlacedEvent } from './events.ts';
import { Inbox } from './inbox.ts';
import type { Reader } from './read.ts';
import { comparePositions, type Position } from './token.ts';

/** What comes on a filtered subscription, in the order the server sent it. */
export type FeedItem =
  | ({ readonly kind: 'event' } & PlacedEvent)
  /** Everything up to here was looked at. */
  | { readonly kind: 'checkpoint'; readonly position: Position }
  /** Confirmed: the server has taken it. */
  | { readonly kind: 'confirmed' }
  | { readonly kind: 'caught-up' }
  | { readonly kind: 'fell-behind' };

/** A filtered subscription from a place on. */
export class Feed {
  readonly #inbox: Inbox<FeedItem | AllStreamResolvedEvent>;

  /**
   * Opens one. The server filters by prefixes, which let more through than the families asked for (`registryX-1` for `registry`): the
   * reader looks at each event again.
   */
  constructor({ client, requiresLeader }: Connection, families: readonly Family[], from: Position | undefined) {
    const subscription = client.subscribeToAll({
      fromPosition: from ?? 'start',
      requiresLeader,
      filter: {
        filterOn: 'streamName',
        prefixes: [...families],
        checkpointInterval: 1,
        // Pushed between the events, because the client tells of it ahead of those that it has not handed out yet.
        checkpointReached: (_, position) => void put({ kind: 'checkpoint', position }),
      },
    });
    const put = (item: FeedItem): boolean => subscription.push(item);
    subscription.on('confirmation', () => put({ kind: 'confirmed' }));
    subscription.on('caughtUp', () => put({ kind: 'caught-up' }));
    subscription.on('fellBehind', () => put({ kind: 'fell-behind' }));
    this.#inbox = new Inbox(subscription);
  }

  /** The next item, undefined where none has come yet. */
  take(): FeedItem | undefined {
    const item = this.#inbox.take();
    if (item === undefined || 'kind' in item) return item;
    return { kind: 'event', ...placed(item) };
  }

  /** True once nothing more comes. Throws {@link SubscriptionDropped} where the server or the way to it is gone, and what it was refused with. */
  get ended(): boolean {
    try {
      return this.#inbox.ended;
    } catch (error) {
      throw isPassing(error) ? new SubscriptionDropped(`let go: ${typeOf(error) ?? 'lost'}`, { cause: error }) : error;
    }
  }

  /** Waits for something to take, at most so many milliseconds; false where the time went by without. */
  wait(milliseconds: number): Promise<boolean> {
    return this.#inbox.wait(milliseconds);
  }

  /** Ends the present `wait`. */
  nudge(): void {
    this.#inbox.nudge();
  }

  /** Ends it. */
  close(): void {
    this.#inbox.close();
  }
}

/** Where a subscription that goes on after a place may begin, and what stands between the two. */
export interface Anchor {
  readonly from: Position | undefined;
  readonly between?: PlacedEvent;
}

/**
 * Finds the event that a subscription can begin after. Up to 23.10.6 the server leaves out the one event at or after the place it is
 * given, whatever it is: where the event of the place is gone (a system event that was scavenged) or the place is a checkpoint, that would
 * be somebody else's. Later servers go live at once from a place beyond the end, and leave out what is written up to it: after a restored
 * backup. So the event there is read, and the subscription begins after what was found. Throws {@link TokenBeyondLog}.
 */
export async function anchorAt(reader: Reader, after: Position | undefined): Promise<Anchor> {
  if (after === undefined) return { from: undefined };
  const [first] = await reader.forward(after, 1);
  if (first === undefined) throw new TokenBeyondLog("the log ends before this reader's place");
  const exact = comparePositions(first.position, after) === 0;
  return exact ? { from: first.position } : { from: first.position, between: first };
}
