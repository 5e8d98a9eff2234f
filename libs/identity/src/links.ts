import type { ChildId, FactId, OrganisationId, RecordId } from '#kernel';
import type { ChildEvent, RecordLinked, RecordSplit, RecordUnlinked, StoredRecord } from '#contracts';
import type { EventLog, LoggedEvent, LogToken } from '#event-log';
import type { IdentityFile } from './rows.ts';

/** A record between two children: unlinked or split off, its new link not in the log yet. */
export interface Moving {
  readonly recordId: RecordId;
  readonly organisation: OrganisationId;
  readonly to: ChildId;
}

const MOST_CACHED = 50_000;

/** Who is linked to which child now, and from where it came: the fold of the log's `child` family, kept in tables with its place in the log. */
export class Links {
  readonly #file: IdentityFile;
  /** What `childOf` answered; every fold of a record drops its entry. */
  readonly #children = new Map<RecordId, ChildId>();
  #anySplit: boolean;

  constructor(file: IdentityFile) {
    this.#file = file;
    this.#anySplit = file.get('select 1 from split_fact limit 1') !== undefined;
  }

  /** The child a record belongs to, from the moment it is unlinked the one it goes to; undefined for an unknown or erased record. */
  childOf(record: RecordId): ChildId | undefined {
    const known = this.#children.get(record);
    if (known !== undefined) return known;
    const row = this.#file.get(
      'select child_id from link where record_id = ?1 union all select to_child from moving where record_id = ?1 limit 1',
      record,
    );
    if (row === undefined) return undefined;
    const child = String(row['child_id']) as ChildId;
    if (this.#children.size >= MOST_CACHED) this.#children.clear();
    this.#children.set(record, child);
    return child;
  }

  /** The record a fact counts as part of: the one it names, unless a split gave it to another. */
  recordOfFact(fact: FactId, record: RecordId): RecordId {
    if (!this.#anySplit) return record;
    const row = this.#file.get('select record_id from split_fact where fact_id = ?', fact);
    return row === undefined ? record : (String(row['record_id']) as RecordId);
  }

  /** The records of a child. */
  recordsOf(child: ChildId): readonly { readonly recordId: RecordId; readonly organisation: OrganisationId }[] {
    return this.#file
      .all('select record_id, organisation from link where child_id = ? order by record_id', child)
      .map((row) => ({
        recordId: String(row['record_id']) as RecordId,
        organisation: String(row['organisation']) as OrganisationId,
      }));
  }

  /** The child first, then every other child that one of its present records was unlinked or split from. */
  lineageOf(child: ChildId): readonly [ChildId, ...ChildId[]] {
    const came = this.#file
      .all(
        `select distinct m.from_child from link l join moved m using (record_id)
         where l.child_id = ? and m.from_child <> l.child_id order by m.from_child`,
        child,
      )
      .map((row) => String(row['from_child']) as ChildId);
    return [child, ...came];
  }

  /** Records whose move stopped half way. */
  moving(): readonly Moving[] {
    return this.#file.all('select record_id, organisation, to_child from moving').map((row) => ({
      recordId: String(row['record_id']) as RecordId,
      organisation: String(row['organisation']) as OrganisationId,
      to: String(row['to_child']) as ChildId,
    }));
  }

  /** Forgets what was answered of a record whose rows somebody deleted. */
  forget(record: RecordId): void {
    this.#children.delete(record);
  }

  /** Applies an event that was just appended; visible to the next read. */
  apply(child: ChildId, type: string, data: ChildEvent['data']): void {
    this.#file.soon(() => this.#fold(child, { type, data } as ChildEvent));
  }

  /** Reads what the log has gained since the last time. Applying an event again changes nothing as long as order is kept. */
  async catchUp(log: EventLog): Promise<void> {
    const head = await log.head();
    const row = this.#file.get('select token from progress');
    const after = row === undefined ? null : (String(row['token']) as LogToken);
    for await (const batch of log.readAll({ families: ['child'], after })) {
      const last = batch.at(-1);
      if (last === undefined) continue;
      this.#file.soon(() => {
        for (const event of batch) this.#fold(childOfStream(event), recordOf(event));
        this.#passed(last.token);
      });
    }
    // Links are few among facts: without this, every start would read on from the last of them.
    if (head !== null && (after === null || log.compare(after, head) < 0)) this.#file.soon(() => this.#passed(head));
  }

  #passed(token: LogToken): void {
    this.#file.run('insert or replace into progress (one, token) values (1, ?)', token);
  }

  #fold(child: ChildId, event: Pick<ChildEvent, 'type' | 'data'>): void {
    this.#children.delete(event.data.recordId);
    switch (event.type) {
      case 'record.linked.v1': {
        const { recordId, organisation } = event.data as RecordLinked;
        this.#file.run(
          'insert or replace into link (record_id, organisation, child_id) values (?, ?, ?)',
          recordId,
          organisation,
          child,
        );
        this.#file.run('delete from moving where record_id = ?', recordId);
        return;
      }
      case 'record.unlinked.v1': {
        const { recordId, to } = event.data as RecordUnlinked;
        this.#file.run('insert or ignore into moved (record_id, from_child) values (?, ?)', recordId, child);
        this.#file.run(
          `insert or replace into moving (record_id, organisation, to_child)
           select record_id, organisation, ? from link where record_id = ? and child_id = ?`,
          to,
          recordId,
          child,
        );
        this.#file.run('delete from link where record_id = ? and child_id = ?', recordId, child);
        return;
      }
      case 'record.erased.v1': {
        const { recordId } = event.data;
        // All of it, not only what is folded here: the process may have died before it deleted the rest.
        for (const table of ['source_record', 'identifier', 'submission', 'link', 'moved', 'moving', 'split_fact']) {
          this.#file.run(`delete from ${table} where record_id = ?`, recordId);
        }
        return;
      }
      case 'record.split.v1':
        this.#split(child, event.data as RecordSplit);
    }
  }

  /** The record stays and its facts go: the new record has come from wherever the old one has. It is linked by an event of its own. */
  #split(child: ChildId, { recordId, to, toRecord, facts }: RecordSplit): void {
    const moved = 'insert or ignore into moved (record_id, from_child)';
    this.#file.run(`${moved} values (?, ?)`, toRecord, child);
    this.#file.run(`${moved} select ?, from_child from moved where record_id = ?`, toRecord, recordId);
    this.#file.run(
      `insert or ignore into moving (record_id, organisation, to_child) select ?, organisation, ? from link
       where record_id = ? and not exists (select 1 from link where record_id = ?)`,
      toRecord,
      to,
      recordId,
      toRecord,
    );
    for (const fact of facts) {
      this.#file.run('insert or replace into split_fact (fact_id, record_id) values (?, ?)', fact, toRecord);
    }
    this.#anySplit = true;
  }
}

function childOfStream(event: LoggedEvent): ChildId {
  return event.stream.slice('child-'.length) as ChildId;
}

function recordOf(event: LoggedEvent): ChildEvent {
  return JSON.parse(Buffer.from(event.data).toString('utf8')) as StoredRecord & ChildEvent;
}
