/** STORAGE FORMAT: what a row's wrapping holds: 32 bytes of key, then `["owner","compartment"]` in UTF-8. */
const SECRET = 32;

/** What a key is for, in the clear. */
export interface KeyWords {
  readonly owner: string;
  readonly compartment: string;
}

/** A key with its words, to be wrapped. */
export function withWords(secret: Uint8Array, { owner, compartment }: KeyWords): Buffer {
  return Buffer.concat([secret, Buffer.from(JSON.stringify([owner, compartment]), 'utf8')]);
}

/** The words of an unwrapped key; undefined where it has none. */
export function wordsIn(plain: Uint8Array): KeyWords | undefined {
  const words: unknown = JSON.parse(Buffer.from(plain.subarray(SECRET)).toString('utf8'));
  if (!Array.isArray(words)) return undefined;
  const [owner, compartment] = words.map(String);
  return owner === undefined || compartment === undefined ? undefined : { owner, compartment };
}

/** A copy of the key itself. */
export function secretIn(plain: Uint8Array): Uint8Array {
  return Uint8Array.from(plain.subarray(0, SECRET));
}
