import type { ChildId, OrganisationId, RecordId } from '#kernel';
import type { ChildEvent, StoredRecord } from '#contracts';
import type { EventLog, LoggedEvent, LogToken } from '#event-log';
import type { IdentityFile } from './rows.ts';

/** Who is linked to which child now: the fold of the log's `child` family, kept in a table with its place in the log. */
export class Links {
  readonly #file: IdentityFile;

  constructor(file: IdentityFile) {
    this.#file = file;
  }

  /** The child a record belongs to; undefined for an unknown, unlinked or erased record. */
  childOf(record: RecordId): ChildId | undefined {
    const row = this.#file.get('select child_id from link where record_id = ?', record);
    return row === undefined ? undefined : (String(row['child_id']) as ChildId);
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

  /** Applies an event that was just appended; visible to the next read. */
  apply(child: ChildId, type: string, data: ChildEvent['data']): void {
    this.#file.soon(() => this.#fold(child, { type, data } as ChildEvent));
  }

  /** Reads what the log has gained since the last time. Applying an event again changes nothing as long as order is kept. */
  async catchUp(log: EventLog): Promise<void> {
    const row = this.#file.get('select token from progress');
    const after = row === undefined ? null : (String(row['token']) as LogToken);
    for await (const batch of log.readAll({ families: ['child'], after })) {
      const last = batch.at(-1);
      if (last === undefined) continue;
      this.#file.soon(() => {
        for (const event of batch) this.#fold(childOfStream(event), recordOf(event));
        this.#file.run('insert or replace into progress (one, token) values (1, ?)', last.token);
      });
    }
  }

  #fold(child: ChildId, event: Pick<ChildEvent, 'type' | 'data'>): void {
    switch (event.type) {
      case 'record.linked.v1': {
        const { recordId, organisation } = event.data as { recordId: RecordId; organisation: OrganisationId };
        this.#file.run(
          'insert or replace into link (record_id, organisation, child_id) values (?, ?, ?)',
          recordId,
          organisation,
          child,
        );
        return;
      }
      case 'record.unlinked.v1':
      case 'record.erased.v1': {
        const { recordId } = event.data as { recordId: RecordId };
        this.#file.run('delete from link where record_id = ? and child_id = ?', recordId, child);
        return;
      }
      case 'record.split.v1':
        // The record stays; the new one is linked by an event of its own.
        return;
    }
  }
}

function childOfStream(event: LoggedEvent): ChildId {
  return event.stream.slice('child-'.length) as ChildId;
}

function recordOf(event: LoggedEvent): ChildEvent {
  return JSON.parse(Buffer.from(event.data).toString('utf8')) as StoredRecord & ChildEvent;
}
