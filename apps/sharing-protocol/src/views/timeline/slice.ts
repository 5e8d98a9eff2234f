import type { ClearCategory } from '#contracts';

/**
 * A slice as one text, so that a reader's thousands of permitted slices are one list to look in. A restricted or sealed category is not in the
 * clear: it is named by the key of (record, category), which only the vault can tell the category of.
 */
export function sliceOf(
  organisation: string,
  category: ClearCategory,
  keyId: string,
  reliesOnConsent: boolean,
): string {
  const what = category === 'restricted' ? `key:${keyId}` : category;
  return `${organisation} ${what} ${reliesOnConsent ? '1' : '0'}`;
}
