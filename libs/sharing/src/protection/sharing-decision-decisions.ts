import { fail, ok, parsePlainDate, type OrganisationId } from '#kernel';
import { SHARING_GROUNDS, type SharingDecided, type SharingDecisionEnded } from '#contracts';
import type { Protection } from '../model.ts';
import type { ProtectionRejection } from './commands.ts';
import { AS_BEFORE, invalidScope, sameButWords, type Decision } from './parts.ts';

/**
 * Keeps a decision to share or not. Codes: those of categories and purposes, OUTCOME_UNKNOWN, GROUND_NOT_OF_OUTCOME, RECIPIENT_IS_SOURCE,
 * DATE_INVALID, DATE_ORDER, DECISION_ALREADY_ENDED, DECISION_ID_TAKEN.
 */
export function decideSharing(data: SharingDecided, { sharingDecisions, over }: Protection): Decision {
  const invalid = invalidSharing(data);
  if (invalid !== undefined) return fail(invalid);
  if (over.has(data.decision)) return fail({ code: 'DECISION_ALREADY_ENDED', pointer: '/decision' });
  const known = sharingDecisions.get(data.decision);
  if (known === undefined) return ok([{ type: 'sharing.decided.v1', data }]);
  return sameButWords(known, data) ? AS_BEFORE : fail({ code: 'DECISION_ID_TAKEN', pointer: '/decision' });
}

/** Ends one's own decision; another organisation's is not there. Code: DECISION_UNKNOWN. */
export function decideSharingEnd(
  data: SharingDecisionEnded,
  source: OrganisationId,
  { sharingDecisions, over }: Protection,
): Decision {
  if (over.has(data.decision)) return AS_BEFORE;
  return sharingDecisions.get(data.decision)?.source === source
    ? ok([{ type: 'sharing.decision-ended.v1', data }])
    : fail({ code: 'DECISION_UNKNOWN', pointer: '/decision' });
}

function invalidSharing(data: SharingDecided): ProtectionRejection | undefined {
  const { outcome, ground, source, recipient, from, until } = data;
  if (!Object.hasOwn(SHARING_GROUNDS, outcome)) return { code: 'OUTCOME_UNKNOWN', pointer: '/outcome' };
  const grounds: readonly string[] = SHARING_GROUNDS[outcome];
  if (!grounds.includes(ground)) return { code: 'GROUND_NOT_OF_OUTCOME', pointer: '/ground' };
  if (recipient === source) return { code: 'RECIPIENT_IS_SOURCE', pointer: '/recipient' };
  if (parsePlainDate(from) === undefined) return { code: 'DATE_INVALID', pointer: '/from' };
  if (until !== null && parsePlainDate(until) === undefined) return { code: 'DATE_INVALID', pointer: '/until' };
  if (until !== null && until < from) return { code: 'DATE_ORDER', pointer: '/until' };
  return invalidScope(data);
}
