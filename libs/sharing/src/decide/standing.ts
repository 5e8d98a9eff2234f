import { dayOf, type OrganisationId, type PlainDate } from '#kernel';
import { isPurpose, isRole, roleMayState, type Category, type Purpose } from '#contracts';
import type { Protection, Question, Reader, RefusalId, Registry } from '../model.ts';
import { consentState, type ConsentState } from '../protection/consent.ts';
import { activeRelationship } from '../protection/relationship.ts';

/** What holds for every slice of a question: nothing may be read, or what the slices are judged by. */
export type Standing =
  | { readonly effect: 'deny'; readonly refusals: readonly RefusalId[]; readonly policyAlarm: boolean }
  | {
      readonly effect: 'judge';
      readonly reader: Reader;
      readonly organisation: OrganisationId;
      readonly purpose: Purpose;
      readonly day: PlainDate;
      readonly registry: Registry;
      /** How consent stands for a category and the purpose; asked once a category. */
      readonly consent: (category: Category) => ConsentState;
    };

/**
 * Judges what doesn't depend on a slice: the reader's organisation, role and purpose, and the relationship with the child.
 * Whatever should be there and is not, or can't be read, refuses and raises the alarm; this never throws.
 */
export function standing(question: Question): Standing {
  try {
    return judged(question);
  } catch {
    return { effect: 'deny', refusals: ['child-unknown'], policyAlarm: true };
  }
}

function judged({ reader, purpose, at, registry, protections }: Question): Standing {
  if (registry === undefined) return { effect: 'deny', refusals: ['organisation-unknown'], policyAlarm: true };
  const refusals: RefusalId[] = [];
  if (!registry.organisations.has(reader.organisation)) refusals.push('organisation-unknown');
  if (!isRole(reader.role) || !isPurpose(purpose) || !roleMayState(reader.role, purpose))
    refusals.push('role-lacks-purpose');
  if (protections === undefined || protections.length === 0 || !protections.every(isThere)) {
    return { effect: 'deny', refusals: [...refusals, 'child-unknown'], policyAlarm: true };
  }
  const day = dayOf(at);
  if (activeRelationship(reader, day, protections) === undefined) refusals.push('no-relationship');
  if (refusals.length > 0) return { effect: 'deny', refusals, policyAlarm: false };
  const states = new Map<Category, ConsentState>();
  const consent = (category: Category): ConsentState => {
    const known = states.get(category);
    if (known !== undefined) return known;
    const state = consentState(category, purpose, day, protections);
    states.set(category, state);
    return state;
  };
  return { effect: 'judge', reader, organisation: reader.organisation, purpose, day, registry, consent };
}

function isThere(protection: Protection | undefined): protection is Protection {
  return protection !== undefined;
}
