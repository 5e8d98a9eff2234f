import { epochMs, fail, ok, parsePlainDate, startOfDay } from '#kernel';
import { CLAIM_REASONS, type RelationshipClaimed, type RelationshipClaimEnded } from '#contracts';
import type { Protection } from '../model.ts';
import { AS_BEFORE, sameButWords, type Decision } from './parts.ts';
import { isFamilyRole } from './relationship.ts';

/** A claim holds for so many days at most, its first included (decision 15). */
export const CLAIM_DAYS = 14;
const DAY = 86_400_000;

/** Keeps a professional's claim. Codes: ROLE_NOT_PROFESSIONAL, REASON_UNKNOWN, DATE_INVALID, DATE_ORDER, CLAIM_TOO_LONG, CLAIM_ALREADY_ENDED, CLAIM_ID_TAKEN. */
export function decideClaim(data: RelationshipClaimed, { claims, over }: Protection): Decision {
  if (isFamilyRole(data.role)) return fail({ code: 'ROLE_NOT_PROFESSIONAL', pointer: '/role' });
  if (!CLAIM_REASONS.includes(data.reason)) return fail({ code: 'REASON_UNKNOWN', pointer: '/reason' });
  for (const day of ['from', 'until'] as const)
    if (parsePlainDate(data[day]) === undefined) return fail({ code: 'DATE_INVALID', pointer: `/${day}` });
  if (data.until < data.from) return fail({ code: 'DATE_ORDER', pointer: '/until' });
  // Days of an hour more or less (summer time) round to whole ones.
  const days = Math.round((epochMs(startOfDay(data.until)) - epochMs(startOfDay(data.from))) / DAY) + 1;
  if (days > CLAIM_DAYS) return fail({ code: 'CLAIM_TOO_LONG', pointer: '/until' });
  if (over.has(data.claim)) return fail({ code: 'CLAIM_ALREADY_ENDED', pointer: '/claim' });
  const known = claims.get(data.claim);
  if (known === undefined) return ok([{ type: 'relationship.claimed.v1', data }]);
  return sameButWords(known, data) ? AS_BEFORE : fail({ code: 'CLAIM_ID_TAKEN', pointer: '/claim' });
}

/** Ends a claim before its time. Code: CLAIM_UNKNOWN. */
export function decideClaimEnd(data: RelationshipClaimEnded, { claims, over }: Protection): Decision {
  if (over.has(data.claim)) return AS_BEFORE;
  return claims.has(data.claim)
    ? ok([{ type: 'relationship.claim-ended.v1', data }])
    : fail({ code: 'CLAIM_UNKNOWN', pointer: '/claim' });
}
