import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { Chance } from '#kernel';
import type { LogToken } from '#event-log';
import type { WriterTokens } from './core.ts';

/** Positions sealed for the one who wrote: a position in the clear would tell how much others wrote (design §4.7). */
export function writerTokens(key: Uint8Array, chance: Chance): WriterTokens {
  return {
    issue: (sub, token) => {
      const iv = chance.bytes(12);
      const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(sub));
      // Padded: the length of a position is a position too.
      const text = Buffer.concat([cipher.update(token.padStart(40)), cipher.final()]);
      return Buffer.concat([iv, text, cipher.getAuthTag()]).toString('base64url');
    },
    read: (sub, text) => {
      const bytes = Buffer.from(text, 'base64url');
      if (bytes.length < 29) return undefined;
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12)).setAAD(Buffer.from(sub));
        decipher.setAuthTag(bytes.subarray(-16));
        return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()])
          .toString()
          .trim() as LogToken;
      } catch {
        return undefined;
      }
    },
  };
}
