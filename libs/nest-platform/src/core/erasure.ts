import { randomUuid, type Chance, type ChildId, type OrganisationId, type RecordId } from '#kernel';
import { decodeRecord } from '#contracts';
import { readWholeStream, type EventLog } from '#event-log';
import type { Identity } from '#identity';
import { evolveLegalHolds, holdsOn, legalHoldStream, NO_HOLDS, type HoldPlaced, type LegalHoldChange } from '#sharing';
import type { Vault } from '#vault';
import type { Core, Eraser } from './core.ts';

/** What erasing works with. */
export interface ErasureParts {
  readonly log: EventLog;
  readonly vault: Vault;
  readonly identity: Identity;
  readonly erasers: readonly Eraser[];
  readonly chance: Chance;
  readonly alarm: (what: string, error: unknown) => void;
}

/** Something a law or an inquiry forbids to destroy; nothing was destroyed. */
export class ErasureHeld extends Error {
  override readonly name = 'ErasureHeld';
  readonly holds: readonly HoldPlaced[];
  constructor(holds: readonly HoldPlaced[]) {
    super('ERASURE_HELD');
    this.holds = holds;
  }
}

/** The holds on records of a child, and on the children its records were under before: a hold follows what it is to keep. */
export function holdsOf({ log, identity }: Pick<ErasureParts, 'log' | 'identity'>): Core['holdsOn'] {
  return async (child, organisation) => {
    const held: HoldPlaced[] = [];
    for (const each of await identity.lineageOf(child)) {
      const events = await readWholeStream(log, legalHoldStream(each));
      const holds = events.reduce(
        (folded, { data }) => evolveLegalHolds(folded, decodeRecord(data) as unknown as LegalHoldChange),
        NO_HOLDS,
      );
      held.push(...holdsOn(holds, organisation));
    }
    return held;
  };
}

/**
 * Erases records of a child (design §3.5): the suppression hash first, so that a late fact finds it; then the keys, so that nothing can be
 * read any more whatever fails after; then the rows of every store; last the words about it on the child's stream. Each step may be repeated:
 * where a store fails the others go on, and the record's identity stays, so that asking again finds what is left. Throws {@link ErasureHeld}.
 */
export function erasureOf(parts: ErasureParts): Core['erase'] {
  const { vault, identity, erasers, chance } = parts;
  const holds = holdsOf(parts);
  return async (child, organisation, ground, meta) => {
    const held = await holds(child, organisation);
    if (held.length > 0) throw new ErasureHeld(held);
    const erasureId = randomUuid(chance);
    const tally = new Tally(parts.alarm);
    const records = await recordsOf(identity, child, organisation);
    let [erased, keysDestroyed] = [0, 0];
    for (const { recordId, organisation: teller } of records) {
      const suppression = await identity.suppressionOf(recordId);
      if (suppression !== undefined) await vault.suppress(teller, suppression, erasureId);
      const destroyed = await vault.destroy(recordId);
      keysDestroyed += destroyed;
      if (!(await eraseRows(recordId, erasers, tally))) continue;
      await identity.eraseRecord(recordId, {
        ground,
        keysDestroyed: destroyed,
        meta: { correlationId: meta.correlationId },
      });
      tally.add('identity', 1);
      erased += 1;
    }
    if ((await recordsOf(identity, child, null)).length === 0) {
      for (const { name, eraseChild } of erasers) {
        if (eraseChild !== undefined) await tally.run(name, () => eraseChild(child));
      }
    }
    tally.add('keys', keysDestroyed);
    return { erasureId, records: erased, keysDestroyed, stores: tally.stores(), failing: tally.failing() };
  };
}

async function recordsOf(identity: Identity, child: ChildId, organisation: OrganisationId | null) {
  const records = await identity.recordsOf(child);
  return records.filter((record) => organisation === null || record.organisation === organisation);
}

async function eraseRows(record: RecordId, erasers: readonly Eraser[], tally: Tally): Promise<boolean> {
  let reached = true;
  for (const eraser of erasers) reached = (await tally.run(eraser.name, () => eraser.erase(record))) && reached;
  return reached;
}

/** How many rows, items or keys went, store by store, and which stores failed. */
class Tally {
  readonly #alarm: ErasureParts['alarm'];
  readonly #removed = new Map<string, number>();
  readonly #failing = new Set<string>();

  constructor(alarm: ErasureParts['alarm']) {
    this.#alarm = alarm;
  }

  add(store: string, removed: number): void {
    this.#removed.set(store, (this.#removed.get(store) ?? 0) + removed);
  }

  /** False where it failed, which is told to whoever looks after the hub. */
  async run(store: string, work: () => Promise<number>): Promise<boolean> {
    try {
      this.add(store, await work());
      return true;
    } catch (error) {
      this.#alarm(`erase-${store}`, error);
      this.#failing.add(store);
      return false;
    }
  }

  stores(): readonly { readonly store: string; readonly removed: number }[] {
    return Array.from(this.#removed, ([store, removed]) => ({ store, removed }));
  }

  failing(): readonly string[] {
    return [...this.#failing].toSorted();
  }
}
