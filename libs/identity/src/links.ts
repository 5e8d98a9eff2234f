import type { ChildId, FactId, OrganisationId, RecordId } from '#kernel';
import type { Database, SqlSession } from '#database';
import type { Member } from './port.ts';
import { inPieces, listed, MOST_ASKED, textOf } from './texts.ts';

/** A record between two children: unlinked or split off, its new link not in the log yet. */
export interface Moving extends Member {
  readonly to: ChildId;
}

const MOST_CACHED = 50_000;

/**
 * Who is linked to which child now, and from where it came: the fold of the log's `child` family, kept in tables. Whoever appends to a
 * child's stream takes it into them before anybody is told; what a process left undone that died in between, any other does.
 */
export class Links {
  readonly #database: Database;
  /** A SQLite file is one process's: what it asked once holds until it changes it itself. */
  readonly alone: boolean;
  /** What `childOf` answered, where we are alone; every fold of a record drops its entry. */
  readonly #children = new Map<RecordId, ChildId>();
  #folds = 0;
  #anySplit = true;

  constructor(database: Database) {
    this.#database = database;
    this.alone = database.kind === 'sqlite';
  }

  /** The child a record belongs to, from the moment it is unlinked the one it goes to; undefined for an unknown or erased record. */
  async childOf(record: RecordId): Promise<ChildId | undefined> {
    const known = this.#children.get(record);
    if (known !== undefined) return known;
    const before = this.#folds;
    const child = (await this.childrenOf([record])).get(record);
    // What was folded meanwhile may have moved it.
    if (child !== undefined && this.alone && this.#folds === before) {
      if (this.#children.size >= MOST_CACHED) this.#children.clear();
      this.#children.set(record, child);
    }
    return child;
  }

  /** `childOf` of many, asked at once; without those that belong to none. */
  async childrenOf(records: readonly RecordId[]): Promise<ReadonlyMap<RecordId, ChildId>> {
    const found = new Map<RecordId, ChildId>();
    for (const piece of inPieces([...new Set(records)], MOST_ASKED)) {
      const { marks, values } = listed(piece);
      const rows = await this.#database.all(
        `select record_id, child_id from link where record_id in (${marks})
         union all select record_id, to_child from moving where record_id in (${marks})`,
        ...values,
        ...values,
      );
      for (const row of rows) found.set(textOf(row, 'record_id') as RecordId, textOf(row, 'child_id') as ChildId);
    }
    return found;
  }

  /** The child of the record that a fact counts as part of: the one it names, unless a split gave it to another. */
  async childOfFact(fact: FactId, record: RecordId): Promise<ChildId | undefined> {
    if (this.alone && !this.#anySplit) return this.childOf(record);
    const row = await this.#database.get(
      `select coalesce(l.child_id, m.to_child) as child_id
       from (select coalesce((select record_id from split_fact where fact_id = ?), ?) as record_id) f
       left join link l on l.record_id = f.record_id left join moving m on m.record_id = f.record_id`,
      fact,
      record,
    );
    return row?.['child_id'] == null ? undefined : (textOf(row, 'child_id') as ChildId);
  }

  /** The records of a child. */
  async recordsOf(child: ChildId): Promise<readonly Member[]> {
    return (await this.recordsOfAll([child])).get(child) ?? [];
  }

  /** `recordsOf` of many, asked at once; without the children nobody has told of. */
  async recordsOfAll(children: readonly ChildId[]): Promise<ReadonlyMap<ChildId, readonly Member[]>> {
    const found = new Map<ChildId, Member[]>();
    for (const piece of inPieces([...new Set(children)], MOST_ASKED)) {
      const { marks, values } = listed(piece);
      const text = `select child_id, record_id, organisation from link where child_id in (${marks}) order by record_id`;
      for (const row of await this.#database.all(text, ...values)) {
        const child = textOf(row, 'child_id') as ChildId;
        const member: Member = {
          recordId: textOf(row, 'record_id') as RecordId,
          organisation: textOf(row, 'organisation') as OrganisationId,
        };
        const members = found.get(child);
        if (members === undefined) found.set(child, [member]);
        else members.push(member);
      }
    }
    return found;
  }

  /** The child first, then every other child that one of its present records was unlinked or split from. */
  async lineageOf(child: ChildId): Promise<readonly [ChildId, ...ChildId[]]> {
    const came = await this.#database.all(
      `select distinct m.from_child from link l join moved m on m.record_id = l.record_id
       where l.child_id = ? and m.from_child <> l.child_id order by m.from_child`,
      child,
    );
    return [child, ...came.map((row) => textOf(row, 'from_child') as ChildId)];
  }

  /** Where the log says that a record is; undefined while it moves. */
  async placeOf(
    record: RecordId,
  ): Promise<{ readonly child: ChildId; readonly organisation: OrganisationId } | undefined> {
    const row = await this.#database.get('select child_id, organisation from link where record_id = ?', record);
    return (
      row && { child: textOf(row, 'child_id') as ChildId, organisation: textOf(row, 'organisation') as OrganisationId }
    );
  }

  /** True where a child has this one record, which was nowhere else before, and nobody is on the way to it. */
  async isByItself(child: ChildId, record: RecordId, session: SqlSession): Promise<boolean> {
    const row = await session.get(
      `select 1 as other from link where child_id = ? and record_id <> ?
       union all select 1 from moving where to_child = ?
       union all select 1 from source_record where linked <> 1 and child_id = ? and record_id <> ?
       union all select 1 from moved where record_id = ? and from_child <> ? limit 1`,
      child,
      record,
      child,
      child,
      record,
      record,
      child,
    );
    return row === undefined;
  }

  /** Records whose move stopped half way, or is under way. */
  async moving(): Promise<readonly Moving[]> {
    const rows = await this.#database.all('select record_id, organisation, to_child from moving');
    return rows.map((row) => ({
      recordId: textOf(row, 'record_id') as RecordId,
      organisation: textOf(row, 'organisation') as OrganisationId,
      to: textOf(row, 'to_child') as ChildId,
    }));
  }

  /** Where a record goes that is between two children. */
  async movesTo(record: RecordId): Promise<ChildId | undefined> {
    const row = await this.#database.get('select to_child from moving where record_id = ?', record);
    return row && (textOf(row, 'to_child') as ChildId);
  }

  /** Forgets what was answered of a record whose rows somebody deleted. */
  forget(record: RecordId): void {
    this.#folds += 1;
    this.#children.delete(record);
  }

  /** Around a fold: what is asked meanwhile is not kept, and what was kept of its records is asked again. */
  async whileFolding<T>(records: readonly RecordId[], splits: boolean, fold: () => Promise<T>): Promise<T> {
    this.#anySplit ||= splits;
    this.#folds += 1;
    try {
      return await fold();
    } finally {
      for (const record of records) this.forget(record);
    }
  }

  /** Asks whether any fact was ever split off; where we are alone and none was, no fact has to be asked for. */
  async lookForSplits(): Promise<void> {
    this.#anySplit = (await this.#database.get('select 1 as one from split_fact limit 1')) !== undefined;
  }
}
