import { PURPOSES, ROLE_PURPOSES, isPurpose, roleMayState } from '#contracts';
import type { Purpose, Role } from '#contracts';
import { fail, ok } from '#kernel';
import type { Outcome } from '#kernel';
import type { ProblemInit } from '../problem/problem.ts';

/**
 * Reads Hub-Purpose: exactly one purpose, exactly spelled, that the role may state. The answer never depends on a child (design §4.7).
 * A header sent twice arrives joined by a comma or as an array: unknown either way.
 */
export function readPurpose(header: unknown, role: Role, required: boolean): Outcome<Purpose | undefined, ProblemInit> {
  if (header === undefined) {
    return required
      ? fail({
          status: 428,
          code: 'CALLER_PURPOSE_REQUIRED',
          title: 'Say why you look',
          detail: `Send Hub-Purpose with one of: ${ROLE_PURPOSES[role].join(', ')}.`,
        })
      : ok(undefined);
  }
  if (!isPurpose(header)) {
    return fail({
      status: 422,
      code: 'CALLER_PURPOSE_UNKNOWN',
      title: 'There is no such purpose',
      detail: `Hub-Purpose is exactly one of: ${PURPOSES.join(', ')}.`,
    });
  }
  if (!roleMayState(role, header)) {
    return fail({
      status: 403,
      code: 'HUB_PURPOSE_NOT_YOURS',
      title: 'Your role may not look for this purpose',
      detail: `The role ${role} may state: ${ROLE_PURPOSES[role].join(', ')}.`,
    });
  }
  return ok(header);
}
