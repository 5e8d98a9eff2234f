import { type ChildId, type Clock, type OrganisationId } from '#kernel';
import { childStream, encodeRecord, type ChildEvent } from '#contracts';
import type { Database, SqlSession } from '#database';
import { AppendInDoubt, WrongExpectedRevision, type EventLog, type LoggedEvent, type LogToken } from '#event-log';
import { changeOf, childOfStream, fold, recordsIn, revisionOf, revisionsOf, type ChildChange } from './fold.ts';
import type { Links } from './links.ts';
import { textOf } from './texts.ts';

/** Where an act of the hub comes from, for the record. */
export interface Meta {
  readonly correlationId: string;
  readonly causationId?: string;
}

/** Taken by whoever deletes or writes rows that must not outlive their record. */
export const ERASING = 'erasing';

const HUB = 'hub' as OrganisationId;
/** So often an append is in doubt, or refused while nothing new is there to read, before it is given up. */
const MOST_TRIES = 5;

/** The streams `child-<childId>`: what is said on them is in the tables before anybody is told. */
export class ChildStreams {
  readonly #database: Database;
  readonly #log: EventLog;
  readonly #clock: Clock;
  readonly #links: Links;

  constructor(database: Database, log: EventLog, clock: Clock, links: Links) {
    this.#database = database;
    this.#log = log;
    this.#clock = clock;
    this.#links = links;
  }

  /**
   * Appends an event and takes it in, if it is `wanted` by the tables when they have everything that the stream says; else false. The revision
   * that the tables have is expected, so that nobody decides on less. `first` where nobody but us can know the child yet.
   */
  async say(
    child: ChildId,
    event: Pick<ChildEvent, 'type' | 'data'>,
    meta: Meta,
    wanted: () => Promise<boolean>,
    first = false,
  ): Promise<boolean> {
    for (let [fresh, tries] = [first, 0]; ; fresh = false) {
      const last = fresh ? -1 : await revisionOf(this.#database, child);
      if (!fresh && !(await wanted())) return false;
      try {
        await this.#append(child, last, event, meta);
      } catch (error) {
        const doubt = error instanceof AppendInDoubt;
        if (!doubt && !(error instanceof WrongExpectedRevision)) throw error;
        await this.#bringUp(child);
        const gained = (await revisionOf(this.#database, child)) > last;
        if ((doubt || !gained) && (tries += 1) > MOST_TRIES) throw error;
        continue;
      }
      if (!(await this.#take([{ child, revision: last + 1, ...event }]))) await this.#bringUp(child);
      return true;
    }
  }

  /** Takes in events of the family that somebody read, where the tables don't have them; false where they all had been there. */
  async learn(events: readonly LoggedEvent[]): Promise<boolean> {
    const last = new Map(events.map((event) => [childOfStream(event), event.revision]));
    const there = await revisionsOf(this.#database, [...last.keys()]);
    let behind = false;
    for (const [child, revision] of last) {
      if ((there.get(child) ?? -1) >= revision) continue;
      behind = true;
      await this.#bringUp(child);
    }
    return behind;
  }

  /** Reads what the log has gained since anybody did, in turn with others who do. */
  async catchUp(): Promise<void> {
    const log = this.#log;
    const head = await log.head();
    const after = await this.#placeIn(this.#database);
    for await (const batch of log.readAll({ families: ['child'], after })) {
      const last = batch.at(-1);
      if (last === undefined || (await this.#take(batch.map(changeOf), last.token))) continue;
      // A server that was put back to an earlier state has lost what lies before our place too.
      for (const child of new Set(batch.map(childOfStream))) await this.#bringUp(child);
      await this.#take([], last.token);
    }
    // Links are few among facts: without this, every start would read on from the last of them.
    if (head !== null && (after === null || log.compare(after, head) < 0)) await this.#take([], head);
    await this.#links.lookForSplits();
  }

  async #append(child: ChildId, last: number, event: Pick<ChildEvent, 'type' | 'data'>, meta: Meta): Promise<void> {
    const stream = childStream(child);
    const record = encodeRecord({
      format: 1,
      stream,
      revision: last + 1,
      type: event.type,
      recordedAt: this.#clock.now(),
      by: HUB,
      correlationId: meta.correlationId,
      ...(meta.causationId === undefined ? {} : { causationId: meta.causationId }),
      data: event.data,
    });
    await this.#log.append(stream, last < 0 ? 'none' : last, [record]);
  }

  /** Reads what the tables don't have of a child's stream. */
  async #bringUp(child: ChildId): Promise<void> {
    for (let last = await revisionOf(this.#database, child); ;) {
      const events = await this.#log.readStream(childStream(child), { from: last + 1 });
      if (events.length === 0) return;
      if (!(await this.#take(events.map(changeOf)))) throw new Error('IDENTITY_STREAM_HAS_A_GAP');
      last = await revisionOf(this.#database, child);
    }
  }

  /** False where the tables lack something before. With `token`, everything up to it was read: then that is remembered. */
  #take(changes: readonly ChildChange[], token?: LogToken): Promise<boolean> {
    const locks = [
      ...(token === undefined ? [] : ['catch-up']),
      ...(changes.some(({ type }) => type === 'record.erased.v1') ? [ERASING] : []),
    ];
    const work = async (session: SqlSession): Promise<boolean> => {
      const place = token === undefined ? null : await this.#placeIn(session);
      // Somebody else has read this meanwhile.
      if (token !== undefined && place !== null && this.#log.compare(place, token) >= 0) return true;
      const whole = await fold(session, changes);
      if (whole && token !== undefined) await moveTo(session, token);
      return whole;
    };
    const splits = changes.some(({ type }) => type === 'record.split.v1');
    return this.#links.whileFolding(changes.flatMap(recordsIn), splits, () =>
      // The power that takes the last moments of a file takes this process too, which reads on from its place at its next start. A server
      // may lose them alone, and nobody would notice.
      this.#links.alone ? this.#database.relaxed(work, locks) : this.#database.transaction(work, locks),
    );
  }

  /** How far the log was read. A place in the log that this one is a copy of says nothing here: then it is read again, which changes nothing. */
  async #placeIn(session: SqlSession): Promise<LogToken | null> {
    const row = await session.get('select token from progress where one = 1');
    if (row === undefined) return null;
    const token = textOf(row, 'token') as LogToken;
    try {
      return this.#log.compare(token, token) === 0 ? token : null;
    } catch (error) {
      if (error instanceof TypeError) return null;
      throw error;
    }
  }
}

async function moveTo(session: SqlSession, token: LogToken): Promise<void> {
  const text = 'insert into progress (one, token) values (1, ?) on conflict (one) do update set token = excluded.token';
  await session.run(text, token);
}
