import { readFileSync } from 'node:fs';
import { parseReceipt, parseVkey, parseWitnessKey, verifyReceipt } from '#transparency';

/** What is verified, and by which keys. */
export interface AuditOptions {
  /** A receipt (`c2sp.org/tlog-proof@v1`). */
  readonly file: string;
  readonly vkey: string;
  /** Witnesses that must have cosigned. */
  readonly witnesses?: readonly string[];
  /** The stored bytes of the event, where the receipt does not hold them. */
  readonly bytes?: string;
}

/** What is proven, in a line, and the stored bytes of the event that it is proven of. */
export interface Proven {
  readonly line: string;
  readonly bytes: Uint8Array;
}

/** Verifies a receipt with nothing but files and keys. Throws `NOT PROVEN: …` otherwise. */
export function auditVerify({ file, vkey, witnesses = [], bytes }: AuditOptions): Proven {
  const text = readFileSync(file, 'utf8');
  const known = witnesses.map(parseWitnessKey);
  const data = bytes === undefined ? parseReceipt(text)?.extra : readFileSync(bytes);
  if (data === undefined) throw new Error('this is no receipt, or its event is not in it: --bytes <file>');
  const verified = verifyReceipt(text, data, [parseVkey(vkey)], known);
  if (!verified.ok) throw new Error(`NOT PROVEN: ${verified.error}`);
  const { index, checkpoint } = verified.value;
  const cosigned = known.length === 0 ? '' : `, cosigned by ${known.map(({ name }) => name).join(', ')}`;
  const line = `proven: event ${String(index)} of ${String(checkpoint.size)} is in the log that was signed${cosigned}`;
  return { line, bytes: data };
}
