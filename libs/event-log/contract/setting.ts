import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach } from '@jest/globals';
import type { EncodedRecord, Family } from '#contracts';
import { namedUuid } from '#kernel';
import type { EventLog, LoggedEvent, LogToken } from '../src/port.ts';

/** A log under test. */
export interface LogUnderTest {
  readonly log: EventLog;
  /** Where the backend keeps what it was given. */
  readonly reopen?: () => Promise<EventLog>;
  readonly close: () => Promise<void>;
  /** True for a server that holds other events already: each test then keeps to its own streams, behind what was there. */
  readonly shared?: boolean;
}

/** What each test of the contract works with. */
export interface Setting {
  readonly log: () => EventLog;
  readonly under: () => LogUnderTest;
  /** The head when the test began: reads of the whole log begin after it. */
  readonly start: () => LogToken | null;
  /** A stream of this test: the same name gives the same stream. */
  readonly stream: (family: Family, name: string) => string;
  /** An event of this test; its id stands for the name, not for the bytes. */
  readonly event: (name: string, body?: string) => EncodedRecord;
}

/** Opens a log for each test and closes it afterwards. */
export function settingOf(open: () => Promise<LogUnderTest>): Setting {
  let under: LogUnderTest | undefined;
  let start: LogToken | null = null;
  let run = '';
  const opened = (): LogUnderTest => {
    if (under === undefined) throw new Error('only inside a test');
    return under;
  };
  beforeEach(async () => {
    under = await open();
    start = await under.log.head();
    run = randomUUID().slice(0, 8);
  });
  afterEach(() => opened().close());
  return {
    log: () => opened().log,
    under: opened,
    start: () => start,
    stream: (family, name) => `${family}-${run}-${name}`,
    event: (name, body = name) => ({
      id: namedUuid('contract', run, name),
      type: 'tested.v1',
      data: Buffer.from(body),
    }),
  };
}

/** The ids of events. */
export function ids(events: readonly { readonly id: string }[]): string[] {
  return events.map(({ id }) => id);
}

/** Everything that a reading gives. */
export async function collected(batches: AsyncIterable<readonly LoggedEvent[]>): Promise<readonly LoggedEvent[]> {
  const all: LoggedEvent[] = [];
  for await (const batch of batches) all.push(...batch);
  return all;
}
