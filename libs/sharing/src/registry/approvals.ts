import { fail, ok, parseStrictJson, type OrganisationId, type Outcome } from '#kernel';
import { looksPersonal, type AgreementApproval, type AgreementApproved, type Reason } from '#contracts';
import type { Registry } from '../model.ts';
import { signatureVerifier } from '../publish/signatures.ts';

const MEMBERS = ['agreement', 'approver', 'digest', 'party', 'version'];
const SUBJECT = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/;
/** An approval is a few hundred bytes; a fact's JWS is never mistaken for one, because its members are others. */
const MOST_JWS = 4_096;

/**
 * Verifies that a party approved a version: a compact JWS by a registered, not revoked key of that party (see `signatureVerifier` for the
 * refusals), whose payload is an {@link AgreementApproval} about exactly this. Further refusals: APPROVAL_MALFORMED, APPROVAL_OF_OTHER.
 */
export function approvalVerifier(): (
  registry: Registry,
  about: { readonly agreement: string; readonly version: number; readonly party: OrganisationId },
  jws: string,
) => Promise<Outcome<AgreementApproved, Reason>> {
  const verify = signatureVerifier();
  return async (registry, about, jws) => {
    if (jws.length > MOST_JWS) return fail({ code: 'JWS_TOO_LARGE', pointer: '/jws' });
    const verified = await verify(registry, about.party, jws);
    if (!verified.ok) return fail({ code: verified.error.code, pointer: '/jws' });
    const approval = approvalIn(verified.value.payload);
    if (approval === undefined) return fail({ code: 'APPROVAL_MALFORMED', pointer: '/jws' });
    const { agreement, version, party } = approval;
    if (agreement !== about.agreement || version !== about.version || party !== about.party)
      return fail({ code: 'APPROVAL_OF_OTHER', pointer: '/jws' });
    return ok({ ...approval, kid: verified.value.kid, jws });
  };
}

function approvalIn(payload: Uint8Array): AgreementApproval | undefined {
  const parsed = parseStrictJson(payload);
  if (!parsed.ok || typeof parsed.value !== 'object' || parsed.value === null) return undefined;
  const value = parsed.value as Readonly<Record<string, unknown>>;
  if (Object.keys(value).sort().join() !== MEMBERS.join()) return undefined;
  const { agreement, approver, digest, party, version } = value;
  if (typeof agreement !== 'string' || typeof digest !== 'string' || typeof party !== 'string') return undefined;
  if (typeof version !== 'number' || typeof approver !== 'string') return undefined;
  // It stands in the log as it is: a pseudonym, never a number of a person.
  if (!SUBJECT.test(approver) || looksPersonal(approver)) return undefined;
  return { agreement, approver, digest, party: party as OrganisationId, version };
}
