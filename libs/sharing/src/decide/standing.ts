import { dayOf, type OrganisationId, type PlainDate } from '#kernel';
import { isPurpose, isRole, roleMayState, type Category, type Purpose, type SharingDecided } from '#contracts';
import type { Protection, Question, Reader, RefusalId, Registry } from '../model.ts';
import { activeBreakGlass } from '../protection/break-glass.ts';
import { consentState, type ConsentState } from '../protection/consent.ts';
import { activeRelationship, type ActiveRelationship } from '../protection/relationship.ts';
import { sharingDecision } from '../protection/sharing-decision.ts';

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
      /** What lets the reader work with the child; absent only in an emergency. */
      readonly relationship: ActiveRelationship | undefined;
      /** The emergency access in force; opens what it opens before the ordinary rules are asked. */
      readonly emergency: string | undefined;
      /** Why the ordinary rules refuse everything; empty but in an emergency without a relationship. */
      readonly refusals: readonly RefusalId[];
      /** How consent stands for a category and the purpose; asked once a category. */
      readonly consent: (category: Category) => ConsentState;
      /** The decision to share or not that covers facts of a source and category on their way to the reader. */
      readonly decided: (
        outcome: SharingDecided['outcome'],
        source: OrganisationId,
        category: Category,
      ) => SharingDecided | undefined;
    };

/**
 * Judges what doesn't depend on a slice: the reader's organisation, role and purpose, and the relationship with the child or the emergency.
 * Whatever should be there and is not, or can't be read, refuses and raises the alarm; this never throws.
 */
export function standing(question: Question): Standing {
  try {
    return judged(question);
  } catch {
    return { effect: 'deny', refusals: ['child-unknown'], policyAlarm: true };
  }
}

function judged({ reader, purpose, at, breakGlass, registry, protections }: Question): Standing {
  if (registry === undefined) return { effect: 'deny', refusals: ['organisation-unknown'], policyAlarm: true };
  const { organisation } = reader;
  const refusals: RefusalId[] = [];
  if (!registry.organisations.has(organisation)) refusals.push('organisation-unknown');
  if (!isRole(reader.role) || !isPurpose(purpose) || !roleMayState(reader.role, purpose))
    refusals.push('role-lacks-purpose');
  if (protections === undefined || protections.length === 0 || !protections.every(isThere)) {
    return { effect: 'deny', refusals: [...refusals, 'child-unknown'], policyAlarm: true };
  }
  const day = dayOf(at);
  const grant =
    breakGlass === undefined ? undefined : activeBreakGlass(breakGlass, reader, purpose, at, protections)?.grant;
  const emergency = refusals.length === 0 ? grant : undefined;
  const relationship = activeRelationship(reader, day, protections);
  if (relationship === undefined) refusals.push('no-relationship');
  if (refusals.length > 0 && emergency === undefined) return { effect: 'deny', refusals, policyAlarm: false };
  return {
    effect: 'judge',
    reader,
    organisation,
    purpose,
    day,
    registry,
    relationship,
    emergency,
    refusals,
    consent: onceEach((category) => consentState(category, purpose, day, protections)),
    decided: decisions(protections, organisation, purpose, day),
  };
}

function onceEach(state: (category: Category) => ConsentState): (category: Category) => ConsentState {
  const states = new Map<Category, ConsentState>();
  return (category) => {
    let known = states.get(category);
    if (known === undefined) states.set(category, (known = state(category)));
    return known;
  };
}

function decisions(
  protections: readonly Protection[],
  recipient: OrganisationId,
  purpose: Purpose,
  day: PlainDate,
): Extract<Standing, { readonly effect: 'judge' }>['decided'] {
  // Most children have none, and a reader may have thousands of slices: only sources that decided anything are asked.
  const sources = new Set<OrganisationId>();
  for (const { sharingDecisions } of protections)
    for (const { source } of sharingDecisions.values()) sources.add(source);
  return (outcome, source, category) =>
    sources.has(source)
      ? sharingDecision(outcome, { source, recipient, category, purpose }, day, protections)
      : undefined;
}

const PARTS = [
  'consents',
  'refusals',
  'withdrawn',
  'starts',
  'ends',
  'claims',
  'grants',
  'sharingDecisions',
] as const satisfies (keyof Protection)[];

/** A fold with a part missing would have nothing to refuse with: it is as unread as no fold at all. */
function isThere(protection: Protection | undefined): protection is Protection {
  return protection !== undefined && PARTS.every((part) => protection[part] instanceof Map);
}
