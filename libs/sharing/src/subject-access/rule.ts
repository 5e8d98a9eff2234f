import { dayOf, type Instant, type OrganisationId } from '#kernel';
import { CATEGORIES, isHidden, sensitivityOf, type Category } from '#contracts';
import type { CompleteQuestion, Ruling } from '../disclose/disclose.ts';
import { HUB } from '../disclose/rules.ts';
import type { Slice } from '../model.ts';
import { activeRelationship, isFamilyRole } from '../protection/relationship.ts';
import { answerItem, isHeldHere, type Asked } from './subject-access.ts';

/** What a release is made of: the slices of every source, and whether it is the officers' draft, which nobody has agreed to yet. */
export interface AccessScope {
  readonly slices: readonly Slice[];
  readonly draft: boolean;
}

/**
 * Who may read what a subject access request brings together, and of which slices. The area's data-protection officers as a draft; whoever
 * asked, once it is released, while their relationship with the child lasts. Consent and agreements play no part: it is the child's own
 * right (UK GDPR art. 15). Sealed categories (a refuge's address, an adoption) are never in it: each source answers for those itself.
 */
export function subjectAccessRule(
  question: CompleteQuestion,
  request: Asked & { readonly status: string },
): Ruling<AccessScope> {
  const { reader, purpose, at, protections } = question;
  if (purpose !== 'subject-access') return { effect: 'deny', reasons: ['role-lacks-purpose'] };
  const slices = slicesOf(request.received.sources);
  const permit = (draft: boolean): Ruling<AccessScope> => ({
    effect: 'permit',
    scope: { slices, draft },
    slices: slices.map(({ organisation, category }) => ({ organisation, category, rule: 'subject-access' })),
  });
  if (reader.role === 'data-protection-officer' && reader.organisation === HUB)
    return permit(request.status !== 'released');
  const asked = request.status === 'released' && request.received.sub === reader.sub && isFamilyRole(reader.role);
  const related = asked && activeRelationship(reader, dayOf(at), protections) !== undefined;
  return related ? permit(false) : { effect: 'deny', reasons: ['no-relationship'] };
}

/** As whom somebody reads how a request stands: who it is decided by, who made it, or who is asked to answer. */
export type RequestStanding = 'officer' | 'requester' | 'source';

/**
 * Who may know of a request at all: the area's data-protection officers, whoever asked while their relationship lasts, and, once it is known
 * who asks, the officer and the system of an organisation that is to answer.
 */
export function accessRequestRule(question: CompleteQuestion, request: Asked): Ruling<RequestStanding> {
  const { reader, purpose, at, protections, registry } = question;
  const permit = (scope: RequestStanding): Ruling<RequestStanding> => ({ effect: 'permit', scope, slices: [] });
  if (purpose !== 'subject-access') return { effect: 'deny', reasons: ['role-lacks-purpose'] };
  const { sub, sources } = request.received;
  if (reader.role === 'data-protection-officer' || reader.role === 'organisation-system') {
    if (reader.organisation === HUB && reader.role === 'data-protection-officer') return permit('officer');
    const { organisation } = reader;
    const asked = request.identity !== null && sources.includes(organisation) && !isHeldHere(organisation);
    if (asked && registry.organisations.has(reader.organisation)) return permit('source');
    return { effect: 'deny', reasons: ['not-own-record'] };
  }
  const theirs = isFamilyRole(reader.role) && sub === reader.sub;
  return theirs && activeRelationship(reader, dayOf(at), protections) !== undefined
    ? permit('requester')
    : { effect: 'deny', reasons: ['no-relationship'] };
}

/** Who may make a request for a child: a family member with a relationship of their own, or an area's officer on somebody's behalf. */
export function mayRequestAccess(question: CompleteQuestion): Ruling<'officer' | 'requester'> {
  const { reader, purpose, at, protections } = question;
  if (purpose !== 'subject-access') return { effect: 'deny', reasons: ['role-lacks-purpose'] };
  if (reader.role === 'data-protection-officer' && reader.organisation === HUB) {
    return { effect: 'permit', scope: 'officer', slices: [] };
  }
  return isFamilyRole(reader.role) && activeRelationship(reader, dayOf(at), protections) !== undefined
    ? { effect: 'permit', scope: 'requester', slices: [] }
    : { effect: 'deny', reasons: ['no-relationship'] };
}

/**
 * What of the items goes into a release: what was recorded before the second person agreed, was not marked to be kept back, and, of the
 * restricted categories, was marked to be released after somebody looked at it.
 */
export function inRelease(
  { marks, approved }: Asked,
  item: { readonly id: string; readonly category: Category; readonly recordedAt: Instant },
): boolean {
  if (approved === null || item.recordedAt > approved.upTo) return false;
  const mark = marks.get(item.id);
  return mark === undefined ? !isHidden(item.category) : mark.withhold === null;
}

/** Whether what a source answered goes into a release. */
export function answerInRelease({ marks }: Asked, source: OrganisationId): boolean {
  return (marks.get(answerItem(source))?.withhold ?? null) === null;
}

function slicesOf(sources: readonly OrganisationId[]): readonly Slice[] {
  const categories = (Object.keys(CATEGORIES) as Category[]).filter((each) => sensitivityOf(each) !== 'sealed');
  return sources.flatMap((organisation) =>
    categories.flatMap((category) =>
      [false, true].map((reliesOnConsent) => ({ organisation, category, reliesOnConsent })),
    ),
  );
}
