import type { ChildId } from '#kernel';
import { protectionStream, type Sealed, type SealingContext } from '#contracts';
import type { Grant, SealingVault, Vault } from '#vault';

/** What sealed words on a child's protection are about: the event that has them, by its own id. */
export interface WordsOf {
  readonly child: ChildId;
  /** `sharing.decided.v1` */
  readonly type: string;
  /** The decision, claim or objection. */
  readonly id: string;
  /** The record under whose key they lie, or `audit-<organisation>`. */
  readonly owner: string;
}

/**
 * STORAGE FORMAT: what words on a protection are bound to. They are sealed before their place in the stream is known, so the event's own id
 * stands for the place.
 */
function wordsContext({ child, type, id, owner }: WordsOf): SealingContext {
  return { stream: protectionStream(child), revision: 0, type, schema: `${type} ${id}`, owner };
}

/** Seals words under the key of (owner, compartment); erasing the record destroys them. Rejects with `OwnerErased` where it was erased. */
export async function sealWords(vault: SealingVault, of: WordsOf, compartment: string, words: string): Promise<Sealed> {
  const key = await vault.keyFor(of.owner, compartment);
  return vault.seal(key, wordsContext(of), Buffer.from(words, 'utf8'));
}

/** Opens such words, under whichever record they were sealed; undefined where its key is gone or they were moved. */
export async function openWords(
  vault: Pick<Vault, 'open' | 'describe'>,
  grant: Grant,
  of: Omit<WordsOf, 'owner'>,
  sealed: Sealed,
): Promise<string | undefined> {
  const key = await vault.describe(sealed.key);
  if (key === undefined) return undefined;
  const opened = await vault.open(grant, sealed, wordsContext({ ...of, owner: key.owner }));
  return opened.ok ? Buffer.from(opened.value).toString('utf8') : undefined;
}
