import { CompactSign } from 'jose';
import type { AgreementApproval } from '#contracts';
import { canonicalBytes } from '#kernel';
import type { OrganisationKey } from './keys.ts';

/** An approval of a version of an agreement as a party signs it: a compact JWS (RFC 7515 §7.1) over exactly these members. */
export async function signApproval(approval: AgreementApproval, key: OrganisationKey): Promise<string> {
  const { agreement, approver, digest, party, version } = approval;
  return new CompactSign(canonicalBytes({ agreement, approver, digest, party, version }))
    .setProtectedHeader({ alg: key.alg, kid: key.kid, typ: 'agreement-approval+jws' })
    .sign(key.privateKey);
}
