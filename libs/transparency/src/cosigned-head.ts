import type { CheckpointFolder } from './checkpoint-file.ts';
import { openCheckpoint } from './checkpoint.ts';
import { cosignaturesOf, withSignatures, type CosignatureVerifier } from './cosignature.ts';
import type { NoteVerifier } from './note.ts';

/** A head of the log as its signed note. */
interface Head {
  readonly size: bigint;
  readonly note: string;
}

/** So long the last cosigned head is served before a newer one without cosignatures, in milliseconds. */
const FRESH_MS = 60_000;

/**
 * The newest checkpoint that witnesses cosigned, kept beside our own, and which head outsiders are shown. They are never shown fewer events than
 * before: to somebody who keeps the last head that would be a rollback.
 */
export class CosignedHead {
  readonly #folder: CheckpointFolder;
  #current: (Head & { readonly keptAt: number }) | undefined;
  #shown = 0n;

  /** Reads what the folder holds; what does not verify under today's keys is as if it were not there. */
  constructor(folder: CheckpointFolder, log: NoteVerifier, witnesses: readonly CosignatureVerifier[]) {
    this.#folder = folder;
    const note = folder.cosigned();
    if (note === undefined) return;
    const opened = openCheckpoint(note, [log]);
    const cosigned = cosignaturesOf(note, witnesses);
    if (!opened.ok || !cosigned.ok || cosigned.value.length === 0) return;
    this.#current = { size: opened.value.size, note, keptAt: -FRESH_MS };
  }

  /** The newest cosigned head; undefined before the first. */
  current(): Head | undefined {
    return this.#current;
  }

  /** Adds verified cosignature lines to a head, or replaces an older one. `now` in milliseconds of any clock that only goes forward. */
  keep(head: Head, lines: readonly string[], now: number): void {
    const before = this.#current;
    if (lines.length === 0 || (before !== undefined && before.size > head.size)) return;
    const note = withSignatures(before?.size === head.size ? before.note : head.note, lines);
    this.#folder.keepCosigned(note);
    this.#current = { size: head.size, note, keptAt: now };
  }

  /** Nobody was shown more than this before: called once at start with what is signed. */
  startAt(size: bigint): void {
    this.#shown = size;
  }

  /** The head to show: the cosigned one while it is fresh or nothing is newer, the latest otherwise. */
  show(latest: Head, now: number): string {
    const cosigned = this.#current;
    const usable = cosigned !== undefined && cosigned.size >= this.#shown && cosigned.size <= latest.size;
    if (usable && (cosigned.size === latest.size || now - cosigned.keptAt < FRESH_MS)) {
      this.#shown = cosigned.size;
      return cosigned.note;
    }
    this.#shown = latest.size;
    return latest.note;
  }
}
