import { canonicalBytes, sha256 } from '#kernel';
import type { AgreementContent } from './registry-events.ts';

/**
 * What an approval names the text by: SHA-256 (base64url) of the canonical JSON (RFC 8785) of the whole version, so that a party signs
 * every word of it and nobody can put another text under its signature.
 */
export function agreementDigest(content: AgreementContent): string {
  return Buffer.from(sha256(canonicalBytes(content))).toString('base64url');
}
