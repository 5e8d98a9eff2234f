import { fail, ok, strictBase64, type Outcome } from '#kernel';
import { openNote, signNote, type NoteProblem, type NoteSigner, type NoteVerifier } from './note.ts';

/** C2SP tlog-checkpoint: what a log says about itself at one size. */
export interface Checkpoint {
  readonly origin: string;
  readonly size: bigint;
  readonly root: Uint8Array;
}

/** Why a checkpoint is not believed. */
export type CheckpointProblem = NoteProblem | 'wrong-origin';

/** A signed checkpoint; the signer's name is the origin. */
export function signCheckpoint(size: bigint, root: Uint8Array, signer: NoteSigner): string {
  return signNote(`${signer.name}\n${size}\n${Buffer.from(root).toString('base64')}\n`, signer);
}

/** Reads the text of a checkpoint; undefined for any spelling but the one. Extension lines are allowed and not kept. */
export function parseCheckpointText(text: string): Checkpoint | undefined {
  if (!text.endsWith('\n')) return undefined;
  const lines = text.slice(0, -1).split('\n');
  const [origin, size, encoded] = lines;
  if (origin === undefined || size === undefined || encoded === undefined || lines.includes('')) return undefined;
  const root = strictBase64(encoded);
  if (root?.length !== 32 || !/^(0|[1-9][0-9]{0,19})$/.test(size) || BigInt(size) >= 1n << 64n) return undefined;
  return { origin, size: BigInt(size), root };
}

/** Verifies a signed checkpoint by the keys known; its origin must be the name of the first. */
export function openCheckpoint(
  note: string,
  known: readonly NoteVerifier[],
): Outcome<Checkpoint & { readonly signedBy: readonly string[] }, CheckpointProblem> {
  const opened = openNote(note, known);
  if (!opened.ok) return opened;
  const checkpoint = parseCheckpointText(opened.value.text);
  if (checkpoint === undefined) return fail('malformed');
  // The log's own key has to have signed: a witness alone vouches for nothing.
  if (checkpoint.origin !== known[0]?.name || !opened.value.signedBy.includes(checkpoint.origin))
    return fail('wrong-origin');
  return ok({ ...checkpoint, signedBy: opened.value.signedBy });
}
