import type { Permit, Question, RefusalId, Slice, SliceDecision } from '../model.ts';
import type { ConsentState } from '../protection/consent.ts';
import type { ActiveRelationship } from '../protection/relationship.ts';
import { candidates, type Candidate, type Ground } from './candidates.ts';
import { emergencyPermit, emergencyPermits } from './emergency.ts';
import { emergencyOpens } from './rules.ts';
import { standing, type Standing } from './standing.ts';

type Judge = Extract<Standing, { readonly effect: 'judge' }>;

/**
 * May this reader read facts of this slice, now, for this purpose? Deny by default; the answer cites the rule, agreement version, consent
 * or decision that allowed, or every reason that refused. Pure and total: whatever is missing refuses, with `policyAlarm`.
 */
export function decide(question: Question, slice: Slice): SliceDecision {
  const base = standing(question);
  if (base.effect === 'deny') return { effect: 'deny', slice, refusals: base.refusals, policyAlarm: base.policyAlarm };
  const opened = base.emergency === undefined ? undefined : emergencyPermit(base.registry, base.purpose, slice);
  return opened ?? rule(base, candidatesOf(base).find(slice.organisation, slice.category), slice.reliesOnConsent);
}

/**
 * Everything this reader may read about the child, now, for this purpose: {@link decide} over every slice that could be permitted
 * at all. It is the same whatever facts there are, so that what one may not know leaves no trace (design §4.7).
 */
export function permittedSlices(question: Question): readonly Permit[] {
  const base = standing(question);
  return base.effect === 'deny' ? [] : permitsOf(base);
}

/** The same with what it rests on beside the slices, for the look: the relationship and the emergency access. */
export function permitted(question: Question): Permitted {
  const base = standing(question);
  if (base.effect === 'deny') return { permits: [], refusals: base.refusals, policyAlarm: base.policyAlarm };
  const { relationship, emergency } = base;
  return {
    permits: permitsOf(base),
    refusals: [],
    policyAlarm: false,
    ...(relationship === undefined ? {} : { relationship }),
    ...(emergency === undefined ? {} : { breakGlass: emergency }),
  };
}

/** What may be read, or why nothing may, whatever the slice. */
export interface Permitted {
  readonly permits: readonly Permit[];
  readonly refusals: readonly RefusalId[];
  readonly policyAlarm: boolean;
  readonly relationship?: ActiveRelationship;
  /** The emergency access in force. */
  readonly breakGlass?: string;
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

function permitsOf(base: Judge): readonly Permit[] {
  const { emergency, registry, purpose } = base;
  if (emergency === undefined) return ordinaryPermits(base, candidatesOf(base).list);
  const opened = (source: Slice): boolean =>
    registry.organisations.has(source.organisation) && emergencyOpens(source.category, purpose);
  const others = candidatesOf(base).list.filter(({ free }) => !opened(free));
  return [...emergencyPermits(registry, purpose), ...ordinaryPermits(base, others)];
}

function ordinaryPermits(base: Judge, list: readonly Candidate[]): readonly Permit[] {
  const permits: Permit[] = [];
  for (const candidate of list) {
    const free = rule(base, candidate, false);
    // What is refused without regard to consent is refused with it: half the work for most slices.
    if (free.effect === 'deny') continue;
    permits.push(free);
    const resting = rule(base, candidate, true);
    if (resting.effect === 'permit') permits.push(resting);
  }
  return permits;
}

/** The ordinary rules of the policy release for one slice: the only place where they give a permission. */
function rule(base: Judge, candidate: Candidate, resting: boolean): SliceDecision {
  const ground = inForce(candidate.grounds, base.day);
  const { organisation, category } = candidate.free;
  // The people of the source know what they stated themselves.
  const kept = candidate.own ? undefined : base.decided('not-to-share', organisation, category);
  const consent = resting ? base.consent(category) : undefined;
  const lacking = consent !== undefined && consent.state !== 'given';
  const instead = lacking ? base.decided('without-consent', organisation, category) : undefined;
  const refused = base.refusals.length > 0 || candidate.refusals.length > 0 || kept !== undefined;
  if (!refused && ground !== undefined && (!lacking || instead !== undefined)) {
    if (consent === undefined) return ground.permit;
    const { permit } = ground;
    return { ...permit, slice: candidate.resting, ...reliedOn(consent, instead?.decision) };
  }
  const refusals = [...base.refusals, ...candidate.refusals];
  if (lacking && instead === undefined) refusals.push(CONSENT_REFUSALS[consent.state] ?? 'no-consent');
  if (kept !== undefined) refusals.push('decided-not-to-share');
  if (ground === undefined) refusals.push('no-agreement');
  return { effect: 'deny', slice: resting ? candidate.resting : candidate.free, refusals, policyAlarm: false };
}

/** Every state of consent but given refuses; these have a reason of their own. */
const CONSENT_REFUSALS: Partial<Record<ConsentState['state'], RefusalId>> = {
  refused: 'consent-refused',
  conflicting: 'consent-conflicting',
};

function reliedOn(consent: ConsentState, decision: string | undefined): Pick<Permit, 'consent' | 'sharingDecision'> {
  if (consent.state === 'given') return { consent: consent.consent.consent };
  return decision === undefined ? {} : { sharingDecision: decision };
}

function inForce(grounds: readonly Ground[], day: string): Ground | undefined {
  for (const ground of grounds) {
    const { agreement } = ground;
    if (agreement === undefined) return ground;
    if (agreement.from <= day && (agreement.until === null || agreement.until >= day)) return ground;
  }
  return undefined;
}
