import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { Chance } from '#kernel';
import type { LogToken } from '#event-log';
import type { Tickets, WriterTokens } from './core.ts';

/** Positions sealed for the one who wrote: a position in the clear would tell how much others wrote (design §4.7). */
export function writerTokens(key: Uint8Array, chance: Chance): WriterTokens {
  const sealed = tickets(key, chance);
  return {
    // Padded: the length of a position is a position too.
    issue: (sub, token) => sealed.issue(sub, token.padStart(40)),
    read: (sub, text) => sealed.read(sub, text)?.trim() as LogToken | undefined,
  };
}

/** AES-256-GCM under a key of this use alone, the holder as associated data; base64url. */
export function tickets(key: Uint8Array, chance: Chance): Tickets {
  return {
    issue: (holder, says) => {
      const iv = chance.bytes(12);
      const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(holder));
      const text = Buffer.concat([cipher.update(says), cipher.final()]);
      return Buffer.concat([iv, text, cipher.getAuthTag()]).toString('base64url');
    },
    read: (holder, ticket) => {
      const bytes = Buffer.from(ticket, 'base64url');
      if (bytes.length < 29) return undefined;
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12)).setAAD(Buffer.from(holder));
        decipher.setAuthTag(bytes.subarray(-16));
        return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]).toString();
      } catch {
        return undefined;
      }
    },
  };
}
