import { fail, ok, parsePlainDate } from '#kernel';
import { OVERRIDING_GROUNDS, type ObjectionMade } from '#contracts';
import type { Protection } from '../model.ts';
import type { ProtectionCommand } from './commands.ts';
import { AS_BEFORE, invalidScope, MOST_BY_ONE_PERSON, sameButWords, type Decision } from './parts.ts';
import { decideSharing } from './sharing-decision-decisions.ts';

/** Keeps an objection of the family. Codes: those of categories and purposes, DATE_INVALID, OBJECTIONS_TOO_MANY, OBJECTION_ID_TAKEN. */
export function decideObjectionMade(data: ObjectionMade, { objections }: Protection): Decision {
  const scope = invalidScope(data);
  if (scope !== undefined) return fail(scope);
  if (parsePlainDate(data.on) === undefined) return fail({ code: 'DATE_INVALID', pointer: '/on' });
  const known = objections.get(data.objection);
  if (known === undefined) {
    const own = [...objections.values()].filter(({ made }) => made.by === data.by);
    return own.length >= MOST_BY_ONE_PERSON
      ? fail({ code: 'OBJECTIONS_TOO_MANY', pointer: '/objection' })
      : ok([{ type: 'objection.made.v1', data }]);
  }
  // The same words the day after are the same objection.
  return sameButWords({ ...known.made, on: data.on }, data)
    ? AS_BEFORE
    : fail({ code: 'OBJECTION_ID_TAKEN', pointer: '/objection' });
}

/**
 * Answers an objection: upheld, and the decision not to share is kept with it, or overridden on a ground of the law. Only by the organisation
 * it was made to; once. Codes: OBJECTION_UNKNOWN, OBJECTION_ALREADY_DECIDED, GROUND_NOT_OF_OUTCOME, and those of the decision not to share.
 */
export function decideObjection(
  { data, source, sharing }: Extract<ProtectionCommand, { readonly type: 'decideObjection' }>,
  protection: Protection,
): Decision {
  const objection = protection.objections.get(data.objection);
  if (objection?.made.organisation !== source) return fail({ code: 'OBJECTION_UNKNOWN', pointer: '/objection' });
  const { decided } = objection;
  if (decided !== undefined) {
    return decided.outcome === data.outcome && decided.ground === data.ground
      ? AS_BEFORE
      : fail({ code: 'OBJECTION_ALREADY_DECIDED', pointer: '/objection' });
  }
  if (data.outcome === 'overridden') {
    return data.ground !== undefined && OVERRIDING_GROUNDS.includes(data.ground) && sharing === undefined
      ? ok([{ type: 'objection.decided.v1', data }])
      : fail({ code: 'GROUND_NOT_OF_OUTCOME', pointer: '/ground' });
  }
  if (data.ground !== undefined || sharing?.ground !== 'objection-upheld' || sharing.source !== source)
    return fail({ code: 'GROUND_NOT_OF_OUTCOME', pointer: '/ground' });
  if (data.decision !== sharing.decision) return fail({ code: 'DECISION_UNKNOWN', pointer: '/decision' });
  const carriedOut = decideSharing(sharing, protection);
  // What restricts comes first: an append of both is one, and a reader of the stream never finds the answer without what it promises.
  return carriedOut.ok ? ok([...carriedOut.value, { type: 'objection.decided.v1', data }]) : carriedOut;
}
