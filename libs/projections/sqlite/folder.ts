import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

/** The files of one view: a generation each, and a pointer to the live one, moved by a rename. */
export class ViewFolder {
  readonly #dir: string;
  readonly #name: string;

  constructor(dir: string, name: string) {
    this.#dir = dir;
    this.#name = name;
  }

  path(generation: number): string {
    return join(this.#dir, `${this.#name}.g${String(generation)}.db`);
  }
  has(generation: number): boolean {
    return existsSync(this.path(generation));
  }
  /** Undefined before the first; throws `pointer-unreadable`. */
  live(): number | undefined {
    const path = join(this.#dir, `${this.#name}.live`);
    if (!existsSync(path)) return undefined;
    const number = Number(readFileSync(path, 'utf8'));
    if (!Number.isSafeInteger(number) || number < 1) throw new Error('pointer-unreadable');
    return number;
  }
  /** Durable when it returns. */
  point(generation: number): void {
    const path = join(this.#dir, `${this.#name}.live`);
    writeFileSync(`${path}.new`, String(generation), { flush: true });
    renameSync(`${path}.new`, path);
    const folder = openSync(this.#dir, 'r');
    fsyncSync(folder);
    closeSync(folder);
  }
  remove(generation: number): void {
    for (const end of ['', '-wal', '-shm']) rmSync(this.path(generation) + end, { force: true });
  }
  /** Removes what a process that died between a swap and its clearing-up left: an erasure would not reach it. */
  keepOnly(generations: readonly number[]): void {
    const start = `${this.#name}.g`;
    for (const file of readdirSync(this.#dir)) {
      const number = file.startsWith(start) ? /^(\d+)\.db(-wal|-shm)?$/.exec(file.slice(start.length))?.[1] : undefined;
      if (number !== undefined && !generations.includes(Number(number))) this.remove(Number(number));
    }
  }
}
