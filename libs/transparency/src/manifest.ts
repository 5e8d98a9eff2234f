import { fail, isUuid, ok, parseInstant, type Instant, type Outcome } from '#kernel';
import { openCheckpoint, type Checkpoint } from './checkpoint.ts';
import { cosignedBy, type CosignatureVerifier } from './cosignature.ts';
import { openNote, signNote, strictBase64, type NoteProblem, type NoteSigner, type NoteVerifier } from './note.ts';
import { parseReceipt, verifyReceipt } from './tlog-proof.ts';

/** A file that goes with a manifest: `sha256` are the 32 bytes of its hash, `bytes` its length. */
export interface ManifestFile {
  readonly name: string;
  readonly sha256: Uint8Array;
  readonly bytes: number;
}

/** What an export says about itself. */
export interface ExportContent {
  /** When it was made. */
  readonly made: Instant;
  readonly files: readonly ManifestFile[];
  /** The decisions that the files tell of, each with its receipt (`c2sp.org/tlog-proof@v1`, the look's stored bytes in `extra`). */
  readonly decisions: readonly { readonly decision: string; readonly receipt: string }[];
  /** The signed checkpoint of that moment. */
  readonly checkpoint: string;
}

/** Why an export proves nothing; `what` is the file or decision concerned. */
export type ManifestProblem =
  | { readonly why: NoteProblem | 'bad-checkpoint' }
  | { readonly why: 'file-missing' | 'file-differs' | 'decision-not-proven'; readonly what: string };

const FIRST_LINE = 'tellonce-export@v1';

/**
 * The manifest of an export "with proof": a C2SP signed note by the key that signs checkpoints, one line a thing, in this order:
 *
 *     tellonce-export@v1
 *     made 2026-11-24T09:30:00.000Z
 *     checkpoint <base64 of the signed checkpoint>
 *     file <length in bytes> <base64 of SHA-256> <name>
 *     decision <decision id> <base64 of its receipt>
 *
 * No checkpoint is ever spelt so (its second line is a size), so one key may sign both. Kept as `manifest.note` beside the files; `tellonce
 * audit verify manifest.note` needs neither hub nor network. Throws RangeError for a name with a slash, a control character or at either end a
 * space, and for what is no decision id.
 */
export function exportManifest(content: ExportContent, signer: NoteSigner): string {
  const lines = [FIRST_LINE, `made ${content.made}`, `checkpoint ${encode(content.checkpoint)}`];
  for (const { name, sha256, bytes } of content.files) {
    if (!isFileName(name) || sha256.length !== 32 || !Number.isSafeInteger(bytes) || bytes < 0)
      throw new RangeError('not a file of a manifest');
    lines.push(`file ${bytes} ${Buffer.from(sha256).toString('base64')} ${name}`);
  }
  for (const { decision, receipt } of content.decisions) {
    if (!isUuid(decision)) throw new RangeError('not a decision of a manifest');
    lines.push(`decision ${decision} ${encode(receipt)}`);
  }
  return signNote(`${lines.join('\n')}\n`, signer);
}

/** Whether a text begins as a manifest does. */
export function looksLikeManifest(text: string): boolean {
  return text.startsWith(`${FIRST_LINE}\n`);
}

/** What was verified of an export. */
export interface VerifiedExport {
  readonly made: Instant;
  readonly files: readonly ManifestFile[];
  readonly decisions: readonly { readonly decision: string; readonly index: bigint }[];
  readonly checkpoint: Checkpoint;
}

/**
 * Verifies an export offline: the signature of the manifest, each file by what `file` says of it, and for each decision that the look which
 * was recorded under that id is a leaf of the tree that was signed. With `witnesses`, each of them must have cosigned every checkpoint in it.
 */
export function verifyManifest(
  note: string,
  by: {
    readonly log: NoteVerifier;
    readonly witnesses?: readonly CosignatureVerifier[];
    readonly file: (name: string) => { readonly sha256: Uint8Array; readonly bytes: number } | undefined;
  },
): Outcome<VerifiedExport, ManifestProblem> {
  const opened = openNote(note, [by.log]);
  if (!opened.ok) return fail({ why: opened.error });
  const content = read(opened.value.text);
  if (content === undefined) return fail({ why: 'malformed' });
  const head = openCheckpoint(content.checkpoint, [by.log]);
  const witnesses = by.witnesses ?? [];
  if (!head.ok || !cosignedBy(content.checkpoint, witnesses)) return fail({ why: 'bad-checkpoint' });
  for (const { name, sha256, bytes } of content.files) {
    const there = by.file(name);
    if (there === undefined) return fail({ why: 'file-missing', what: name });
    if (there.bytes !== bytes || Buffer.compare(there.sha256, sha256) !== 0)
      return fail({ why: 'file-differs', what: name });
  }
  const decisions: VerifiedExport['decisions'][number][] = [];
  for (const { decision, receipt } of content.decisions) {
    const bytes = parseReceipt(receipt)?.extra;
    const proven = bytes === undefined ? undefined : verifyReceipt(receipt, bytes, [by.log], witnesses);
    if (bytes === undefined || proven?.ok !== true || decisionOf(bytes) !== decision)
      return fail({ why: 'decision-not-proven', what: decision });
    decisions.push({ decision, index: proven.value.index });
  }
  return ok({ made: content.made, files: content.files, decisions, checkpoint: head.value });
}

function read(text: string): ExportContent | undefined {
  const [first, second, third, ...rest] = text.slice(0, -1).split('\n');
  const made = second?.startsWith('made ') === true ? parseInstant(second.slice(5)) : undefined;
  const checkpoint = third?.startsWith('checkpoint ') === true ? decode(third.slice(11)) : undefined;
  if (first !== FIRST_LINE || made === undefined || checkpoint === undefined) return undefined;
  const files: ManifestFile[] = [];
  const decisions: ExportContent['decisions'][number][] = [];
  for (const line of rest) {
    const [, bytes, hash, name] = /^file (0|[1-9][0-9]{0,15}) ([A-Za-z0-9+/=]{44}) (.+)$/u.exec(line) ?? [];
    const sha256 = hash === undefined ? undefined : strictBase64(hash);
    const [, decision, encoded] = /^decision ([0-9a-f-]{36}) ([A-Za-z0-9+/=]+)$/.exec(line) ?? [];
    const receipt = encoded === undefined ? undefined : decode(encoded);
    if (name !== undefined && sha256?.length === 32 && isFileName(name) && decisions.length === 0)
      files.push({ name, sha256, bytes: Number(bytes) });
    else if (decision !== undefined && receipt !== undefined) decisions.push({ decision, receipt });
    else return undefined;
  }
  return { made, files, decisions, checkpoint };
}

/** The id in the stored record of a look, which the record's leaf binds. */
function decisionOf(bytes: Uint8Array): string | undefined {
  try {
    const record = JSON.parse(Buffer.from(bytes).toString('utf8')) as { type?: unknown; data?: { decision?: unknown } };
    const { decision } = record.data ?? {};
    return record.type === 'look.recorded.v1' && typeof decision === 'string' ? decision : undefined;
  } catch {
    return undefined;
  }
}

/** A name that stays in its folder. */
function isFileName(name: string): boolean {
  return name === name.trim() && name !== '' && name !== '.' && name !== '..' && !/[/\\\p{Cc}]/u.test(name);
}

function encode(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}

function decode(text: string): string | undefined {
  return strictBase64(text)?.toString('utf8');
}
