import {
  appendFileSync,
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { splitNotes } from './checkpoint-file.ts';
import { parseCheckpointText } from './checkpoint.ts';
import { splitNote } from './note.ts';

/**
 * What a witness remembers: the last checkpoint of each log it watches, each note followed by an empty line. Replaced whole, durable when a
 * call returns. Beside it `<file>.evidence` keeps heads that contradict each other, both as the log signed them.
 */
export class WitnessFile {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** The note held of a log; undefined before the first. Throws where the file holds something else than notes. */
  held(origin: string): string | undefined {
    return this.#notes().find((note) => originOf(note) === origin);
  }

  /** Replaces the note of the log that it is of. */
  keep(note: string): void {
    const origin = originOf(note);
    const others = this.#notes().filter((other) => originOf(other) !== origin);
    const next = `${this.#path}.next`;
    const file = openSync(next, 'w', 0o600);
    try {
      writeSync(file, [...others, note].map((each) => `${each}\n`).join(''));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(next, this.#path);
    syncFolder(dirname(this.#path));
  }

  /** Keeps two heads of one log that cannot both be true. The same pair again is not written twice. */
  keepEvidence(held: string, offered: string): string {
    const path = `${this.#path}.evidence`;
    const pair = `${held}\n${offered.endsWith('\n') ? offered : `${offered}\n`}\n`;
    const there = existsSync(path) ? readFileSync(path, 'utf8') : '';
    if (!there.includes(pair)) appendFileSync(path, pair, { mode: 0o600, flush: true });
    return path;
  }

  #notes(): readonly string[] {
    if (!existsSync(this.#path)) return [];
    const text = readFileSync(this.#path, 'utf8');
    const notes = splitNotes(text);
    if (text !== notes.map((note) => `${note}\n`).join('') || notes.some((note) => originOf(note) === undefined))
      throw new Error(`${this.#path} holds something else than the checkpoints of a witness`);
    return notes;
  }
}

function originOf(note: string): string | undefined {
  return parseCheckpointText(splitNote(note)?.text ?? '')?.origin;
}

/** A rename is durable once its folder is; Windows has no such call and does not need it. */
function syncFolder(path: string): void {
  if (process.platform === 'win32') return;
  const folder = openSync(path, 'r');
  fsyncSync(folder);
  closeSync(folder);
}
