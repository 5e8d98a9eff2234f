import { fail, ok, parsePlainDate } from '#kernel';
import {
  AUTHORITY_EVIDENCE,
  COMPETENCE_CRITERIA,
  type AuthorityEnded,
  type AuthorityRecorded,
  type CompetenceAssessed,
} from '#contracts';
import type { Protection } from '../model.ts';
import type { ProtectionChange, ProtectionRejection } from './commands.ts';
import { AS_BEFORE, invalidScope, sameButWords, type Decision } from './parts.ts';

/** An assessment may be relied on for so long at most: competence is of a decision and of a time. */
const ASSESSMENT_YEARS = 1;

/**
 * Records who may decide. A fact's later statement replaces its earlier; what people record keeps its id for one meaning, and once ended
 * never comes back. Codes: EVIDENCE_NOT_OF_KIND, PERSON_MISSING, HOLDER_MISSING, DATE_INVALID, TIED_AUTHORITY_UNKNOWN,
 * AUTHORITY_ID_TAKEN, AUTHORITY_ALREADY_ENDED.
 */
export function decideAuthority(data: AuthorityRecorded, { authorities, authorityEnds }: Protection): Decision {
  const invalid = invalidAuthority(data);
  if (invalid !== undefined) return fail(invalid);
  const known = authorities.get(data.authority);
  if (data.fact === undefined) {
    if (authorityEnds.has(data.authority)) return fail({ code: 'AUTHORITY_ALREADY_ENDED', pointer: '/authority' });
    if (known !== undefined)
      return sameButWords(known, data) ? AS_BEFORE : fail({ code: 'AUTHORITY_ID_TAKEN', pointer: '/authority' });
    if (data.ties !== undefined) {
      const tied = authorities.get(data.ties);
      if (tied === undefined || tied.person !== null || tied.kind !== data.kind)
        return fail({ code: 'TIED_AUTHORITY_UNKNOWN', pointer: '/ties' });
    }
  } else if (known !== undefined && !authorityEnds.has(data.authority) && sameButWords(known, data)) return AS_BEFORE;
  return ok([{ type: 'authority.recorded.v1', data }]);
}

/** Ends an authority; the first end stands unless a later one is earlier. Codes: AUTHORITY_UNKNOWN, AUTHORITY_OF_A_FACT, DATE_INVALID. */
export function decideAuthorityEnd(data: AuthorityEnded, { authorities, authorityEnds }: Protection): Decision {
  if (parsePlainDate(data.endedOn) === undefined) return fail({ code: 'DATE_INVALID', pointer: '/endedOn' });
  const recorded = authorities.get(data.authority);
  if (recorded === undefined) return fail({ code: 'AUTHORITY_UNKNOWN', pointer: '/authority' });
  // The fact says how long; read again, it would say so again.
  if (recorded.fact !== undefined) return fail({ code: 'AUTHORITY_OF_A_FACT', pointer: '/authority' });
  const end = authorityEnds.get(data.authority);
  if (end !== undefined && end.endedOn <= data.endedOn) return AS_BEFORE;
  return ok([{ type: 'authority.ended.v1', data }]);
}

/** Takes back the authority that a fact stated, where it stated one: the fact was withdrawn, or belongs to another child. */
export function authorityOfFact(fact: string, { authorities }: Protection): readonly ProtectionChange[] {
  const recorded = authorities.get(fact);
  if (recorded === undefined) return [];
  return [{ type: 'authority.ended.v1', data: { authority: fact, endedOn: recorded.from, because: 'retracted' } }];
}

/**
 * Keeps an assessment. Codes: those of categories and purposes, DATE_INVALID, DATE_ORDER, ASSESSMENT_TOO_LONG, CRITERION_MISSING,
 * ASSESSMENT_ID_TAKEN.
 */
export function decideAssessment(data: CompetenceAssessed, { assessments }: Protection): Decision {
  const scope = invalidScope(data);
  if (scope !== undefined) return fail(scope);
  for (const day of ['on', 'until'] as const)
    if (parsePlainDate(data[day]) === undefined) return fail({ code: 'DATE_INVALID', pointer: `/${day}` });
  if (data.until < data.on) return fail({ code: 'DATE_ORDER', pointer: '/until' });
  if (isTooLong(data)) return fail({ code: 'ASSESSMENT_TOO_LONG', pointer: '/until' });
  const missing = COMPETENCE_CRITERIA.find((criterion) => typeof data.criteria[criterion] !== 'boolean');
  if (missing !== undefined) return fail({ code: 'CRITERION_MISSING', pointer: `/criteria/${missing}` });
  const known = assessments.get(data.assessment);
  if (known === undefined) return ok([{ type: 'competence.assessed.v1', data }]);
  return sameButWords(known, data) ? AS_BEFORE : fail({ code: 'ASSESSMENT_ID_TAKEN', pointer: '/assessment' });
}

/** True where the last day is later than the same day of the next year. */
function isTooLong({ on, until }: CompetenceAssessed): boolean {
  return until > `${String(Number(on.slice(0, 4)) + ASSESSMENT_YEARS).padStart(4, '0')}${on.slice(4)}`;
}

function invalidAuthority(data: AuthorityRecorded): ProtectionRejection | undefined {
  const { kind, evidence, person, holder, from, until, fact } = data;
  const allowed: readonly string[] = Object.hasOwn(AUTHORITY_EVIDENCE, kind) ? AUTHORITY_EVIDENCE[kind] : [];
  if (!allowed.includes(evidence)) return { code: 'EVIDENCE_NOT_OF_KIND', pointer: '/evidence' };
  if (kind === 'care-order' && (holder === undefined || person !== null))
    return { code: 'HOLDER_MISSING', pointer: '/holder' };
  // Only a source that knows people by other names than ours may leave the person open.
  if (kind !== 'care-order' && fact === undefined && (person === null || person === ''))
    return { code: 'PERSON_MISSING', pointer: '/person' };
  if (parsePlainDate(from) === undefined) return { code: 'DATE_INVALID', pointer: '/from' };
  if (until !== null && parsePlainDate(until) === undefined) return { code: 'DATE_INVALID', pointer: '/until' };
  return undefined;
}
