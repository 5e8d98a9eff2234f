import { randomUuid, type Chance } from '#kernel';
import type { Identity } from '#identity';
import type { Vault } from '#vault';
import type { Core, Eraser } from './core.ts';

/** What erasing works with. */
export interface ErasureParts {
  readonly vault: Vault;
  readonly identity: Identity;
  readonly erasers: readonly Eraser[];
  readonly chance: Chance;
}

/**
 * Erases records of a child (design §3.5): the suppression hash first, so that a late fact finds it; then the keys, so that nothing can be
 * read any more whatever fails after; then the rows of every store; last the words about it on the child's stream. Each step may be repeated.
 */
export function erasureOf({ vault, identity, erasers, chance }: ErasureParts): Core['erase'] {
  return async (child, organisation, ground, meta) => {
    const erasureId = randomUuid(chance);
    const records = identity
      .recordsOf(child)
      .filter((record) => organisation === null || record.organisation === organisation);
    let keysDestroyed = 0;
    for (const { recordId, organisation: teller } of records) {
      const suppression = identity.suppressionOf(recordId);
      if (suppression !== undefined) await vault.suppress(teller, suppression, erasureId);
      const destroyed = await vault.destroy(recordId);
      keysDestroyed += destroyed;
      for (const eraser of erasers) await eraser.erase(recordId);
      await identity.eraseRecord(recordId, {
        ground,
        keysDestroyed: destroyed,
        meta: { correlationId: meta.correlationId },
      });
    }
    return { erasureId, records: records.length, keysDestroyed };
  };
}
