import { createHash } from 'node:crypto';

/** SHA-256 of the parts, one after another. */
export function sha256(...parts: readonly (Uint8Array | string)[]): Uint8Array {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

const LEAF = Uint8Array.of(0);

/** RFC 6962 §2.1 leaf hash of an event's stored bytes. */
export function leafHash(data: Uint8Array): Uint8Array {
  return createHash('sha256').update(LEAF).update(data).digest();
}
