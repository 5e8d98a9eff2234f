import { fail, leafHash, ok, strictBase64, type Outcome } from '#kernel';
import { openCheckpoint, type Checkpoint, type CheckpointProblem } from './checkpoint.ts';
import { cosignaturesOf, type Cosignature, type CosignatureVerifier } from './cosignature.ts';
import { verifyInclusion } from './merkle.ts';
import type { NoteVerifier } from './note.ts';

/** C2SP tlog-proof: a receipt that an event is in the log, to be checked by anybody without us. */
export interface Receipt {
  readonly index: bigint;
  readonly hashes: readonly Uint8Array[];
  /** The signed checkpoint, verbatim. */
  readonly checkpoint: string;
  /** Not vouched for by the format; here the event's stored bytes where the holder may have them. */
  readonly extra?: Uint8Array;
}

/** Why a receipt proves nothing. */
export type ReceiptProblem = CheckpointProblem | 'not-included' | 'not-cosigned';

const FIRST_LINE = 'c2sp.org/tlog-proof@v1';

/** Text of a receipt, format `c2sp.org/tlog-proof@v1`; stored as `*.tlog-proof`. */
export function formatReceipt({ index, hashes, checkpoint, extra }: Receipt): string {
  const lines = [FIRST_LINE];
  if (extra !== undefined) lines.push(`extra ${Buffer.from(extra).toString('base64')}`);
  lines.push(`index ${index}`, ...hashes.map((hash) => Buffer.from(hash).toString('base64')));
  return `${lines.join('\n')}\n\n${checkpoint}`;
}

/** Reads a receipt; undefined for anything but the format. */
export function parseReceipt(text: string): Receipt | undefined {
  const split = text.indexOf('\n\n');
  if (split < 0) return undefined;
  const [first, ...lines] = text.slice(0, split).split('\n');
  if (first !== FIRST_LINE) return undefined;
  const extra = lines[0]?.startsWith('extra ') === true ? strictBase64((lines.shift() ?? '').slice(6)) : null;
  const index = /^index (0|[1-9][0-9]{0,19})$/.exec(lines.shift() ?? '')?.[1];
  if (extra === undefined || index === undefined || lines.length > 64) return undefined;
  const hashes: Uint8Array[] = [];
  for (const line of lines) {
    const hash = strictBase64(line);
    if (hash?.length !== 32) return undefined;
    hashes.push(hash);
  }
  const receipt = { index: BigInt(index), hashes, checkpoint: text.slice(split + 2) };
  return extra === null ? receipt : { ...receipt, extra };
}

/**
 * Verifies that these stored bytes are the leaf the receipt is about, by keys the holder already trusts. With `witnesses`, each of them must
 * have cosigned the receipt's checkpoint: then the log cannot have shown somebody else another tree of that size.
 */
export function verifyReceipt(
  text: string,
  data: Uint8Array,
  known: readonly NoteVerifier[],
  witnesses: readonly CosignatureVerifier[] = [],
): Outcome<
  { readonly index: bigint; readonly checkpoint: Checkpoint; readonly cosignatures: readonly Cosignature[] },
  ReceiptProblem
> {
  const receipt = parseReceipt(text);
  if (receipt === undefined) return fail('malformed');
  const checkpoint = openCheckpoint(receipt.checkpoint, known);
  if (!checkpoint.ok) return checkpoint;
  const { size, root } = checkpoint.value;
  if (!verifyInclusion(leafHash(data), receipt.index, size, receipt.hashes, root)) return fail('not-included');
  const cosignatures = cosignaturesOf(receipt.checkpoint, witnesses);
  if (!cosignatures.ok) return cosignatures;
  if (witnesses.length > cosignatures.value.length) return fail('not-cosigned');
  return ok({ index: receipt.index, checkpoint: checkpoint.value, cosignatures: cosignatures.value });
}
