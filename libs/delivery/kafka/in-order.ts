import type { MayLeave, Sent, Signal } from '../src/port.ts';
import { NOT_TRIED } from '../src/retry.ts';
import type { Trouble } from './errors.ts';
import type { OutgoingRecord } from './message.ts';

/** What one batch may hold; far below the 1 MiB that a broker takes unless it is told otherwise. */
export interface BatchLimits {
  readonly records: number;
  readonly bytes: number;
}

/** How long a setting takes to be changed, in milliseconds: longer than a hiccup, and nobody minds the question. */
const SETTINGS_TAKE = 60_000;

interface Item {
  readonly at: number;
  readonly signal: Signal;
  readonly key: string;
  readonly record: OutgoingRecord;
}

/** What handing over is made of. */
export interface InOrderParts {
  readonly encode: (signal: Signal) => OutgoingRecord | { readonly refused: string };
  readonly mayLeave: MayLeave;
  readonly deliver: (records: readonly OutgoingRecord[]) => Promise<Trouble | undefined>;
}

/**
 * Hands signals over in batches, one after the other, and answers one `Sent` each. What can be tried again is the broker's trouble and no
 * signal's: the first of its batch is told, the rest and everything behind have lost no attempt (`not-tried`). What can't be tried again is found
 * by halving its batch, and stops only its key, as does what may not leave by the time its batch does. A batch that failed may have been stored in part: then it is stored again, with
 * the same ids and in the same order.
 */
export async function sendInOrder(
  signals: readonly Signal[],
  { encode, mayLeave, deliver }: InOrderParts,
  limits: BatchLimits,
): Promise<readonly Sent[]> {
  const sent: Sent[] = signals.map(() => NOT_TRIED);
  const blocked = new Set<string>();
  let stopped = false;
  const stop = () => stopped;

  async function flush(items: readonly Item[]): Promise<void> {
    const free = stopped ? [] : await leaving(items);
    const [first] = free;
    if (first === undefined) return;
    const trouble = await deliver(free.map(({ record }) => record));
    if (trouble === undefined) for (const { at } of free) sent[at] = { kind: 'sent' };
    else if (trouble.again) {
      sent[first.at] = laterOf(trouble);
      stopped = true;
    } else if (free.length === 1) {
      sent[first.at] = { kind: 'refused', code: trouble.code };
      blocked.add(first.key);
    } else {
      const half = Math.ceil(free.length / 2);
      await flush(free.slice(0, half));
      await flush(free.slice(half));
    }
  }

  async function leaving(items: readonly Item[]): Promise<readonly Item[]> {
    const may = await Promise.all(items.map(({ signal }) => mayLeave(signal)));
    return items.filter(({ at, key }, place) => {
      if (blocked.has(key)) return false;
      if (may[place] === true) return true;
      sent[at] = { kind: 'held' };
      blocked.add(key);
      return false;
    });
  }

  let batch: Item[] = [];
  let bytes = 0;
  for (const [at, signal] of signals.entries()) {
    const record = encode(signal);
    const size = 'refused' in record ? 0 : sizeOf(record);
    // What is refused waits for what stands before it, as everything of its key does.
    if ('refused' in record || batch.length === limits.records || (batch.length > 0 && bytes + size > limits.bytes)) {
      await flush(batch);
      [batch, bytes] = [[], 0];
    }
    if (stop()) break;
    if (blocked.has(signal.key)) continue;
    if ('refused' in record) {
      sent[at] = { kind: 'refused', code: record.refused };
      blocked.add(signal.key);
      continue;
    }
    batch.push({ at, signal, key: signal.key, record });
    bytes += size;
  }
  await flush(batch);
  return sent;
}

function laterOf({ code, settings }: Trouble): Sent {
  return { kind: 'retry', code, ...(settings === true && { afterMs: SETTINGS_TAKE }) };
}

/** Bytes on the wire, generously: lengths and frames of a record and its headers are a few bytes each. */
function sizeOf({ key, value, headers }: OutgoingRecord): number {
  let size = 64 + key.length + Buffer.byteLength(value);
  for (const [name, text] of Object.entries(headers)) size += 8 + name.length + text.length;
  return size;
}
