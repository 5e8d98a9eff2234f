import { dayOf, type OrganisationId } from '#kernel';
import { OBLIGATIONS, type LookContent, type Obligation } from '#contracts';
import { permitted, refusalsOf } from '../decide/index.ts';
import type { Permit, Protection } from '../model.ts';
import { activeBreakGlass } from '../protection/break-glass.ts';
import { activeRelationship, isFamilyRole } from '../protection/relationship.ts';
import type { CompleteQuestion, Ruling } from './disclose.ts';
import type { LookBasis } from './look.ts';

/** What of a child's facts may be read: the permitted slices, each with its reason. Nothing permitted is the one refusal. */
export function factsRule(question: CompleteQuestion): Ruling<readonly Permit[]> {
  const { permits, refusals, policyAlarm, relationship, breakGlass } = permitted(question);
  const basis: LookBasis = {
    ...(relationship === undefined ? {} : { relationship }),
    ...(breakGlass === undefined ? {} : { breakGlass }),
    ...(policyAlarm ? { alarm: true } : {}),
  };
  if (permits.length === 0)
    return { effect: 'deny', reasons: refusals.length > 0 ? refusals : ['no-agreement'], basis };
  return {
    effect: 'permit',
    scope: permits,
    slices: permits.map(seenUnder),
    basis: { ...basis, obligations: obligationsOf(permits) },
  };
}

/** A permitted slice as a look keeps it: which rule, agreement, consent or decision let it be seen, and how much. */
export function seenUnder({ slice, rule, agreement, consent, sharingDecision, mode }: Permit): SeenSlice {
  return {
    organisation: slice.organisation,
    category: slice.category,
    rule,
    ...(agreement === undefined ? {} : { agreement: agreement.id, version: agreement.version }),
    ...(consent === undefined ? {} : { consent }),
    ...(sharingDecision === undefined ? {} : { sharingDecision }),
    ...(mode === 'existence' ? { mode } : {}),
  };
}

/** One slice of a look. */
export type SeenSlice = LookContent['slices'][number];

/** What is asked for showing something of these slices, each once, in the order of {@link OBLIGATIONS}. */
export function obligationsOf(permits: readonly Permit[]): readonly Obligation[] {
  const asked = new Set<Obligation>();
  for (const { obligations } of permits) for (const each of obligations) asked.add(each);
  return OBLIGATIONS.filter((each) => asked.has(each));
}

/**
 * Whether a reader may know that the hub knows a child at all: somebody with a relationship, somebody of an organisation that has told of the
 * child itself, the area's data-protection officer, somebody with emergency access to it. Whoever else asks learns what they would learn of a child that does not exist. All
 * families are one organisation, so for a parent only the relationship counts.
 */
export function existenceRule(question: CompleteQuestion, tellers: readonly OrganisationId[]): Ruling<true> {
  const { reader, registry, purpose } = question;
  const told = tellers.includes(reader.organisation) && registry.organisations.has(reader.organisation);
  const officer = reader.organisation === HUB && reader.role === 'data-protection-officer' && purpose === 'audit';
  if ((told && !isFamilyRole(reader.role)) || officer) return { effect: 'permit', scope: true, slices: [] };
  const { refusals } = refusalsOf(question);
  if (refusals.length > 0) return { effect: 'deny', reasons: refusals };
  const { breakGlass: named, at, protections } = question;
  const grant = named === undefined ? undefined : activeBreakGlass(named, reader, purpose, at, protections)?.grant;
  return {
    effect: 'permit',
    scope: true,
    slices: [],
    ...(grant === undefined ? {} : { basis: { breakGlass: grant } }),
  };
}

/** Which looks at a child a reader may see (design §4.8). */
export type LooksScope =
  | { readonly of: 'everybody' }
  | { readonly of: 'family' }
  | { readonly of: 'organisation'; readonly organisation: OrganisationId };

/** The family sees the looks at its child but those for safeguarding (decision 11), the area's data-protection officer all, an organisation's its own people's and those at its own facts. */
export function looksRule(question: CompleteQuestion): Ruling<LooksScope> {
  const { reader, purpose, protections, registry } = question;
  if (!registry.organisations.has(reader.organisation) && reader.organisation !== HUB) {
    return { effect: 'deny', reasons: ['organisation-unknown'] };
  }
  if (reader.role === 'data-protection-officer' && purpose === 'audit') {
    const scope: LooksScope =
      reader.organisation === HUB ? { of: 'everybody' } : { of: 'organisation', organisation: reader.organisation };
    return { effect: 'permit', scope, slices: [] };
  }
  return familyRule(question, protections.length > 0)
    ? { effect: 'permit', scope: { of: 'family' }, slices: [] }
    : NO_RELATIONSHIP;
}

/** Who may read and change a child's consents: the family members with a relationship of their own, nobody for them. */
export function consentsRule(question: CompleteQuestion): Ruling<true> {
  return familyRule(question, question.protections.length > 0)
    ? { effect: 'permit', scope: true, slices: [] }
    : NO_RELATIONSHIP;
}

/** Who is told who may read what of a child: the area's data-protection officer everything, the family all but what could tip somebody off. */
export function readersRule(question: CompleteQuestion, known: boolean): Ruling<'officer' | 'family'> {
  const { reader, purpose } = question;
  const officer = reader.organisation === HUB && reader.role === 'data-protection-officer' && purpose === 'audit';
  if (officer && known) return { effect: 'permit', scope: 'officer', slices: [] };
  return familyRule(question, known) ? { effect: 'permit', scope: 'family', slices: [] } : NO_RELATIONSHIP;
}

/** Who may read what the family was told: the same. Notices about safeguarding are never addressed to it (decision 11). */
export const familyNoticesRule = consentsRule;

/**
 * Whether an emergency access to a child may be started at all, once role, purpose, sign-in and book allow it: to any child the hub knows,
 * but not by its own family in another role.
 */
export function emergencyRule({ reader, protections }: CompleteQuestion): Ruling<true> {
  return isOwnFamily(reader.sub, protections)
    ? { effect: 'deny', reasons: ['own-family'] }
    : { effect: 'permit', scope: true, slices: [] };
}

/** Which part in an emergency access an organisation has. */
export interface EmergencyConcern {
  /** Of the user. */
  readonly organisation: OrganisationId;
  /** Have told of the child. */
  readonly tellers: readonly OrganisationId[];
}

/** Data-protection officers read of emergency accesses: the area's of all, an organisation's of its own people's and of those to children it has told of. */
export function emergencyReviewsRule(
  { reader, purpose, registry }: CompleteQuestion,
  { organisation, tellers }: EmergencyConcern,
): Ruling<true> {
  const known = reader.organisation === HUB || registry.organisations.has(reader.organisation);
  const concerned =
    reader.organisation === HUB || reader.organisation === organisation || tellers.includes(reader.organisation);
  return known && concerned && reader.role === 'data-protection-officer' && purpose === 'audit'
    ? { effect: 'permit', scope: true, slices: [] }
    : { effect: 'deny', reasons: ['not-concerned'] };
}

/** The hub itself as an organisation: the area's data-protection officer and administrators belong to it. */
export const HUB = 'hub' as OrganisationId;

/** All families of an area as one organisation: what a family tells is told by it, and there is no system of its own behind it. */
export const FAMILIES = 'family' as OrganisationId;

const NO_RELATIONSHIP = { effect: 'deny', reasons: ['no-relationship'] } as const;

function familyRule({ reader, purpose, at, protections }: CompleteQuestion, known: boolean): boolean {
  if (!known || !isFamilyRole(reader.role) || purpose !== 'subject-access') return false;
  return activeRelationship(reader, dayOf(at), protections) !== undefined;
}

function isOwnFamily(sub: string, protections: readonly Protection[]): boolean {
  return protections.some(({ starts }) =>
    [...starts.values()].some(({ kind, person }) => kind === 'family' && person === sub),
  );
}
