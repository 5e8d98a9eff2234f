import type { ChildId, OrganisationId } from '#kernel';
import type { LinkReason } from '#contracts';
import type { Candidate, Hashes } from './records.ts';

/** What the deterministic rule says of a person: which child, and which identifier said so. */
export type Ruling =
  | { readonly rule: 'linked'; readonly child: ChildId; readonly because: LinkReason }
  | { readonly rule: 'several'; readonly children: readonly ChildId[] }
  /** The number is on a child, but birth date or surname differ or are not known. */
  | { readonly rule: 'number-only'; readonly children: readonly ChildId[] }
  | { readonly rule: 'none' };

const REASONS = { nhs: 'nhs-number-birth-date-surname', upn: 'upn-birth-date-surname' } as const;

/**
 * `carrying` are the records that carry one of the asked numbers. A check-digit-valid NHS number, or else a unique pupil number, and birth date and surname, all equal to a record of exactly one child.
 * Numbers that point to different children point to none.
 */
export function ruling(asked: Hashes, carrying: readonly Candidate[]): Ruling {
  const agreeing = new Map<ChildId, LinkReason>();
  const numbered = new Set<ChildId>();
  for (const kind of ['nhs', 'upn'] as const) {
    for (const { record } of carrying.filter((each) => each.kind === kind)) {
      const { child, hashes } = record;
      numbered.add(child);
      if (asked.person !== null && hashes.person === asked.person && !agreeing.has(child)) {
        agreeing.set(child, REASONS[kind]);
      }
    }
  }
  const [only] = agreeing;
  if (only !== undefined && agreeing.size === 1) return { rule: 'linked', child: only[0], because: only[1] };
  if (agreeing.size > 1) return { rule: 'several', children: [...agreeing.keys()] };
  return numbered.size > 0 ? { rule: 'number-only', children: [...numbered] } : { rule: 'none' };
}

/**
 * True where an organisation itself tells two people apart that share number, birth date and surname: another of its records in that
 * child has another given name. Twins with one number by mistake: a person must look.
 */
export function tellsApart(organisation: OrganisationId, asked: Hashes, candidates: readonly Candidate[]): boolean {
  return candidates.some(
    ({ record }) =>
      record.organisation === organisation &&
      record.hashes.person === asked.person &&
      record.hashes.given !== null &&
      asked.given !== null &&
      record.hashes.given !== asked.given,
  );
}

/** True where number and birth date both contradict what was said of the same person before. */
export function contradicts(before: Hashes, now: Hashes): boolean {
  const other = (a: string | null, b: string | null): boolean => a !== null && b !== null && a !== b;
  return other(before.nhs, now.nhs) && other(before.birth, now.birth);
}
