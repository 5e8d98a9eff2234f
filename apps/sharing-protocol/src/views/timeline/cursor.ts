/** The last row of a page by its sort values; nothing a reader has not seen. */
export interface Cursor {
  readonly at: string;
  readonly fact: string;
}

const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;

/** base64url JSON of the two sort values. */
export function encodeCursor({ at, fact }: Cursor): string {
  return Buffer.from(JSON.stringify([at, fact])).toString('base64url');
}

/** Undefined for anything that `encodeCursor` did not write. */
export function decodeCursor(text: string): Cursor | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
    if (!Array.isArray(value) || value.length !== 2) return undefined;
    const [at, fact] = value as readonly unknown[];
    if (typeof at !== 'string' || typeof fact !== 'string') return undefined;
    if (!INSTANT.test(at) || fact.length > 64) return undefined;
    return encodeCursor({ at, fact }) === text ? { at, fact } : undefined;
  } catch {
    return undefined;
  }
}
