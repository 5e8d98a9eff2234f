import { CompactSign } from 'jose';
import type { SubmittedCloudEvent } from '#contracts';
import { canonicalBytes } from '#kernel';
import type { OrganisationKey } from './keys.ts';

/** One fact as an organisation signs it: a compact JWS (RFC 7515 §7.1) whose payload is the exact CloudEvent. */
export async function signFact(event: SubmittedCloudEvent, key: OrganisationKey): Promise<string> {
  return new CompactSign(canonicalBytes(event))
    .setProtectedHeader({ alg: key.alg, kid: key.kid, typ: 'cloudevents+jws' })
    .sign(key.privateKey);
}
