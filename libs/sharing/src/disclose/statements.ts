import { dayOf, type OrganisationId } from '#kernel';
import type { RelationshipClaimed } from '#contracts';
import type { Protection } from '../model.ts';
import { activeRelationship, isFamilyRole } from '../protection/relationship.ts';
import type { CompleteQuestion, Ruling } from './disclose.ts';
import { HUB } from './rules.ts';

/** Rules of who may say something on a child's protection, and read what was said there. Each refusal is the one 404. */

const NO_RELATIONSHIP = { effect: 'deny', reasons: ['no-relationship'] } as const;
const NO_RECORD = { effect: 'deny', reasons: ['no-record-of-organisation'] } as const;
const PERMIT = { effect: 'permit', scope: true, slices: [] } as const;

/**
 * A professional who works with the child because a fact says so. A claim of one's own is not enough: it lets read, never decide for others
 * (decision 15).
 */
export function professionalRule(question: CompleteQuestion): Ruling<true> {
  const { reader, registry, at, protections } = question;
  if (!registry.organisations.has(reader.organisation)) return { effect: 'deny', reasons: ['organisation-unknown'] };
  const relationship = activeRelationship(reader, dayOf(at), protections);
  if (isFamilyRole(reader.role) || relationship === undefined || relationship.kind === 'self-claimed')
    return NO_RELATIONSHIP;
  return { ...PERMIT, basis: { relationship } };
}

/** The same, of an organisation that has told of the child: only about one's own facts is there something to decide. */
export function sourceRule(question: CompleteQuestion, tellers: readonly OrganisationId[]): Ruling<true> {
  const ruling = professionalRule(question);
  return ruling.effect === 'deny' || tellers.includes(question.reader.organisation) ? ruling : NO_RECORD;
}

/** Who answers objections to an organisation: its people who work with the child, and its data-protection officer. */
export function objectionRule(question: CompleteQuestion, tellers: readonly OrganisationId[]): Ruling<true> {
  const { reader, purpose, registry } = question;
  if (reader.role !== 'data-protection-officer') return sourceRule(question, tellers);
  if (purpose !== 'audit' || !registry.organisations.has(reader.organisation)) return NO_RELATIONSHIP;
  return tellers.includes(reader.organisation) ? PERMIT : NO_RECORD;
}

/**
 * Who may claim to work with a child: a professional of an organisation that has itself told of the child, which is told of it by
 * `child-matches` too. So a claim tells nobody what they could not ask.
 */
export function claimRule({ reader, registry }: CompleteQuestion, tellers: readonly OrganisationId[]): Ruling<true> {
  if (!registry.organisations.has(reader.organisation)) return { effect: 'deny', reasons: ['organisation-unknown'] };
  if (isFamilyRole(reader.role)) return NO_RELATIONSHIP;
  return tellers.includes(reader.organisation) ? PERMIT : NO_RECORD;
}

/** Who may end a claim early: whoever made it, the data-protection officer of their organisation, and the area's. */
export function claimEndRule(question: CompleteQuestion, claim: string): Ruling<RelationshipClaimed> {
  const { reader, purpose } = question;
  const protections: readonly Protection[] = question.protections;
  // A claim is of exactly one child: what an earlier child of the record had is not here.
  const claimed = protections.map(({ claims }) => claims.get(claim)).find((each) => each !== undefined);
  if (claimed === undefined) return { effect: 'deny', reasons: ['claim-unknown'] };
  const officer = reader.role === 'data-protection-officer' && purpose === 'audit';
  const own = claimed.organisation === reader.organisation;
  const may = officer ? own || reader.organisation === HUB : own && claimed.person === reader.sub;
  return may ? { effect: 'permit', scope: claimed, slices: [] } : NO_RELATIONSHIP;
}
