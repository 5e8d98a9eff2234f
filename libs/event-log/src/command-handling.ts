import { setTimeout as wait } from 'node:timers/promises';
import type { Instant, OrganisationId, Outcome } from '#kernel';
import { fail, ok } from '#kernel';
import { decodeRecord, encodeRecord, type EncodedRecord, type StoredRecord } from '#contracts';
import { commandName, heard } from './observed-log.ts';
import {
  AppendInDoubt,
  WrongExpectedRevision,
  type Appended,
  type EventLog,
  type LoggedEvent,
  type LogToken,
} from './port.ts';

/** An aggregate as functions over plain data: what happened is folded, what is asked is decided (habits 1-5). */
export interface Decider<
  Command,
  State,
  Event extends { readonly type: string },
  Change extends { readonly type: string; readonly data: object },
  Rejection,
> {
  readonly initialState: State;
  readonly evolve: (state: State, event: Event) => State;
  /** No changes: nothing happened, an ordinary answer. */
  readonly decide: (command: Command, state: State) => Outcome<readonly Change[], Rejection>;
}

/** When, by whom and why: arguments, never looked up in a domain. */
export interface CommandMeta {
  readonly at: Instant;
  readonly by: OrganisationId;
  readonly correlationId: string;
  readonly causationId?: string;
}

/** What a handled command left behind. */
export interface Handled<State> {
  readonly state: State;
  /** Revision of the stream afterwards; -1 where it has no events. */
  readonly revision: number;
  /** How many events the command made; 0 where nothing happened. */
  readonly changes: number;
  readonly token: LogToken | null;
}

/** Every event of a stream as stored records, with the revision of the last. */
export async function readWholeStream(log: EventLog, stream: string, from = 0): Promise<readonly LoggedEvent[]> {
  const all: LoggedEvent[] = [];
  for (;;) {
    const page = await log.readStream(stream, { from: from + all.length, limit: 1000 });
    all.push(...page);
    if (page.length < 1000) return all;
  }
}

/** Fills in the envelope of changes for their places in a stream. */
export function encodeChanges(
  stream: string,
  after: number,
  changes: readonly { readonly type: string; readonly data: object }[],
  meta: CommandMeta,
): readonly EncodedRecord[] {
  return changes.map(({ type, data }, at) =>
    encodeRecord({
      format: 1,
      stream,
      revision: after + 1 + at,
      type,
      recordedAt: meta.at,
      by: meta.by,
      correlationId: meta.correlationId,
      ...(meta.causationId === undefined ? {} : { causationId: meta.causationId }),
      data,
    }),
  );
}

/** How often and after which pauses an append in doubt is repeated. */
export interface Repeats {
  /** Default 5. */
  readonly tries?: number;
  /** Default: 100 ms, doubling (a server that was away takes a second or two). */
  readonly sleep?: (attempt: number) => Promise<unknown>;
}

/** Appends, and where nobody knows whether it was stored, repeats the same bytes until somebody does. */
export async function appendSurely(
  log: EventLog,
  stream: string,
  after: number,
  events: readonly EncodedRecord[],
  { tries = 5, sleep = (attempt) => wait(50 * 2 ** attempt) }: Repeats = {},
): Promise<Appended> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await log.append(stream, after < 0 ? 'none' : after, events);
    } catch (error) {
      if (!(error instanceof AppendInDoubt) || attempt === tries) throw error;
      await sleep(attempt);
    }
  }
}

/** What {@link handleCommand} is given. */
interface Handling<
  Command,
  State,
  Event extends { readonly type: string },
  Change extends { readonly type: string; readonly data: object },
  Rejection,
> {
  readonly log: EventLog;
  readonly stream: string;
  readonly decider: Decider<Command, State, Event, Change, Rejection>;
  readonly command: Command;
  readonly meta: CommandMeta;
}

/** Reads, folds, decides, appends with the revision just read; decides again only where somebody was first (three tries). */
export async function handleCommand<
  Command,
  State,
  Event extends StoredRecord<string, never> | { readonly type: string },
  Change extends { readonly type: string; readonly data: object },
  Rejection,
>(options: Handling<Command, State, Event, Change, Rejection>): Promise<Outcome<Handled<State>, Rejection>> {
  const { log, stream, command } = options;
  return heard(
    log,
    commandName(stream, command),
    ({ changes }) => changes > 0,
    () => decideAndAppend(options),
  );
}

async function decideAndAppend<
  Command,
  State,
  Event extends StoredRecord<string, never> | { readonly type: string },
  Change extends { readonly type: string; readonly data: object },
  Rejection,
>({
  log,
  stream,
  decider,
  command,
  meta,
}: Handling<Command, State, Event, Change, Rejection>): Promise<Outcome<Handled<State>, Rejection>> {
  for (let attempt = 1; ; attempt++) {
    const events = await readWholeStream(log, stream);
    const state = events.reduce(
      (folded, event) => decider.evolve(folded, decodeRecord(event.data) as unknown as Event),
      decider.initialState,
    );
    const decided = decider.decide(command, state);
    if (!decided.ok) return fail(decided.error);
    const revision = events.length - 1;
    if (decided.value.length === 0) return ok({ state, revision, changes: 0, token: events.at(-1)?.token ?? null });
    const encoded = encodeChanges(stream, revision, decided.value, meta);
    try {
      const appended = await appendSurely(log, stream, revision, encoded);
      const next = encoded.reduce(
        (folded, event) => decider.evolve(folded, decodeRecord(event.data) as unknown as Event),
        state,
      );
      return ok({ state: next, revision: appended.revision, changes: encoded.length, token: appended.token });
    } catch (error) {
      if (!(error instanceof WrongExpectedRevision) || attempt === 3) throw error;
    }
  }
}
