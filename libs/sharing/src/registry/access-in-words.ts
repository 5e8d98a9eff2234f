import { CATEGORY_WORDS, PURPOSE_WORDS, ROLE_WORDS, type Category, type Purpose, type Role } from '#contracts';
import type { AgreedAccess } from './agreement-access.ts';

/** People who may see the same records for the same reasons. */
export interface AccessGroup {
  readonly mode: AgreedAccess['mode'];
  readonly roles: readonly Role[];
  readonly purposes: readonly Purpose[];
  readonly categories: readonly Category[];
}

/** The same accesses in as few groups as say all of them: what one sentence can tell. */
export function grouped(list: readonly AgreedAccess[]): readonly AccessGroup[] {
  const purposesOf = new Map<string, AgreedAccess[]>();
  for (const each of list) add(purposesOf, `${each.mode} ${each.role} ${each.category}`, each);
  const categoriesOf = new Map<string, (readonly AgreedAccess[])[]>();
  for (const same of purposesOf.values()) {
    const [first] = same;
    if (first !== undefined)
      add(categoriesOf, `${first.mode} ${first.role} ${same.map(({ purpose }) => purpose).join()}`, same);
  }
  const rolesOf = new Map<string, AccessGroup[]>();
  for (const bundle of categoriesOf.values()) {
    const first = bundle[0]?.[0];
    if (first === undefined) continue;
    const purposes = (bundle[0] ?? []).map(({ purpose }) => purpose);
    const categories = bundle.flatMap(([each]) => (each === undefined ? [] : [each.category]));
    const group = { mode: first.mode, roles: [first.role], purposes, categories };
    add(rolesOf, `${first.mode} ${purposes.join()} ${categories.join()}`, group);
  }
  return [...rolesOf.values()].flatMap((same) => {
    const [first] = same;
    return first === undefined ? [] : [{ ...first, roles: same.flatMap(({ roles }) => roles) }];
  });
}

/** Words for the parts of a group. */
export function wordsOf({ roles, purposes, categories }: AccessGroup) {
  return {
    people: roles.map((role) => ROLE_WORDS[role]),
    reasons: purposes.map((purpose) => PURPOSE_WORDS[purpose]),
    records: categories.map((category) => CATEGORY_WORDS[category]),
  };
}

/** `a, b and c`. */
export function listed(words: readonly string[], last: 'and' | 'or' = 'and'): string {
  return words.length < 2 ? words.join() : `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1) ?? ''}`;
}

const MONTHS = 'January February March April May June July August September October November December'.split(' ');

/** `2026-09-01` as `1 September 2026`. */
export function dayInWords(day: string): string {
  const [year, month, date] = day.split('-').map(Number);
  return `${date ?? ''} ${MONTHS[(month ?? 0) - 1] ?? ''} ${year ?? ''}`;
}

function add<T>(map: Map<string, T[]>, key: string, value: T): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [value]);
  else known.push(value);
}
