import { createHmac } from 'node:crypto';
import type { ChildId, OrganisationId } from '#kernel';

/**
 * An organisation's own pseudonym of a child, 22 characters of base64url: the same in every signal to it, another for every other
 * organisation, and without the hub's secret nobody finds the child in it. HMAC-SHA-256, the first 16 bytes.
 */
export function pseudonymOf(secret: Uint8Array, organisation: OrganisationId, child: ChildId): string {
  return createHmac('sha256', secret)
    .update(`${String(organisation.length)}:${organisation}${child}`)
    .digest()
    .subarray(0, 16)
    .toString('base64url');
}
