import { randomUuid, type Chance, type ChildId, type FactId, type RecordId } from '#kernel';
import type { RecordErased, RecordUnlinked } from '#contracts';
import type { ChildStreams, Meta } from './child-streams.ts';
import type { Links } from './links.ts';
import type { Records, SourceRecord } from './records.ts';

/**
 * Says on the log where records belong. Each step is decided again on the tables where another process was first, and may be done by any
 * process that finds it undone.
 */
export class Moves {
  readonly #streams: ChildStreams;
  readonly #links: Links;
  readonly #records: Records;
  readonly #chance: Chance;

  constructor(streams: ChildStreams, links: Links, records: Records, chance: Chance) {
    this.#streams = streams;
    this.#links = links;
    this.#records = records;
    this.#chance = chance;
  }

  /** Says what was decided of a record, where the log does not say so yet. `first`: the child is known to nobody else. */
  async settle(record: Omit<SourceRecord, 'hashes'>, meta: Meta, first = false): Promise<void> {
    const { recordId, organisation, because, child, state } = record;
    const still = async (): Promise<boolean> => (await this.#records.stateOf(recordId)) === state;
    if (state === 'to-link') {
      const data = { recordId, organisation, because };
      await this.#streams.say(child, { type: 'record.linked.v1', data }, meta, still, first);
    }
    if (state === 'to-move') {
      await this.unlink(recordId, 'matched-later', meta, child, still);
      await this.#records.arrived(recordId);
    }
  }

  /** Moves a record to a child; `still` may think better of it. Answers where the record is then. Throws where there is no such record. */
  async unlink(
    record: RecordId,
    because: RecordUnlinked['because'],
    meta: Meta,
    to: ChildId,
    still: () => Promise<boolean> = () => Promise.resolve(true),
  ): Promise<ChildId> {
    for (;;) {
      const from = await this.#restingPlace(record, meta);
      if (from?.child === to || !(await still())) return from?.child ?? to;
      if (from === undefined) throw new RangeError('RECORD_UNKNOWN');
      const wanted = async (): Promise<boolean> => (await this.#isAt(record, from.child)) && (await still());
      const data = { recordId: record, to, because };
      if (!(await this.#streams.say(from.child, { type: 'record.unlinked.v1', data }, meta, wanted))) continue;
      await this.finish(meta);
      return to;
    }
  }

  /** Gives facts of a record to a new record under a new child. Throws where there is no such record. */
  async split(
    record: RecordId,
    facts: readonly FactId[],
    meta: Meta,
  ): Promise<{ readonly to: ChildId; readonly toRecord: RecordId }> {
    const to = randomUuid(this.#chance) as ChildId;
    const toRecord = randomUuid(this.#chance) as RecordId;
    const data = { recordId: record, to, toRecord, facts };
    const isSplit = async (): Promise<boolean> => (await this.#links.childOf(toRecord)) !== undefined;
    while (!(await isSplit())) {
      const from = await this.#restingPlace(record, meta);
      if (from === undefined) throw new RangeError('RECORD_UNKNOWN');
      const wanted = async (): Promise<boolean> => (await this.#isAt(record, from.child)) && !(await isSplit());
      await this.#streams.say(from.child, { type: 'record.split.v1', data }, meta, wanted);
    }
    await this.finish(meta);
    return { to, toRecord };
  }

  /** Says that a record was erased, on the stream of the child it is with; nothing where it is with none. */
  async erased(record: RecordId, said: Pick<RecordErased, 'ground' | 'keysDestroyed'>, meta: Meta): Promise<void> {
    for (;;) {
      const at = await this.#restingPlace(record, meta);
      if (at === undefined) return;
      const { ground, keysDestroyed } = said;
      const data: RecordErased = { recordId: record, organisation: at.organisation, ground, keysDestroyed };
      const wanted = (): Promise<boolean> => this.#isAt(record, at.child);
      if (await this.#streams.say(at.child, { type: 'record.erased.v1', data }, meta, wanted)) return;
    }
  }

  /** Gives every record that was unlinked or split off its new link: now, after an interruption, or before anything else is moved. */
  async finish(meta: Meta): Promise<void> {
    for (const { recordId, organisation, to } of await this.#links.moving()) {
      const data = { recordId, organisation, because: 'moved' } as const;
      const wanted = async (): Promise<boolean> => (await this.#links.movesTo(recordId)) === to;
      await this.#streams.say(to, { type: 'record.linked.v1', data }, meta, wanted);
    }
  }

  /** Where a record is when it moves no more; undefined where there is no such record. */
  async #restingPlace(record: RecordId, meta: Meta): ReturnType<Links['placeOf']> {
    for (;;) {
      await this.finish(meta);
      const place = await this.#links.placeOf(record);
      // Somebody may have begun to move it again.
      if (place !== undefined || (await this.#links.childOf(record)) === undefined) return place;
    }
  }

  async #isAt(record: RecordId, child: ChildId): Promise<boolean> {
    return (await this.#links.placeOf(record))?.child === child;
  }
}
