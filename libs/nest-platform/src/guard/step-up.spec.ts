import { describe, expect, it } from '@jest/globals';
import { toInstant, type OrganisationId } from '#kernel';
import type { Reader } from '#sharing';
import { STEP_UP_ACR } from '../auth/model.ts';
import { hasSteppedUp, stepUpRequired } from './step-up.ts';

const reader: Reader = {
  sub: 'p',
  organisation: 'trust' as OrganisationId,
  role: 'health-visitor',
  acr: STEP_UP_ACR,
  authTime: 1_000,
  client: 'c',
};
const at = (seconds: number) => toInstant(seconds * 1000);
const { sub, organisation, role, acr, client } = reader;
const never: Reader = { sub, organisation, role, acr, client };

describe('a fresh sign-in at a higher level', () => {
  it.each([
    ['just now', reader, at(1_000), true],
    ['as long ago as may be', reader, at(1_300), true],
    ['longer ago', reader, at(1_301), false],
    ['by a clock a little ahead', reader, at(995), true],
    ['in the future', reader, at(994), false],
    ['at another level', { ...reader, acr: 'urn:tellonce:acr:demonstration' }, at(1_000), false],
    ['at a time nobody says', never, at(1_000), false],
  ])('%s', (_what, who, now, taken) => {
    expect(hasSteppedUp(who, now, 300)).toBe(taken);
  });

  it.each([
    ['Bearer x', 'Bearer'],
    ['DPoP x', 'DPoP'],
    ['dpop x', 'DPoP'],
    [undefined, 'Bearer'],
  ])('is asked for as RFC 9470 says, in the scheme of %s', (authorization, scheme) => {
    const { init } = stepUpRequired(authorization, 300);
    expect([init.status, init.code]).toEqual([401, 'CALLER_STEP_UP_REQUIRED']);
    expect(init.headers?.['www-authenticate']).toBe(
      `${scheme} error="insufficient_user_authentication", ` +
        'error_description="A fresh sign-in at a higher level is required", ' +
        `acr_values="${STEP_UP_ACR}", max_age="300"`,
    );
  });
});
