import { canonicalJson, ok, type Outcome } from '#kernel';
import { isCategory, isPurpose, type Category, type Purpose } from '#contracts';
import type { ProtectionChange, ProtectionRejection } from './commands.ts';

/** What a command to a protection comes to. */
export type Decision = Outcome<readonly ProtectionChange[], ProtectionRejection>;

/** Nothing to add: it is so already. */
export const AS_BEFORE: Decision = ok([]);

/**
 * So many statements of one kind by one person stand on a child's protection at once: every decision about the child reads them all, and one
 * statement may name every category and purpose. Those that were withdrawn do not count.
 */
export const MOST_BY_ONE_PERSON = 100;

/** True where both say the same; sealed words are left out, because sealing the same words again gives other bytes. */
export function sameButWords(a: object, b: object): boolean {
  return canonicalJson({ ...a, words: null }) === canonicalJson({ ...b, words: null });
}

/** What is wrong with the categories and purposes something is about; undefined for nothing. */
export function invalidScope(data: {
  readonly categories: readonly Category[];
  readonly purposes: readonly Purpose[];
}): ProtectionRejection | undefined {
  if (data.categories.length === 0) return { code: 'CATEGORY_MISSING', pointer: '/categories' };
  if (data.purposes.length === 0) return { code: 'PURPOSE_MISSING', pointer: '/purposes' };
  const category = data.categories.findIndex((each) => !isCategory(each));
  if (category >= 0) return { code: 'CATEGORY_UNKNOWN', pointer: `/categories/${category}` };
  const purpose = data.purposes.findIndex((each) => !isPurpose(each));
  if (purpose >= 0) return { code: 'PURPOSE_UNKNOWN', pointer: `/purposes/${purpose}` };
  return undefined;
}
