import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  looksLikeManifest,
  parseReceipt,
  parseVkey,
  parseWitnessKey,
  verifyManifest,
  verifyReceipt,
  type ManifestProblem,
} from '#transparency';

/** What is verified, and by which keys. */
export interface AuditOptions {
  /** A receipt (`c2sp.org/tlog-proof@v1`), or the `manifest.note` of an export beside its files. */
  readonly file: string;
  readonly vkey: string;
  /** Witnesses that must have cosigned. */
  readonly witnesses?: readonly string[];
  /** The stored bytes of the event, where the receipt does not hold them. */
  readonly bytes?: string;
}

/** Verifies a receipt or an export with nothing but files and keys; the answer says what is proven. Throws `NOT PROVEN: …` otherwise. */
export function auditVerify({ file, vkey, witnesses = [], bytes }: AuditOptions): string {
  const text = readFileSync(file, 'utf8');
  const log = parseVkey(vkey);
  const known = witnesses.map(parseWitnessKey);
  const cosigned = known.length === 0 ? '' : `, cosigned by ${known.map(({ name }) => name).join(', ')}`;
  if (looksLikeManifest(text)) {
    const found = (name: string) => hashed(join(dirname(file), name));
    const verified = verifyManifest(text, { log, witnesses: known, file: found });
    if (!verified.ok) throw new Error(`NOT PROVEN: ${said(verified.error)}`);
    const { made, files, decisions, checkpoint } = verified.value;
    return `proven: export of ${made}, ${String(files.length)} files and ${String(decisions.length)} decisions in the log of ${String(checkpoint.size)} events${cosigned}`;
  }
  const data = bytes === undefined ? parseReceipt(text)?.extra : readFileSync(bytes);
  if (data === undefined) throw new Error('this is no receipt, or its event is not in it: --bytes <file>');
  const verified = verifyReceipt(text, data, [log], known);
  if (!verified.ok) throw new Error(`NOT PROVEN: ${verified.error}`);
  const { index, checkpoint } = verified.value;
  return `proven: event ${String(index)} of ${String(checkpoint.size)} is in the log that was signed${cosigned}`;
}

function hashed(path: string): { readonly sha256: Uint8Array; readonly bytes: number } | undefined {
  if (!existsSync(path)) return undefined;
  const bytes = readFileSync(path);
  return { sha256: createHash('sha256').update(bytes).digest(), bytes: bytes.length };
}

function said(problem: ManifestProblem): string {
  return 'what' in problem ? `${problem.why} (${problem.what})` : problem.why;
}
