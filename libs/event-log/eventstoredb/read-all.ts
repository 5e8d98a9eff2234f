import type { Family } from '#contracts';
import { LogUnavailable, type LoggedEvent, type ReadAll } from '../src/port.ts';
import type { Connection } from './connection.ts';
import { isPassing, SubscriptionDropped, TokenBeyondLog } from './errors.ts';
import { isWanted, toLogged, type PlacedEvent } from './events.ts';
import { anchorAt, Feed } from './feed.ts';
import { unavailable, type Reader } from './read.ts';
import { comparePositions, positionOf, type Position } from './token.ts';

/** What reading a part of the log may take. */
export interface ReadAllLimits {
  /** Without anything from the server, in milliseconds. */
  readonly silentMs: number;
  /** Pause before going on after a drop, in milliseconds; so many drops in a row without an event end the reading. */
  readonly pauseMs: number;
  readonly drops: number;
}

/** Events read at a time behind the server's last checkpoint. */
const PAGE = 256;

/**
 * The events of the families up to the end of the log of this moment. The client's `readAll` has no filter, so this is the catching-up part
 * of a filtered subscription. That the server calls itself caught up proves nothing where it is a node that lags; so what is left between
 * the last place it named and the end is read and looked at here. A drop on the way goes on after the last event.
 */
export async function* readAll(
  parts: { readonly connection: Connection; readonly reader: Reader; readonly limits: ReadAllLimits },
  read: ReadAll,
): AsyncGenerator<readonly LoggedEvent[], void, undefined> {
  const { reader, limits } = parts;
  let after = positionOf(read.after);
  const end = await reader.end();
  const batch = read.batch ?? 500;
  let drops = 0;
  while (end !== undefined && comparePositions(after, end) < 0) {
    try {
      for await (const events of upTo(parts, read.families, after, end, batch)) {
        const last = events.at(-1);
        if (last === undefined) continue;
        drops = 0;
        yield events.map(toLogged);
        after = last.position;
      }
      return;
    } catch (error) {
      drops += 1;
      if (!mayGoOn(error) || drops > limits.drops) throw mayGoOn(error) ? unavailable(error) : error;
      await new Promise((resolve) => setTimeout(resolve, limits.pauseMs * drops));
    }
  }
}

function mayGoOn(error: unknown): boolean {
  return error instanceof SubscriptionDropped || error instanceof TokenBeyondLog || isPassing(error);
}

async function* upTo(
  { connection, reader, limits }: Parameters<typeof readAll>[0],
  families: readonly Family[],
  after: Position | undefined,
  end: Position,
  batch: number,
): AsyncGenerator<readonly PlacedEvent[], void, undefined> {
  const wanted = new Set(families);
  const anchor = await anchorAt(reader, after);
  let events = anchor.between !== undefined && isWanted(anchor.between, wanted) ? [anchor.between] : [];
  let looked = anchor.from;
  const feed = new Feed(connection, families, anchor.from);
  try {
    for (let over = false; !over;) {
      const item = feed.take();
      if (item === undefined) {
        if (feed.ended) throw new SubscriptionDropped('the server ended the subscription');
        if (!(await feed.wait(limits.silentMs))) throw new SubscriptionDropped('nothing came while catching up');
        continue;
      }
      over = item.kind === 'caught-up';
      if (item.kind !== 'event' && item.kind !== 'checkpoint') continue;
      over = comparePositions(item.position, end) >= 0;
      if (item.kind === 'event' && isWanted(item, wanted) && comparePositions(item.position, end) <= 0) {
        events.push(item);
      }
      // A checkpoint may repeat an earlier place.
      if (comparePositions(item.position, looked) > 0) looked = item.position;
      if (events.length < batch) continue;
      yield events;
      events = [];
    }
  } finally {
    feed.close();
  }
  for await (const rest of restUpTo(reader, looked, end)) {
    events.push(...rest.filter((each) => isWanted(each, wanted)));
    for (; events.length >= batch; events = events.slice(batch)) yield events.slice(0, batch);
  }
  if (events.length > 0) yield events;
}

/** Everything after a place up to the end, looked at in pages. Throws where this node has not got that far. */
async function* restUpTo(
  reader: Reader,
  from: Position | undefined,
  end: Position,
): AsyncGenerator<readonly PlacedEvent[], void, undefined> {
  let looked = from;
  while (comparePositions(looked, end) < 0) {
    const page = await reader.forward(looked, PAGE);
    const next = page.filter(({ position }) => comparePositions(position, looked) > 0);
    const last = next.at(-1);
    if (last === undefined) throw new LogUnavailable('the node that answers has not got the whole log');
    looked = last.position;
    yield next.filter(({ position }) => comparePositions(position, end) <= 0);
  }
}
