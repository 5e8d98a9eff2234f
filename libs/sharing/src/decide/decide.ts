import { sensitivityOf, type AgreementInForce } from '#contracts';
import type { Permit, Question, RefusalId, Slice, SliceDecision } from '../model.ts';
import { isFamilyRole } from '../protection/relationship.ts';
import { candidates, type Candidate } from './candidates.ts';
import { restrictionAllows } from './rules.ts';
import { standing, type Standing } from './standing.ts';

type Judge = Extract<Standing, { readonly effect: 'judge' }>;

/**
 * May this reader read facts of this slice, now, for this purpose? Deny by default; the answer cites the rule, agreement version
 * and consent that allowed, or every reason that refused. Pure and total: whatever is missing refuses, with `policyAlarm`.
 */
export function decide(question: Question, slice: Slice): SliceDecision {
  const base = standing(question);
  if (base.effect === 'deny') return { effect: 'deny', slice, refusals: base.refusals, policyAlarm: base.policyAlarm };
  return rule(base, slice, candidatesOf(base).find(slice.organisation, slice.category));
}

/**
 * Everything this reader may read about the child, now, for this purpose: {@link decide} over every slice that could be permitted
 * at all. It is the same whatever facts there are, so that what one may not know leaves no trace (design §4.7).
 */
export function permittedSlices(question: Question): readonly Permit[] {
  const base = standing(question);
  if (base.effect === 'deny') return [];
  const permits: Permit[] = [];
  for (const candidate of candidatesOf(base).list) {
    const free = rule(base, candidate.free, candidate);
    // What is refused without regard to consent is refused with it: half the work for most slices.
    if (free.effect === 'deny') continue;
    permits.push(free);
    const resting = rule(base, candidate.resting, candidate);
    if (resting.effect === 'permit') permits.push(resting);
  }
  return permits;
}

/** Why nothing about the child may be read, whatever the slice; empty where it depends on the slice. For looks and refusals. */
export function refusalsOf(question: Question): {
  readonly refusals: readonly RefusalId[];
  readonly policyAlarm: boolean;
} {
  const base = standing(question);
  return base.effect === 'deny' ? base : { refusals: [], policyAlarm: false };
}

function candidatesOf({ registry, organisation, purpose, reader }: Judge) {
  return candidates(registry, organisation, purpose, reader.role);
}

/** The rules of the policy release for one slice: the only place where a permission is made. */
function rule(base: Judge, slice: Slice, candidate: Candidate | undefined): SliceDecision {
  const { category } = slice;
  const own = slice.organisation === base.organisation;
  let refusals: RefusalId[] | undefined;
  const refuse = (id: RefusalId) => (refusals ??= []).push(id);

  // A family's own organisation is shared by all families: it opens no sealed word, or one parent would read the other's refuge.
  if (sensitivityOf(category) === 'sealed' && (!own || isFamilyRole(base.reader.role))) refuse('sealed');
  if (!restrictionAllows(category, base.purpose, base.reader.role)) refuse('restricted');
  let consent: string | undefined;
  if (slice.reliesOnConsent) {
    const state = base.consent(category);
    if (state.state === 'given') consent = state.consent.consent;
    else refuse(state.state === 'refused' ? 'consent-refused' : 'no-consent');
  }
  const agreement = own ? undefined : inForce(candidate?.agreements, base.day);
  if (!own && agreement === undefined) refuse('no-agreement');
  if (refusals !== undefined) return { effect: 'deny', slice, refusals, policyAlarm: false };

  const permit: Permit =
    agreement === undefined
      ? { effect: 'permit', slice, rule: 'own-organisation' }
      : {
          effect: 'permit',
          slice,
          rule: 'agreement',
          agreement: { id: agreement.agreement, version: agreement.version },
        };
  return consent === undefined ? permit : { ...permit, consent };
}

function inForce(agreements: readonly AgreementInForce[] | undefined, day: string): AgreementInForce | undefined {
  return agreements?.find(({ from, until }) => from <= day && (until === null || until >= day));
}
