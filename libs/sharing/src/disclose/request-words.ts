import { canonicalJson, type Instant } from '#kernel';
import type { Sealed, SealingContext } from '#contracts';
import { grantDisclose, type SealingVault, type Vault } from '#vault';
import { auditOwner } from './look.ts';
import { HUB } from './rules.ts';

/** Which words of which entry in which stream: what their cipher text is bound to. */
export interface WordsPlace {
  readonly stream: string;
  /** The entry within the stream that the words are of: `received`, `granted`, the id of a hold. */
  readonly entry: string;
  /** Whose key: the hub's audit key where left out; it outlives the child's keys, as the account of what was decided must. */
  readonly owner?: string;
}

/** Seals what somebody wrote of a decision; undefined where nothing was written. */
export async function sealRequestWords(
  vault: SealingVault,
  place: WordsPlace,
  at: Instant,
  words: string | undefined,
): Promise<Sealed | undefined> {
  if (words === undefined || words === '') return undefined;
  const compartment = place.owner === undefined ? at.slice(0, 4) : place.entry;
  const key = await vault.keyFor(ownerOf(place), compartment);
  return vault.seal(key, contextOf(place), Buffer.from(words, 'utf8'));
}

/** What was written, under the decision that discloses it; undefined where its key is gone. */
export async function openRequestWords(
  vault: Pick<Vault, 'open'>,
  decision: string,
  place: WordsPlace,
  sealed: Sealed | undefined,
): Promise<string | undefined> {
  if (sealed === undefined) return undefined;
  const opened = await vault.open(grantDisclose(decision), sealed, contextOf(place));
  return opened.ok ? Buffer.from(opened.value).toString('utf8') : undefined;
}

/** Whether two entries say the same, their sealed words apart: words sealed twice have other bytes. */
export function sameButWords(one: object, other: object): boolean {
  const bare = (entry: object): string =>
    canonicalJson(Object.fromEntries(Object.entries(entry).filter(([name]) => name !== 'words')));
  return bare(one) === bare(other);
}

function ownerOf({ owner }: WordsPlace): string {
  return owner ?? auditOwner(HUB);
}

function contextOf(place: WordsPlace): SealingContext {
  const { stream, entry } = place;
  return { stream, revision: 0, type: 'words', schema: entry, owner: ownerOf(place) };
}
