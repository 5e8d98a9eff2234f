import { afterEach } from '@jest/globals';
import { encodeRecord, type EncodedRecord } from '#contracts';
import type { Instant, OrganisationId } from '#kernel';
import type { EventLog } from '../../src/port.ts';
import { EventStoreDouble, type DoubleOptions } from '../double/index.ts';
import { openEventStoreLog, type EventStoreLogOptions } from '../index.ts';

/** A double with a log opened on it. */
export interface OnDouble {
  readonly double: EventStoreDouble;
  readonly log: EventLog;
}

/** Starts doubles for one test each, and ends them with what was opened. */
export function doubles(): {
  readonly start: (options?: DoubleOptions) => Promise<EventStoreDouble>;
  readonly open: (double: EventStoreDouble, options?: Partial<EventStoreLogOptions>) => Promise<EventLog>;
  readonly both: (options?: Partial<EventStoreLogOptions>) => Promise<OnDouble>;
} {
  const closing: (() => Promise<void> | void)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });
  const start = async (options: DoubleOptions = {}) => {
    const double = await EventStoreDouble.start(options);
    closing.push(() => double.stop());
    return double;
  };
  const open = async (double: EventStoreDouble, options: Partial<EventStoreLogOptions> = {}) => {
    const log = await openEventStoreLog({ url: double.url(), ...options });
    closing.push(() => log.close());
    return log;
  };
  const both = async (options: Partial<EventStoreLogOptions> = {}) => {
    const double = await start();
    return { double, log: await open(double, options) };
  };
  return { start, open, both };
}

/** An event as the hub makes them: its id is made from its bytes. */
export function record(stream: string, revision = 0, words = 'said'): EncodedRecord {
  return encodeRecord({
    format: 1,
    stream,
    revision,
    type: 'tests.happened.v1',
    recordedAt: '2026-09-01T08:00:00.000Z' as Instant,
    by: 'hub' as OrganisationId,
    correlationId: 'test',
    data: { words },
  });
}

/** An event whose id says nothing of its bytes. */
export function named(id: string, body: string): EncodedRecord {
  return { id, type: 'tests.happened.v1', data: Buffer.from(body) };
}

/** Waits until something holds; not for ever, so that a spec that fails ends. */
export async function until(holds: () => boolean, milliseconds = 600_000): Promise<void> {
  const began = performance.now();
  while (!holds()) {
    if (performance.now() - began > milliseconds) throw new Error('it never came to that');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
