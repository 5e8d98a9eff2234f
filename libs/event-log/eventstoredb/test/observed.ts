import {
  binaryEvent,
  EventStoreDBClient,
  jsonEvent,
  type AllStreamSubscription,
  type AppendResult,
  type AppendToStreamOptions,
  type EventData,
  type StreamSubscription,
} from '@eventstore/db-client';

/** What a scenario came to, as the recordings write it. */
export type Observed = { readonly ok: unknown } | { readonly error: unknown };

/** Runs something and writes down what came of it. */
export async function observed(action: () => Promise<unknown>): Promise<Observed> {
  try {
    return { ok: await action() };
  } catch (error) {
    return { error: describeError(error) };
  }
}

const FIELDS = ['streamName', 'expectedVersion', 'actualVersion', 'maxAppendSize', 'code'] as const;

/** A client's error as the recordings write it. */
export function describeError(error: unknown): Record<string, unknown> {
  const { type, message, ...rest } = error as { readonly type?: string; readonly message: string };
  const found: Record<string, unknown> = { class: (error as object).constructor.name, message };
  if (type !== undefined) found['type'] = type;
  const values: Readonly<Record<string, unknown>> = rest;
  for (const field of FIELDS) {
    const value = values[field];
    if (value !== undefined) found[field] = typeof value === 'bigint' ? Number(value) : value;
  }
  return found;
}

/** A client without credentials: what it appends goes through the duplex call. */
export function clientAt(port: number): EventStoreDBClient {
  return new EventStoreDBClient({ endpoint: `127.0.0.1:${port}`, throwOnAppendFailure: true }, { insecure: true });
}

/** Events with ids that are known by a letter. */
export class Letters {
  readonly #ids = new Map<string, string>();

  /** The same letter is the same id. */
  event(letter: string, body: unknown = letter): EventData {
    const id = this.#ids.get(letter) ?? crypto.randomUUID();
    this.#ids.set(letter, id);
    return jsonEvent({ id, type: 'probe.v1', data: { body }, metadata: { k: 1 } });
  }

  /** The letter of an id. */
  of(id: string | undefined): string | undefined {
    return [...this.#ids].find(([, each]) => each === id)?.[0];
  }
}

/** A binary event with a new id. */
export const bytes = (data: Uint8Array, type = 'probe.binary.v1'): EventData =>
  binaryEvent({ id: crypto.randomUUID(), type, data, metadata: { k: 1 } });

/** The answer to an append as the recordings write it. */
export function asRecorded({ success, nextExpectedRevision, position }: AppendResult): Record<string, unknown> {
  return { success, nextExpectedRevision: Number(nextExpectedRevision), hasPosition: position !== undefined };
}

/** Appends, and writes down the answer. */
export async function append(
  client: EventStoreDBClient,
  stream: string,
  events: EventData[],
  options: AppendToStreamOptions,
): Promise<Record<string, unknown>> {
  return asRecorded(await client.appendToStream(stream, events, options));
}

/** Everything a stream gives. */
export async function all<Item>(source: AsyncIterable<Item>): Promise<Item[]> {
  const items: Item[] = [];
  for await (const item of source) items.push(item);
  return items;
}

/** What arrives on a subscription, in order, until `until` says that it is enough or it fails. */
export function arrivals(
  subscription: StreamSubscription | AllStreamSubscription,
  until: (seen: readonly unknown[]) => boolean,
): Promise<unknown[]> {
  return new Promise((resolve) => {
    const seen: unknown[] = [];
    const saw = (what: unknown): void => {
      seen.push(what);
      if (until(seen)) resolve([...seen]);
    };
    subscription.on('confirmation', () => saw('confirmation'));
    subscription.on('caughtUp', () => saw('caughtUp'));
    subscription.on('data', ({ event }: { event?: { revision: bigint } }) => saw(`event ${Number(event?.revision)}`));
    subscription.on('end', () => saw('end'));
    subscription.on('error', (error: Error) => {
      seen.push({ error: describeError(error) });
      resolve(seen);
    });
  });
}
