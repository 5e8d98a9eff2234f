import type { ChildId, OrganisationId, RecordId } from '#kernel';
import type { LinkReason, SubjectIdentity } from '#contracts';
import type { Database, SqlRow, SqlSession } from '#database';
import type { Vault } from '#vault';
import { ERASING } from './child-streams.ts';
import { deleteRecord } from './fold.ts';
import type { Identifiers } from './subject.ts';
import { textOf, textOrNull } from './texts.ts';

/** How far a record is: the log says where it belongs, or it was decided and the log may not say so yet. */
export type RecordState = 'to-link' | 'linked' | 'to-move';

const STATES: readonly RecordState[] = ['to-link', 'linked', 'to-move'];

/** A source record as the table keeps it. */
export interface SourceRecord {
  readonly recordId: RecordId;
  readonly organisation: OrganisationId;
  /** Where it belongs, or was decided to. */
  readonly child: ChildId;
  /** Of its first link. */
  readonly because: LinkReason;
  readonly state: RecordState;
  readonly hashes: Hashes;
}

/** Keyed hashes of what an organisation says of one person. */
export interface Hashes {
  /** Of everything said, to see at once that nothing is new. */
  readonly said: string;
  readonly nhs: string | null;
  readonly upn: string | null;
  /** Birth date and surname together; null where one is not known. */
  readonly person: string | null;
  readonly birth: string | null;
  readonly given: string | null;
}

/** A record that carries an identifier asked for. */
export interface Candidate {
  readonly kind: 'nhs' | 'upn';
  readonly record: Omit<SourceRecord, 'hashes'> & { readonly hashes: Omit<Hashes, 'nhs' | 'upn'> };
}

/** The look-up hash of an organisation's own id of a person. */
export function localHash(vault: Pick<Vault, 'lookupHash'>, organisation: OrganisationId, localId: string): string {
  return vault.lookupHash('local-id', `${organisation}\n${localId}`);
}

/** The hash of everything said, as submitted. */
export function saidHash(vault: Pick<Vault, 'lookupHash'>, subject: SubjectIdentity): string {
  const { nhsNumber, upn, surname, givenName, birthDate } = subject;
  return vault.lookupHash('said', JSON.stringify([nhsNumber, upn, surname, givenName, birthDate]));
}

/** The hashes that matching compares. */
export function hashesOf(vault: Pick<Vault, 'lookupHash'>, said: string, known: Identifiers): Hashes {
  const { nhsNumber, upn, birthDate, surname, givenName } = known;
  return {
    said,
    nhs: nhsNumber === undefined ? null : vault.lookupHash('nhs-number', nhsNumber),
    upn: upn === undefined ? null : vault.lookupHash('upn', upn),
    person:
      birthDate === undefined || surname === undefined
        ? null
        : vault.lookupHash('birth-date-surname', `${birthDate}\n${surname}`),
    birth: birthDate === undefined ? null : vault.lookupHash('birth-date', birthDate),
    given: givenName === undefined ? null : vault.lookupHash('given-name', givenName),
  };
}

const WHERE_NOW = `case when s.linked = 1 then coalesce(l.child_id, m.to_child, s.child_id) else s.child_id end as now_child`;
const PLACES = `left join link l on l.record_id = s.record_id left join moving m on m.record_id = s.record_id`;

/** The table of source records and that of their identifiers. */
export class Records {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Decides something of whoever carries these numbers, in turn with everybody who decides of one of them: what is decided is in the tables
   * before the next is asked. `keeps`: on disk too.
   */
  deciding<T>(
    numbers: readonly Pick<Hashes, 'nhs' | 'upn'>[],
    keeps: boolean,
    work: (session: SqlSession) => Promise<T>,
  ): Promise<T> {
    const locks = numbers.flatMap(({ nhs, upn }) => [
      ...(nhs === null ? [] : [`nhs ${nhs}`]),
      ...(upn === null ? [] : [`upn ${upn}`]),
    ]);
    return keeps ? this.#database.transaction(work, locks) : this.#database.relaxed(work, locks);
  }

  /** The look-up hash of a record's own id; undefined for an unknown record. */
  async localHashOf(record: RecordId): Promise<string | undefined> {
    const row = await this.#database.get('select local_hash from source_record where record_id = ?', record);
    return row && textOf(row, 'local_hash');
  }

  /** The record of (organisation, its own id). */
  async find(
    organisation: OrganisationId,
    local: string,
    session: SqlSession = this.#database,
  ): Promise<SourceRecord | undefined> {
    const row = await session.get(
      `select s.*, n.hash as nhs_hash, u.hash as upn_hash, ${WHERE_NOW} from source_record s
       left join identifier n on n.record_id = s.record_id and n.kind = 'nhs'
       left join identifier u on u.record_id = s.record_id and u.kind = 'upn' ${PLACES}
       where s.organisation = ? and s.local_hash = ?`,
      organisation,
      local,
    );
    return row && sourceRecord(row);
  }

  /** The child of a record of which the same was said last; undefined where it is not so any more. */
  async saysStill(record: RecordId, said: string): Promise<ChildId | undefined> {
    const row = await this.#database.get(
      `select l.child_id from source_record s join link l on l.record_id = s.record_id
       where s.record_id = ? and s.linked = 1 and s.said_hash = ?`,
      record,
      said,
    );
    return row && (textOf(row, 'child_id') as ChildId);
  }

  /** Records of which the log may not say yet what was decided. */
  async unfinished(): Promise<readonly SourceRecord[]> {
    const rows = await this.#database.all('select s.*, s.child_id as now_child from source_record s where linked <> 1');
    return rows.map(sourceRecord);
  }

  /** Undefined for an unknown or erased record. */
  async stateOf(record: RecordId): Promise<RecordState | undefined> {
    const row = await this.#database.get('select linked from source_record where record_id = ?', record);
    return row && STATES[Number(row['linked'])];
  }

  /** Records that carry one of the numbers. */
  async carrying(
    { nhs, upn }: Pick<Hashes, 'nhs' | 'upn'>,
    session: SqlSession = this.#database,
  ): Promise<readonly Candidate[]> {
    if (nhs === null && upn === null) return [];
    const rows = await session.all(
      `select i.kind, s.*, ${WHERE_NOW} from identifier i join source_record s on s.record_id = i.record_id ${PLACES}
       where (i.kind = 'nhs' and i.hash = ?) or (i.kind = 'upn' and i.hash = ?) order by i.kind, i.record_id`,
      nhs,
      upn,
    );
    return rows.map((row) => ({ kind: textOf(row, 'kind') as Candidate['kind'], record: sourceRecord(row) }));
  }

  /** Stores a new record; false where somebody else has stored that of the same own id. */
  async insert(session: SqlSession, record: SourceRecord, local: string): Promise<boolean> {
    const { hashes } = record;
    const inserted = await session.run(
      `insert into source_record (record_id, organisation, local_hash, child_id, because, said_hash, person_hash, birth_hash, given_hash)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (organisation, local_hash) do nothing`,
      record.recordId,
      record.organisation,
      local,
      record.child,
      record.because,
      hashes.said,
      hashes.person,
      hashes.birth,
      hashes.given,
    );
    if (inserted > 0) await carry(session, record.recordId, hashes);
    return inserted > 0;
  }

  /** What an organisation says now of a person it spoke of before; what it leaves out stays known. False where the record is gone. */
  async update(session: SqlSession, recordId: RecordId, hashes: Hashes): Promise<boolean> {
    const updated = await session.run(
      `update source_record set said_hash = ?, person_hash = coalesce(?, person_hash), birth_hash = coalesce(?, birth_hash),
       given_hash = coalesce(?, given_hash) where record_id = ?`,
      hashes.said,
      hashes.person,
      hashes.birth,
      hashes.given,
      recordId,
    );
    if (updated === 0) return false;
    for (const kind of ['nhs', 'upn'] as const) {
      if (hashes[kind] !== null) {
        await session.run('delete from identifier where record_id = ? and kind = ?', recordId, kind);
      }
    }
    await carry(session, recordId, hashes);
    return true;
  }

  /** It was decided that the record belongs to another child. */
  async toMove(session: SqlSession, recordId: RecordId, to: ChildId): Promise<void> {
    await session.run('update source_record set child_id = ?, linked = 2 where record_id = ?', to, recordId);
  }

  /** Nothing is left to do of what was decided, because the record is there. */
  async arrived(recordId: RecordId): Promise<void> {
    await this.#database.relaxed((session) =>
      session.run(
        `update source_record set linked = 1 where record_id = ? and linked = 2
         and exists (select 1 from link where record_id = source_record.record_id and child_id = source_record.child_id)`,
        recordId,
      ),
    );
  }

  /** Deletes everything about a record; nothing of it stays in a file. */
  async erase(recordId: RecordId): Promise<void> {
    await this.#database.transaction((session) => deleteRecord(session, recordId), ERASING);
    await this.#database.forget();
  }
}

async function carry(session: SqlSession, recordId: RecordId, hashes: Hashes): Promise<void> {
  for (const kind of ['nhs', 'upn'] as const) {
    const hash = hashes[kind];
    if (hash === null) continue;
    const text = 'insert into identifier (kind, hash, record_id) values (?, ?, ?) on conflict do nothing';
    await session.run(text, kind, hash, recordId);
  }
}

function sourceRecord(row: SqlRow): SourceRecord {
  return {
    recordId: textOf(row, 'record_id') as RecordId,
    organisation: textOf(row, 'organisation') as OrganisationId,
    child: textOf(row, 'now_child') as ChildId,
    because: textOf(row, 'because') as LinkReason,
    state: STATES[Number(row['linked'])] ?? 'to-link',
    hashes: {
      said: textOf(row, 'said_hash'),
      nhs: textOrNull(row, 'nhs_hash'),
      upn: textOrNull(row, 'upn_hash'),
      person: textOrNull(row, 'person_hash'),
      birth: textOrNull(row, 'birth_hash'),
      given: textOrNull(row, 'given_hash'),
    },
  };
}
