import type { Permit, Question, RefusalId, Slice, SliceDecision } from '../model.ts';
import type { ConsentState } from '../protection/consent.ts';
import { candidates, type Candidate, type Ground } from './candidates.ts';
import { standing, type Standing } from './standing.ts';

type Judge = Extract<Standing, { readonly effect: 'judge' }>;

/**
 * May this reader read facts of this slice, now, for this purpose? Deny by default; the answer cites the rule, agreement version
 * and consent that allowed, or every reason that refused. Pure and total: whatever is missing refuses, with `policyAlarm`.
 */
export function decide(question: Question, slice: Slice): SliceDecision {
  const base = standing(question);
  if (base.effect === 'deny') return { effect: 'deny', slice, refusals: base.refusals, policyAlarm: base.policyAlarm };
  const candidate = candidatesOf(base).find(slice.organisation, slice.category);
  return rule(base, candidate, slice.reliesOnConsent);
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
    const free = rule(base, candidate, false);
    // What is refused without regard to consent is refused with it: half the work for most slices.
    if (free.effect === 'deny') continue;
    permits.push(free);
    const resting = rule(base, candidate, true);
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

/** The rules of the policy release for one slice: the only place where a permission is given. */
function rule(base: Judge, candidate: Candidate, resting: boolean): SliceDecision {
  const ground = inForce(candidate.grounds, base.day);
  const consent = resting ? base.consent(candidate.resting.category) : undefined;
  if (candidate.refusals.length === 0 && ground !== undefined) {
    if (consent === undefined) return ground.permit;
    if (consent.state === 'given') {
      const { rule: by, agreement } = ground.permit;
      const { resting: slice } = candidate;
      const relied = consent.consent.consent;
      return agreement === undefined
        ? { effect: 'permit', slice, rule: by, consent: relied }
        : { effect: 'permit', slice, rule: by, agreement, consent: relied };
    }
  }
  const refusals = [...candidate.refusals];
  if (consent !== undefined && consent.state !== 'given') {
    refusals.push(WHY_NO_CONSENT[consent.state] ?? 'no-consent');
  }
  if (ground === undefined) refusals.push('no-agreement');
  return { effect: 'deny', slice: resting ? candidate.resting : candidate.free, refusals, policyAlarm: false };
}

/** What a person is told where consent was spoken of, and not given. */
const WHY_NO_CONSENT: Partial<Record<ConsentState['state'], RefusalId>> = {
  refused: 'consent-refused',
  conflicting: 'consent-conflicting',
};

function inForce(grounds: readonly Ground[], day: string): Ground | undefined {
  for (const ground of grounds) {
    const { agreement } = ground;
    if (agreement === undefined) return ground;
    if (agreement.from <= day && (agreement.until === null || agreement.until >= day)) return ground;
  }
  return undefined;
}
