import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto';
import type { Sealed, SealingContext } from '#contracts';
import type { Chance } from '#kernel';
import type { KeyHandle } from './port.ts';

const ALGORITHM = 'aes-256-gcm';
const IV = 12;
const TAG = 16;

/**
 * STORAGE FORMAT: the associated data of a cipher text: RFC 8785 text of the context, key id and key version. Members are
 * written in sorted order, so `JSON.stringify` gives the canonical spelling at a fifth of the cost; a spec compares them.
 */
export function associatedData(key: KeyHandle, context: SealingContext): string {
  return JSON.stringify({
    key: key.id,
    keyVersion: key.version,
    owner: context.owner,
    revision: context.revision,
    schema: context.schema,
    stream: context.stream,
    type: context.type,
  });
}

/** AES-256-GCM (NIST SP 800-38D) with a random 96-bit IV. */
export function sealUnder(
  secret: KeyObject,
  key: KeyHandle,
  context: SealingContext,
  plaintext: Uint8Array,
  chance: Chance,
): Sealed {
  const iv = Buffer.from(chance.bytes(IV));
  const cipher = createCipheriv(ALGORITHM, secret, iv);
  cipher.setAAD(Buffer.from(associatedData(key, context), 'utf8'));
  const text = Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
  return { key: key.id, iv: iv.toString('base64url'), text: text.toString('base64url') };
}

/** The plaintext, or undefined where anything differs from what was sealed, even in spelling. */
export function openUnder(
  secret: KeyObject,
  key: KeyHandle,
  context: SealingContext,
  sealed: Sealed,
): Uint8Array | undefined {
  const iv = Buffer.from(sealed.iv, 'base64url');
  const text = Buffer.from(sealed.text, 'base64url');
  if (iv.length !== IV || text.length < TAG) return undefined;
  if (iv.toString('base64url') !== sealed.iv || text.toString('base64url') !== sealed.text) return undefined;
  const decipher = createDecipheriv(ALGORITHM, secret, iv, { authTagLength: TAG });
  decipher.setAAD(Buffer.from(associatedData(key, context), 'utf8'));
  decipher.setAuthTag(text.subarray(text.length - TAG));
  const plain = decipher.update(text.subarray(0, text.length - TAG));
  try {
    decipher.final();
  } catch {
    plain.fill(0);
    return undefined;
  }
  return plain;
}
