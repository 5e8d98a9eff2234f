import { openCheckpoint } from './checkpoint.ts';
import { cosignaturesOf, withSignatures, type CosignatureVerifier } from './cosignature.ts';
import type { NoteVerifier } from './note.ts';

/** A head of the log as its signed note. */
export interface SignedHead {
  readonly size: bigint;
  readonly note: string;
}

/** A head whose note has the lines of witnesses. */
export interface CosignedHead extends SignedHead {
  /** When it was cosigned, in milliseconds of any clock that only goes forward. */
  readonly keptAt: number;
}

/** So long the last cosigned head is shown before a newer one without cosignatures, in milliseconds. */
const FRESH_MS = 60_000;

/** What was kept as cosigned; what does not verify under today's keys is as if it were not there. Nobody knows any more when it was. */
export function stillCosigned(
  kept: SignedHead | undefined,
  log: NoteVerifier,
  witnesses: readonly CosignatureVerifier[],
): CosignedHead | undefined {
  if (kept === undefined) return undefined;
  const opened = openCheckpoint(kept.note, [log]);
  const cosigned = cosignaturesOf(kept.note, witnesses);
  if (!opened.ok || !cosigned.ok || cosigned.value.length === 0) return undefined;
  return { size: opened.value.size, note: kept.note, keptAt: -Infinity };
}

/** A head with verified cosignature lines, beside those that it had; `before` where that is newer. */
export function withCosigners(
  before: CosignedHead | undefined,
  head: SignedHead,
  lines: readonly string[],
  now: number,
): CosignedHead | undefined {
  if (lines.length === 0 || (before !== undefined && before.size > head.size)) return before;
  const note = withSignatures(before?.size === head.size ? before.note : head.note, lines);
  return { size: head.size, note, keptAt: now };
}

/**
 * The head to show outsiders: the cosigned one while it is fresh or nothing is newer, the latest otherwise. Never one of fewer events than
 * they were `shown`: to somebody who keeps the last head that would be a rollback.
 */
export function headToShow(
  latest: SignedHead,
  cosigned: CosignedHead | undefined,
  shown: bigint,
  now: number,
): SignedHead {
  const usable = cosigned !== undefined && cosigned.size >= shown && cosigned.size <= latest.size;
  return usable && (cosigned.size === latest.size || now - cosigned.keptAt < FRESH_MS) ? cosigned : latest;
}
