import type { PlainDate } from '#kernel';
import type { RelationshipKind, RelationshipStarted } from '#contracts';
import type { Protection, Reader } from '../model.ts';

const FAMILY_ROLES = ['parent', 'young-person'];

/** True for the roles of a child's own family, whose relationship always names the person. */
export function isFamilyRole(role: Reader['role']): boolean {
  return FAMILY_ROLES.includes(role);
}

/**
 * The last day of a relationship, included, as far as is known; undefined while it goes on. An end belongs to every start of
 * the same organisation, kind and name on or before it; a start after it is a new relationship. Order of arrival doesn't matter.
 */
export function lastDayOf(start: RelationshipStarted, protections: readonly Protection[]): PlainDate | undefined {
  let last: PlainDate | undefined;
  for (const { ends } of protections) {
    for (const end of ends.values()) {
      if (
        end.organisation === start.organisation &&
        end.kind === start.kind &&
        end.name === start.name &&
        end.until >= start.from &&
        (last === undefined || end.until < last)
      ) {
        last = end.until;
      }
    }
  }
  return last;
}

/** What lets a reader work with a child: the fact that says so, or the reader's own claim. */
export interface ActiveRelationship {
  /** The fact's id, or the claim's. */
  readonly id: string;
  readonly kind: RelationshipKind | 'self-claimed';
}

/**
 * A relationship that lets this reader work with the child on that day; undefined where there is none. What a fact says comes before what
 * the reader claims; a claim counts for the one who made it, in the role they made it in, and never in a family.
 *
 * Where children are linked it may have started under any of them, because linking says that they are one child and older
 * streams get no new statements; whatever restricts counts from all: an end under one ends the same relationship under another.
 */
export function activeRelationship(
  reader: Reader,
  day: PlainDate,
  protections: readonly Protection[],
): ActiveRelationship | undefined {
  const family = isFamilyRole(reader.role);
  for (const { starts } of protections) {
    for (const start of starts.values()) {
      if (start.organisation !== reader.organisation || start.from > day) continue;
      if ((start.kind === 'family') !== family) continue;
      if (family ? start.person !== reader.sub : start.person !== undefined && start.person !== reader.sub) continue;
      if (start.team !== undefined && start.team !== reader.team) continue;
      const last = lastDayOf(start, protections);
      if (last === undefined || last >= day) return { id: start.fact, kind: start.kind };
    }
  }
  return family ? undefined : activeClaim(reader, day, protections);
}

function activeClaim(
  reader: Reader,
  day: PlainDate,
  protections: readonly Protection[],
): ActiveRelationship | undefined {
  for (const { claims } of protections) {
    for (const { claim, organisation, person, role, from, until } of claims.values()) {
      const own = organisation === reader.organisation && person === reader.sub && role === reader.role;
      if (own && from <= day && day <= until) return { id: claim, kind: 'self-claimed' };
    }
  }
  return undefined;
}
