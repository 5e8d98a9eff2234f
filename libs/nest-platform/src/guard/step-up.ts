import { epochMs, type Instant } from '#kernel';
import type { Reader } from '#sharing';
import { STEP_UP_ACR } from '../auth/model.ts';
import { Problem } from '../problem/problem.ts';

/** True where the reader signed in at the step-up level at most so many seconds before `at`; a sign-in from the future is none. */
export function hasSteppedUp({ acr, authTime }: Reader, at: Instant, maxAgeSeconds: number): boolean {
  if (acr !== STEP_UP_ACR || authTime === undefined) return false;
  const age = epochMs(at) / 1000 - authTime;
  // An authorisation server's clock may be ahead by as much as its tokens are taken (CLOCK_TOLERANCE_SECONDS of the verifier).
  return age >= -5 && age <= maxAgeSeconds;
}

/**
 * The challenge of RFC 9470 §3: sign in again, at this level, not longer ago than that. `authorization` is the request's own header, whose
 * scheme the challenge answers in.
 */
export function stepUpRequired(authorization: string | undefined, maxAgeSeconds: number): Problem {
  const scheme = authorization?.toLowerCase().startsWith('dpop ') === true ? 'DPoP' : 'Bearer';
  const challenge = [
    'error="insufficient_user_authentication"',
    'error_description="A fresh sign-in at a higher level is required"',
    `acr_values="${STEP_UP_ACR}"`,
    `max_age="${maxAgeSeconds}"`,
  ];
  return new Problem({
    status: 401,
    code: 'CALLER_STEP_UP_REQUIRED',
    title: 'Sign in again to do this',
    detail: `Sign in at the level ${STEP_UP_ACR}, not more than ${maxAgeSeconds} seconds before you ask.`,
    headers: { 'www-authenticate': `${scheme} ${challenge.join(', ')}` },
  });
}
