import type { ChildId, OrganisationId, RecordId } from '#kernel';
import type { LinkReason, SubjectIdentity } from '#contracts';
import type { Vault } from '#vault';
import type { IdentityFile } from './rows.ts';
import type { Identifiers } from './subject.ts';

/** A source record as the table keeps it. */
export interface SourceRecord {
  readonly recordId: RecordId;
  readonly organisation: OrganisationId;
  /** The child it was made for; where it belongs now, the links say. */
  readonly child: ChildId;
  readonly because: LinkReason;
  /** False until the log has its first link: then making it was interrupted. */
  readonly linked: boolean;
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

/** The table of source records and that of their identifiers. */
export class Records {
  readonly #file: IdentityFile;

  constructor(file: IdentityFile) {
    this.#file = file;
  }

  /** The look-up hash of a record's own id; undefined for an unknown record. */
  localHashOf(record: RecordId): string | undefined {
    const row = this.#file.get('select local_hash from source_record where record_id = ?', record);
    return row === undefined ? undefined : String(row['local_hash']);
  }

  /** The record of (organisation, its own id). */
  find(organisation: OrganisationId, local: string): SourceRecord | undefined {
    const row = this.#file.get(
      'select * from source_record where organisation = ? and local_hash = ?',
      organisation,
      local,
    );
    return row === undefined ? undefined : this.#read(row);
  }

  /** Records whose first link is not known to be in the log. */
  halfMade(): readonly SourceRecord[] {
    return this.#file.all('select * from source_record where linked = 0').map((row) => this.#read(row));
  }

  /** Records that carry the identifier. */
  carrying(kind: 'nhs' | 'upn', hash: string): readonly SourceRecord[] {
    return this.#file
      .all(
        'select s.* from identifier i join source_record s using (record_id) where i.kind = ? and i.hash = ?',
        kind,
        hash,
      )
      .map((row) => this.#read(row));
  }

  /** Stores a new record, on disk when it answers. */
  insert(record: SourceRecord, local: string): Promise<void> {
    const { hashes } = record;
    return this.#file.durable(() => {
      this.#file.run(
        `insert into source_record (record_id, organisation, local_hash, child_id, because, said_hash, person_hash, birth_hash, given_hash)
         values (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
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
      this.#carry(record.recordId, hashes);
    });
  }

  /** What an organisation says now of a person it spoke of before; what it leaves out stays known. */
  update(recordId: RecordId, hashes: Hashes): void {
    this.#file.soon(() => {
      this.#file.run(
        `update source_record set said_hash = ?, person_hash = coalesce(?, person_hash), birth_hash = coalesce(?, birth_hash),
         given_hash = coalesce(?, given_hash) where record_id = ?`,
        hashes.said,
        hashes.person,
        hashes.birth,
        hashes.given,
        recordId,
      );
      for (const kind of ['nhs', 'upn'] as const) {
        if (hashes[kind] !== null) {
          this.#file.run('delete from identifier where record_id = ? and kind = ?', recordId, kind);
        }
      }
      this.#carry(recordId, hashes);
    });
  }

  /** The first link is in the log. */
  linked(recordId: RecordId): void {
    this.#file.soon(() => this.#file.run('update source_record set linked = 1 where record_id = ?', recordId));
  }

  /** Deletes everything about a record; nothing of it stays in the file. */
  async erase(recordId: RecordId): Promise<void> {
    await this.#file.durable(() => {
      for (const table of ['source_record', 'identifier', 'submission', 'link', 'moved', 'moving', 'split_fact']) {
        this.#file.run(`delete from ${table} where record_id = ?`, recordId);
      }
    });
    this.#file.forget();
  }

  #carry(recordId: RecordId, hashes: Hashes): void {
    for (const kind of ['nhs', 'upn'] as const) {
      const hash = hashes[kind];
      if (hash === null) continue;
      this.#file.run('insert or ignore into identifier (kind, hash, record_id) values (?, ?, ?)', kind, hash, recordId);
    }
  }

  #read(row: Readonly<Record<string, unknown>>): SourceRecord {
    const recordId = String(row['record_id']) as RecordId;
    const carried = new Map(
      this.#file
        .all('select kind, hash from identifier where record_id = ?', recordId)
        .map(({ kind, hash }) => [String(kind), String(hash)]),
    );
    return {
      recordId,
      organisation: String(row['organisation']) as OrganisationId,
      child: String(row['child_id']) as ChildId,
      because: String(row['because']) as LinkReason,
      linked: row['linked'] === 1,
      hashes: {
        said: String(row['said_hash']),
        nhs: carried.get('nhs') ?? null,
        upn: carried.get('upn') ?? null,
        person: textOrNull(row['person_hash']),
        birth: textOrNull(row['birth_hash']),
        given: textOrNull(row['given_hash']),
      },
    };
  }
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
