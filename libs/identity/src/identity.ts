import {
  fail,
  ok,
  randomUuid,
  sha256,
  type Chance,
  type ChildId,
  type Clock,
  type FactId,
  type Outcome,
} from '#kernel';
import type { OrganisationId, RecordId } from '#kernel';
import type { ChildEvent, RecordErased, RecordUnlinked, SubjectIdentity } from '#contracts';
import type { EventLog } from '#event-log';
import type { Vault } from '#vault';
import { appendToChild, type Meta } from './append-child.ts';
import { Links } from './links.ts';
import { OneAtATime } from './one-at-a-time.ts';
import type { IdentityDirectory, MatchOutcome, MatchRefusal, ResolvedRecord } from './port.ts';
import { hashesOf, localHash, Records, saidHash, type Hashes, type SourceRecord } from './records.ts';
import { IdentityFile } from './rows.ts';
import { contradicts, ruling, tellsApart, type Candidate } from './rule.ts';
import { ShelfTable, type Shelf } from './shelf.ts';
import { SubmissionTable, type Submissions } from './submissions.ts';
import { identifiersOf } from './subject.ts';
import { SCHEMA } from './tables.ts';

/** What identity is made of. */
export interface IdentityOptions {
  /** `identity.db`, or `:memory:`. */
  readonly path: string;
  readonly log: EventLog;
  readonly vault: Pick<Vault, 'lookupHash' | 'isSuppressed'>;
  readonly chance: Chance;
  readonly clock: Clock;
}

const MOST_RECENT = 20_000;

/** Opens the tables, reads the links that the log has gained and finishes what a crash left half made. */
export async function openIdentity(options: IdentityOptions): Promise<Identity> {
  const identity = new Identity(options);
  await identity.catchUp();
  return identity;
}

/** Source records, their matching and their links (design §3.1). */
export class Identity implements IdentityDirectory {
  readonly #options: IdentityOptions;
  readonly #file: IdentityFile;
  readonly #records: Records;
  readonly #links: Links;
  readonly #submissions: SubmissionTable;
  readonly shelf: Shelf;
  /** Records by a digest of what was last said of them: no key is needed to see that nothing is new. In memory only. */
  readonly #recent = new Map<string, RecordId>();
  readonly #turns = new OneAtATime();

  constructor(options: IdentityOptions) {
    this.#options = options;
    this.#file = new IdentityFile(options.path, SCHEMA);
    this.#records = new Records(this.#file);
    this.#links = new Links(this.#file);
    this.#submissions = new SubmissionTable(this.#file);
    this.shelf = new ShelfTable(this.#file);
  }

  get submissions(): Submissions {
    return this.#submissions;
  }

  childOf(record: RecordId): ChildId | undefined {
    return this.#links.childOf(record);
  }

  recordsOf(child: ChildId): ReturnType<IdentityDirectory['recordsOf']> {
    return this.#links.recordsOf(child);
  }

  childOfFact(fact: FactId, record: RecordId): ChildId | undefined {
    return this.#links.childOf(this.#links.recordOfFact(fact, record));
  }

  lineageOf(child: ChildId): readonly [ChildId, ...ChildId[]] {
    return this.#links.lineageOf(child);
  }

  /** Reads links that others appended, and makes the links of records whose making or moving was interrupted. */
  async catchUp(): Promise<void> {
    await this.#links.catchUp(this.#options.log);
    const meta = { correlationId: 'identity-recovery' };
    await this.#finishMoves(meta);
    for (const record of this.#records.halfMade()) await this.#link(record, meta);
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
    const { vault } = this.#options;
    const words = recentKey(organisation, subject);
    const recent = this.#recent.get(words);
    const now = recent === undefined ? undefined : this.#links.childOf(recent);
    if (recent !== undefined && now !== undefined) {
      return Promise.resolve(ok({ recordId: recent, child: now, created: false }));
    }
    const local = localHash(vault, organisation, subject.localId);
    return this.#turns.run(local, async () => {
      if (await vault.isSuppressed(organisation, local)) return fail({ code: 'RECORD_ERASED', pointer: '/localId' });
      const said = saidHash(vault, subject);
      const known = this.#records.find(organisation, local);
      if (known?.hashes.said === said && known.linked) {
        if (this.#recent.size >= MOST_RECENT) this.#recent.clear();
        this.#recent.set(words, known.recordId);
        return this.#answer(known, false);
      }
      // Whatever is said anew makes what was said last no longer the last.
      if (known !== undefined) this.#recent.clear();
      const identifiers = identifiersOf(subject);
      if (!identifiers.ok) return identifiers;
      const hashes = hashesOf(vault, said, identifiers.value);
      return known === undefined ? this.#make(organisation, local, hashes, meta) : this.#saidAgain(known, hashes, meta);
    });
  }

  /** Which child somebody would be, for looking up: makes and changes nothing. */
  match(subject: Omit<SubjectIdentity, 'localId'>): {
    readonly outcome: MatchOutcome;
    readonly children: readonly ChildId[];
  } {
    const identifiers = identifiersOf({ ...subject, localId: '' });
    if (!identifiers.ok) return { outcome: 'Error', children: [] };
    const hashes = hashesOf(this.#options.vault, '', identifiers.value);
    const found = ruling(hashes, (kind, hash) => this.#candidates(kind, hash));
    switch (found.rule) {
      case 'linked':
        return { outcome: 'Match', children: [found.child] };
      case 'several':
        return { outcome: 'ManyMatch', children: found.children };
      case 'number-only':
      case 'none':
        return { outcome: 'NoMatch', children: [] };
    }
  }

  /** Undoes a link: the record goes to a child of its own, or to the one given. Answers with that child. */
  async unlink(
    record: RecordId,
    because: RecordUnlinked['because'],
    meta: Meta,
    to: ChildId = randomUuid(this.#options.chance) as ChildId,
  ): Promise<ChildId> {
    await this.#finishMoves(meta);
    const { from } = this.#mustBelong(record);
    if (from === to) return to;
    await this.#append(from, { type: 'record.unlinked.v1', data: { recordId: record, to, because } }, meta);
    await this.#finishMoves(meta);
    return to;
  }

  /** Says that these facts of a record are another person's: a new record of the same organisation, under a child of its own. */
  async split(
    record: RecordId,
    facts: readonly FactId[],
    meta: Meta,
  ): Promise<{ readonly to: ChildId; readonly toRecord: RecordId }> {
    await this.#finishMoves(meta);
    const { from } = this.#mustBelong(record);
    const to = randomUuid(this.#options.chance) as ChildId;
    const toRecord = randomUuid(this.#options.chance) as RecordId;
    await this.#append(from, { type: 'record.split.v1', data: { recordId: record, to, toRecord, facts } }, meta);
    await this.#finishMoves(meta);
    return { to, toRecord };
  }

  /** Deletes what these tables know of a record. With `erased`, says so on the child's stream first; the keys are the vault's affair. */
  async eraseRecord(
    record: RecordId,
    erased?: Pick<RecordErased, 'ground' | 'keysDestroyed'> & { readonly meta: Meta },
  ): Promise<void> {
    this.#submissions.flush();
    const child = this.#links.childOf(record);
    const row = child && this.#links.recordsOf(child).find(({ recordId }) => recordId === record);
    if (erased !== undefined && child !== undefined && row !== undefined) {
      const { ground, keysDestroyed, meta } = erased;
      const data: RecordErased = { recordId: record, organisation: row.organisation, ground, keysDestroyed };
      await this.#append(child, { type: 'record.erased.v1', data }, meta);
    }
    this.#recent.clear();
    await this.#records.erase(record);
    this.#links.forget(record);
    this.#recent.clear();
  }

  /** What the erasure ledger keeps of a record: a keyed hash of the organisation's own id, so that a late fact finds it. */
  suppressionOf(record: RecordId): string | undefined {
    return this.#records.localHashOf(record);
  }

  /** The record of (organisation, own id), where there is one. */
  recordOf(organisation: OrganisationId, localId: string): RecordId | undefined {
    return this.#records.find(organisation, localHash(this.#options.vault, organisation, localId))?.recordId;
  }

  close(): void {
    this.#submissions.flush();
    this.#file.close();
  }

  async #make(
    organisation: OrganisationId,
    local: string,
    hashes: Hashes,
    meta: Meta,
  ): Promise<Outcome<ResolvedRecord, MatchRefusal>> {
    // Two facts about a person new to the hub, from two organisations at once, must see each other's record.
    return this.#inTurn(hashes, async () => {
      const found = ruling(hashes, (kind, hash) => this.#candidates(kind, hash));
      const own = (['nhs', 'upn'] as const).flatMap((kind) =>
        hashes[kind] === null ? [] : this.#candidates(kind, hashes[kind]),
      );
      if (tellsApart(organisation, hashes, own)) return fail({ code: 'NUMBER_ON_TWO_CHILDREN', pointer: '/givenName' });
      const record: SourceRecord = {
        recordId: randomUuid(this.#options.chance) as RecordId,
        organisation,
        child: found.rule === 'linked' ? found.child : (randomUuid(this.#options.chance) as ChildId),
        because: found.rule === 'linked' ? found.because : 'new-record',
        linked: false,
        hashes,
      };
      await this.#records.insert(record, local);
      await this.#link(record, meta, record.because === 'new-record' ? -1 : undefined);
      return this.#answer(record, true);
    });
  }

  /** One after another for each number; the NHS number's turn always comes first, so that two never wait for each other. */
  #inTurn<T>({ nhs, upn }: Hashes, work: () => Promise<T>): Promise<T> {
    const byUpn = (): Promise<T> => (upn === null ? work() : this.#turns.run(`upn ${upn}`, work));
    return nhs === null ? byUpn() : this.#turns.run(`nhs ${nhs}`, byUpn);
  }

  async #saidAgain(known: SourceRecord, hashes: Hashes, meta: Meta): Promise<Outcome<ResolvedRecord, MatchRefusal>> {
    if (contradicts(known.hashes, hashes)) return fail({ code: 'NUMBER_ON_TWO_CHILDREN', pointer: '/nhsNumber' });
    if (!known.linked) await this.#link(known, meta);
    if (hashes.said !== known.hashes.said) {
      this.#records.update(known.recordId, hashes);
      await this.#joinLate(known, hashes, meta);
    }
    return this.#answer(known, false);
  }

  /**
   * A record that was nobody known when it was first told of, and is now: it belongs where it would have, had this been said first. Not where
   * it has company or was moved before: what was linked or undone stays so until somebody reviews it.
   */
  async #joinLate({ recordId, organisation }: SourceRecord, hashes: Hashes, meta: Meta): Promise<void> {
    const child = this.#links.childOf(recordId);
    if (child === undefined || this.#links.recordsOf(child).length > 1 || this.#links.lineageOf(child).length > 1)
      return;
    await this.#inTurn(hashes, async () => {
      const others = (kind: 'nhs' | 'upn', hash: string) =>
        this.#candidates(kind, hash).filter(({ record }) => record.recordId !== recordId);
      const found = ruling(hashes, others);
      if (found.rule !== 'linked' || found.child === child) return;
      const there = others('nhs', hashes.nhs ?? '').concat(others('upn', hashes.upn ?? ''));
      if (!tellsApart(organisation, hashes, there)) await this.unlink(recordId, 'matched-later', meta, found.child);
    });
  }

  #answer(record: SourceRecord, created: boolean): Outcome<ResolvedRecord, MatchRefusal> {
    const { recordId } = record;
    return ok({ recordId, child: this.#links.childOf(recordId) ?? record.child, created });
  }

  #candidates(kind: 'nhs' | 'upn', hash: string): readonly Candidate[] {
    return this.#records
      .carrying(kind, hash)
      .map((record) => ({ record, child: this.#links.childOf(record.recordId) ?? record.child }));
  }

  async #link(record: SourceRecord, meta: Meta, revision?: number): Promise<void> {
    const { recordId, organisation, because } = record;
    if (this.#links.childOf(recordId) === undefined) {
      await this.#append(
        record.child,
        { type: 'record.linked.v1', data: { recordId, organisation, because } },
        meta,
        revision,
      );
    }
    this.#records.linked(recordId);
  }

  async #append(
    child: ChildId,
    event: Pick<ChildEvent, 'type' | 'data'>,
    meta: Meta,
    revision?: number,
  ): Promise<void> {
    const { log, clock } = this.#options;
    await appendToChild(log, clock, child, event, meta, revision);
    this.#links.apply(child, event.type, event.data);
  }

  /** Gives every record that was unlinked or split off its new link: now, after an interruption, or before anything else is moved. */
  async #finishMoves(meta: Meta): Promise<void> {
    for (const { recordId, organisation, to } of this.#links.moving()) {
      await this.#append(to, { type: 'record.linked.v1', data: { recordId, organisation, because: 'moved' } }, meta);
    }
  }

  #mustBelong(record: RecordId): { readonly from: ChildId; readonly organisation: OrganisationId } {
    const from = this.#links.childOf(record);
    const row = from && this.#links.recordsOf(from).find(({ recordId }) => recordId === record);
    if (from === undefined || row === undefined) throw new RangeError('RECORD_UNKNOWN');
    return { from, organisation: row.organisation };
  }
}

function recentKey(organisation: OrganisationId, subject: SubjectIdentity): string {
  const { localId, nhsNumber, upn, surname, givenName, birthDate } = subject;
  const said = JSON.stringify([organisation, localId, nhsNumber, upn, surname, givenName, birthDate]);
  return Buffer.from(sha256(said)).toString('base64');
}
