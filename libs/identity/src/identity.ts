import { randomUuid, type Chance, type ChildId, type Clock, type FactId, type Outcome } from '#kernel';
import type { OrganisationId, RecordId } from '#kernel';
import type { RecordErased, RecordUnlinked, SubjectIdentity } from '#contracts';
import type { Database } from '#database';
import { openSqliteDatabase } from '#database/sqlite';
import type { EventLog, LoggedEvent } from '#event-log';
import { ChildStreams, type Meta } from './child-streams.ts';
import { Links } from './links.ts';
import { Matching, type LookUpHashes } from './matching.ts';
import { Moves } from './moves.ts';
import type { IdentityDirectory, Match, MatchRefusal, ResolvedRecord } from './port.ts';
import { localHash, Records } from './records.ts';
import { ShelfTable, type Shelf } from './shelf.ts';
import { SubmissionTable, type Submissions } from './submissions.ts';
import { IDENTITY_STORE } from './tables.ts';

/** What identity is made of. */
export interface IdentityOptions {
  /** Where the tables are, opened with `IDENTITY_STORE`; whoever opened it closes it. */
  readonly database: Database;
  readonly log: EventLog;
  readonly vault: LookUpHashes;
  readonly chance: Chance;
  readonly clock: Clock;
}

/** The same, or with `path`: a SQLite file of this process alone (or `:memory:`), which goes with it. */
export type OpenIdentityOptions = IdentityOptions | (Omit<IdentityOptions, 'database'> & { readonly path: string });

const RECOVERY: Meta = { correlationId: 'identity-recovery' };

/** Opens the tables, reads the links that the log has gained and finishes what a crash left half made. */
export async function openIdentity(options: OpenIdentityOptions): Promise<Identity> {
  if ('database' in options) return caughtUp(new Identity(options));
  const database = await openSqliteDatabase({ path: options.path, store: IDENTITY_STORE });
  return caughtUp(new Identity({ ...options, database }, () => database.close()));
}

async function caughtUp(identity: Identity): Promise<Identity> {
  try {
    await identity.catchUp();
    return identity;
  } catch (error) {
    await identity.close();
    throw error;
  }
}

/** Source records, their matching and their links (design §3.1); any number of processes on one database and one log. */
export class Identity implements IdentityDirectory {
  readonly #options: IdentityOptions;
  readonly #closed: () => Promise<void>;
  readonly #records: Records;
  readonly #links: Links;
  readonly #streams: ChildStreams;
  readonly #moves: Moves;
  readonly #matching: Matching;
  readonly #submissions: SubmissionTable;
  readonly shelf: Shelf;

  constructor(options: IdentityOptions, closed = () => Promise.resolve()) {
    const { database, log, vault, chance, clock } = options;
    this.#options = options;
    this.#closed = closed;
    this.#records = new Records(database);
    this.#links = new Links(database);
    this.#streams = new ChildStreams(database, log, clock, this.#links);
    this.#moves = new Moves(this.#streams, this.#links, this.#records, chance);
    this.#matching = new Matching({ vault, chance, records: this.#records, links: this.#links, moves: this.#moves });
    this.#submissions = new SubmissionTable(database);
    this.shelf = new ShelfTable(database);
  }

  get submissions(): Submissions {
    return this.#submissions;
  }

  childOf(record: RecordId): Promise<ChildId | undefined> {
    return this.#links.childOf(record);
  }

  childrenOf(records: readonly RecordId[]): Promise<ReadonlyMap<RecordId, ChildId>> {
    return this.#links.childrenOf(records);
  }

  recordsOf(child: ChildId): ReturnType<IdentityDirectory['recordsOf']> {
    return this.#links.recordsOf(child);
  }

  recordsOfAll(children: readonly ChildId[]): ReturnType<IdentityDirectory['recordsOfAll']> {
    return this.#links.recordsOfAll(children);
  }

  childOfFact(fact: FactId, record: RecordId): Promise<ChildId | undefined> {
    return this.#links.childOfFact(fact, record);
  }

  lineageOf(child: ChildId): Promise<readonly [ChildId, ...ChildId[]]> {
    return this.#links.lineageOf(child);
  }

  /** Reads links that others appended, and says on the log what was decided or begun and interrupted; what another process has in hand is done once all the same. */
  async catchUp(): Promise<void> {
    await this.#streams.catchUp();
    await this.#finish();
  }

  /**
   * Takes in events of the family `child` that somebody read, where the process that appended them died before it could. Whoever follows
   * the log hands them over before it asks anything of their records.
   */
  async learn(events: readonly LoggedEvent[]): Promise<void> {
    // Alone, nobody else appends, and a start catches up.
    if (this.#links.alone || events.length === 0) return;
    const behind = await this.#streams.learn(events);
    const moves = events.some(({ type }) => type === 'record.unlinked.v1' || type === 'record.split.v1');
    if (behind || moves) await this.#moves.finish(RECOVERY);
  }

  /**
   * The record an organisation's person is, made and linked where it is new; durable when it answers. Deterministic: (organisation, own id)
   * first, then the rule of `rule.ts`, else a new child. What a person must look at is a refusal, never a guess.
   */
  resolve(
    organisation: OrganisationId,
    subject: SubjectIdentity,
    meta: Meta,
  ): Promise<Outcome<ResolvedRecord, MatchRefusal>> {
    return this.#matching.resolve(organisation, subject, meta);
  }

  /** Which child somebody would be, for looking up: makes and changes nothing. */
  match(subject: Omit<SubjectIdentity, 'localId'>): Promise<Match> {
    return this.#matching.match(subject);
  }

  /** Undoes a link: the record goes to a child of its own, or to the one given. Answers with that child. */
  unlink(
    record: RecordId,
    because: RecordUnlinked['because'],
    meta: Meta,
    to: ChildId = randomUuid(this.#options.chance) as ChildId,
  ): Promise<ChildId> {
    return this.#moves.unlink(record, because, meta, to);
  }

  /** Says that these facts of a record are another person's: a new record of the same organisation, under a child of its own. */
  split(
    record: RecordId,
    facts: readonly FactId[],
    meta: Meta,
  ): Promise<{ readonly to: ChildId; readonly toRecord: RecordId }> {
    return this.#moves.split(record, facts, meta);
  }

  /** Deletes what these tables know of a record. With `erased`, says so on the child's stream first; the keys are the vault's affair. */
  async eraseRecord(
    record: RecordId,
    erased?: Pick<RecordErased, 'ground' | 'keysDestroyed'> & { readonly meta: Meta },
  ): Promise<void> {
    await this.#submissions.flush();
    if (erased !== undefined) await this.#moves.erased(record, erased, erased.meta);
    await this.#records.erase(record);
    this.#links.forget(record);
    this.#matching.forget();
  }

  /** What the erasure ledger keeps of a record: a keyed hash of the organisation's own id, so that a late fact finds it. */
  suppressionOf(record: RecordId): Promise<string | undefined> {
    return this.#records.localHashOf(record);
  }

  /** The record of (organisation, own id), where there is one. */
  async recordOf(organisation: OrganisationId, localId: string): Promise<RecordId | undefined> {
    const local = localHash(this.#options.vault, organisation, localId);
    return (await this.#records.find(organisation, local))?.recordId;
  }

  /** Writes what waits. */
  async close(): Promise<void> {
    try {
      await this.#submissions.flush();
    } finally {
      await this.#closed();
    }
  }

  async #finish(): Promise<void> {
    await this.#moves.finish(RECOVERY);
    for (const record of await this.#records.unfinished()) await this.#moves.settle(record, RECOVERY);
  }
}
