import type { Connection } from './connection.ts';
import { isPassing, typeOf } from './errors.ts';
import { Feed } from './feed.ts';
import { patiently } from './patience.ts';
import type { Reader } from './read.ts';
import { EventStoreUnusable, type UnusableReason } from './url.ts';

/** How long to wait at start, in milliseconds. */
export interface StartLimits {
  /** For a server that is not there or not ready yet. */
  readonly startMs: number;
}

/** A subscription that begins at the end of the log is caught up at once, where the server says so at all; in milliseconds. */
const CAUGHT_UP_MS = 5000;

const TLS = /certificate|self.signed|altnames|SSL|TLS|EPROTO|wrong version number|packet length/i;
const NOT_READY = /not ready/i;

const ADVICE: Readonly<Record<Exclude<UnusableReason, 'address'>, string>> = {
  unreachable:
    'nothing answers there; look at the address, and at whether TLS is right (a server without it needs tls=false)',
  'not-ready': 'the server answers that it is not ready; look at its log, and at whether its cluster has a leader',
  tls: 'no TLS connection can be made; name the authority of its certificate with tlsCaFile, or give tls=false for a server without TLS',
  credentials:
    'the server refuses the user, or lets it not read $all; give one that may (an administrator, or $all opened by its access list)',
  version: 'the server does not say when a reader has caught up; EventStoreDB 23.10, KurrentDB or later is needed',
};

/** Finds out whether the server can be used, so that a start says what is wrong. Throws {@link EventStoreUnusable}. */
export async function checkServer(
  parts: { readonly connection: Connection; readonly reader: Reader; readonly limits: StartLimits },
  where: string,
): Promise<void> {
  const { reader, limits } = parts;
  try {
    await patiently(
      limits.startMs,
      () => reader.end(0),
      (error) => isTls(error),
    );
    await patiently(limits.startMs, () => saysCaughtUp(parts));
  } catch (error) {
    if (error instanceof EventStoreUnusable) throw new EventStoreUnusable(error.reason, `${where}: ${error.message}`);
    const reason = reasonOf(error);
    if (reason === undefined) throw error;
    throw new EventStoreUnusable(reason, `${where}: ${ADVICE[reason]}`);
  }
}

/** The number of a server's version says nothing (one built from source calls itself 1.0.0): what it does is looked at. */
async function saysCaughtUp({ connection, reader }: Parameters<typeof checkServer>[0]): Promise<void> {
  const feed = new Feed(connection, ['registry'], await reader.end(0));
  try {
    for (;;) {
      const item = feed.take();
      if (item?.kind === 'caught-up') return;
      if (item !== undefined) continue;
      if (feed.ended || !(await feed.wait(CAUGHT_UP_MS))) throw new EventStoreUnusable('version', ADVICE.version);
    }
  } finally {
    feed.close();
  }
}

function reasonOf(error: unknown): Exclude<UnusableReason, 'address' | 'version'> | undefined {
  const causes = causesOf(error);
  if (causes.some((each) => typeOf(each) === 'access-denied' || codeOf(each) === 7 || codeOf(each) === 16)) {
    return 'credentials';
  }
  if (isTls(error)) return 'tls';
  if (causes.some((each) => each instanceof Error && NOT_READY.test(each.message))) return 'not-ready';
  return causes.some(isPassing) ? 'unreachable' : undefined;
}

function isTls(error: unknown): boolean {
  return causesOf(error).some((each) => each instanceof Error && TLS.test(each.message));
}

function causesOf(error: unknown): readonly unknown[] {
  return error instanceof Error && error.cause !== undefined ? [error, ...causesOf(error.cause)] : [error];
}

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}
