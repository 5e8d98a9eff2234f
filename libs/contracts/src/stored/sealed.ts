/** STORAGE FORMAT: AES-256-GCM under a key that the vault knows by `key`; texts are base64url without padding. */
export interface Sealed {
  /** Id of the key; what it is for (record, category) stands only in the vault. */
  readonly key: string;
  readonly iv: string;
  /** Cipher text followed by the 16-byte tag. */
  readonly text: string;
}

/**
 * What a cipher text is bound to, so that it can't be moved (design §3.5). The event id is not here, because it is made
 * from the sealed bytes; stream and revision name the same event.
 */
export interface SealingContext {
  readonly stream: string;
  readonly revision: number;
  readonly type: string;
  /** The fact type and its version as submitted, or the event type where there is none. */
  readonly schema: string;
  /** recordId of the subject, `audit-<organisation>` for looks, or the fact id for a quarantined item. */
  readonly owner: string;
}
