import type { ChildId, RecordId } from '#kernel';
import type { ChildEvent, RecordLinked, RecordSplit, RecordUnlinked, StoredRecord } from '#contracts';
import type { SqlSession } from '#database';
import type { LoggedEvent } from '#event-log';
import { OF_RECORD } from './tables.ts';
import { inPieces, listed, MOST_ASKED, textOf } from './texts.ts';

/** An event of a child's stream. */
export interface ChildChange extends Pick<ChildEvent, 'type' | 'data'> {
  readonly child: ChildId;
  readonly revision: number;
}

/** The event as it was logged. */
export function changeOf(event: LoggedEvent): ChildChange {
  const { type, data } = JSON.parse(Buffer.from(event.data).toString('utf8')) as StoredRecord & ChildEvent;
  return { child: childOfStream(event), revision: event.revision, type, data };
}

/** The child whose stream it is. */
export function childOfStream({ stream }: Pick<LoggedEvent, 'stream'>): ChildId {
  return stream.slice('child-'.length) as ChildId;
}

/** How far a child's stream is in the tables; -1 where nothing of it is. */
export async function revisionOf(session: SqlSession, child: ChildId): Promise<number> {
  const row = await session.get('select revision from child_stream where child_id = ?', child);
  return row === undefined ? -1 : Number(row['revision']);
}

/** How far several are; those of which nothing is are left out. */
export async function revisionsOf(
  session: SqlSession,
  children: readonly ChildId[],
): Promise<ReadonlyMap<ChildId, number>> {
  const found = new Map<ChildId, number>();
  for (const piece of inPieces([...new Set(children)], MOST_ASKED)) {
    const { marks, values } = listed(piece);
    const text = `select child_id, revision from child_stream where child_id in (${marks})`;
    for (const row of await session.all(text, ...values))
      found.set(textOf(row, 'child_id') as ChildId, Number(row['revision']));
  }
  return found;
}

/**
 * Takes events into the tables, each once whoever else has it in hand, in the order of its stream; within a transaction. False at the first
 * one whose stream is not there yet. Two events of one record never stand in the wrong order: whoever appends the later has folded the
 * earlier, because its revision was expected or its effect was seen.
 */
export async function fold(session: SqlSession, changes: readonly ChildChange[]): Promise<boolean> {
  // Most of what is read again at a start is there.
  const there =
    changes.length > 1
      ? await revisionsOf(
          session,
          changes.map(({ child }) => child),
        )
      : undefined;
  for (const change of changes) {
    if ((there?.get(change.child) ?? -1) >= change.revision) continue;
    if (await next(session, change)) await apply(session, change);
    else if ((await revisionOf(session, change.child)) < change.revision) return false;
  }
  return true;
}

/** Every record that an event says something of. */
export function recordsIn({ type, data }: ChildChange): readonly RecordId[] {
  return type === 'record.split.v1' ? [data.recordId, (data as RecordSplit).toRecord] : [data.recordId];
}

/** Moves the stream's place by one; whoever is second waits for the first here, and learns that it is done. */
async function next(session: SqlSession, { child, revision }: ChildChange): Promise<boolean> {
  const moved =
    revision === 0
      ? session.run(
          'insert into child_stream (child_id, revision) values (?, 0) on conflict (child_id) do nothing',
          child,
        )
      : session.run(
          'update child_stream set revision = ? where child_id = ? and revision = ?',
          revision,
          child,
          revision - 1,
        );
  return (await moved) > 0;
}

async function apply(session: SqlSession, { child, type, data }: ChildChange): Promise<void> {
  switch (type) {
    case 'record.linked.v1': {
      const { recordId, organisation, because } = data as RecordLinked;
      await session.run('update source_record set linked = 1 where record_id = ? and linked <> 1', recordId);
      await session.run(
        `insert into link (record_id, organisation, child_id) values (?, ?, ?)
         on conflict (record_id) do update set organisation = excluded.organisation, child_id = excluded.child_id`,
        recordId,
        organisation,
        child,
      );
      if (because === 'moved') await session.run('delete from moving where record_id = ?', recordId);
      return;
    }
    case 'record.unlinked.v1': {
      const { recordId, to } = data as RecordUnlinked;
      await session.run(
        'insert into moved (record_id, from_child) values (?, ?) on conflict do nothing',
        recordId,
        child,
      );
      await session.run(
        `insert into moving (record_id, organisation, to_child)
         select record_id, organisation, ? from link where record_id = ? and child_id = ?
         on conflict (record_id) do update set organisation = excluded.organisation, to_child = excluded.to_child`,
        to,
        recordId,
        child,
      );
      await session.run('delete from link where record_id = ? and child_id = ?', recordId, child);
      return;
    }
    case 'record.erased.v1':
      // All of it, not only what is folded here: the process may have died before it deleted the rest.
      return deleteRecord(session, data.recordId);
    case 'record.split.v1':
      return split(session, child, data as RecordSplit);
  }
}

/** Deletes every row about a record. */
export async function deleteRecord(session: SqlSession, record: RecordId): Promise<void> {
  for (const table of OF_RECORD) await session.run(`delete from ${table} where record_id = ?`, record);
}

/** The record stays and its facts go: the new record has come from wherever the old one has. It is linked by an event of its own. */
async function split(
  session: SqlSession,
  child: ChildId,
  { recordId, to, toRecord, facts }: RecordSplit,
): Promise<void> {
  const moved = 'insert into moved (record_id, from_child)';
  await session.run(`${moved} values (?, ?) on conflict do nothing`, toRecord, child);
  await session.run(
    `${moved} select ?, from_child from moved where record_id = ? on conflict do nothing`,
    toRecord,
    recordId,
  );
  await session.run(
    `insert into moving (record_id, organisation, to_child) select ?, organisation, ? from link
     where record_id = ? and not exists (select 1 from link where record_id = ?) on conflict do nothing`,
    toRecord,
    to,
    recordId,
    toRecord,
  );
  for (const fact of facts) {
    await session.run(
      `insert into split_fact (fact_id, record_id) values (?, ?)
       on conflict (fact_id) do update set record_id = excluded.record_id`,
      fact,
      toRecord,
    );
  }
}
