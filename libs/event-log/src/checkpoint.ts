import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import type { LogToken } from './port.ts';

/** How far a reader came, kept for its next start. May lag behind what was done: then it is done again. */
export interface Checkpoint {
  /** Null where nothing was read yet. */
  read(): LogToken | null;
  write(token: LogToken): void;
}

/** A checkpoint in a file of its own, replaced as a whole, so that a crash leaves the one before or the one after. */
export function fileCheckpoint(path: string): Checkpoint {
  return {
    read: () => (existsSync(path) ? (readFileSync(path, 'utf8') as LogToken) : null),
    write: (token) => {
      const next = openSync(`${path}.new`, 'w', 0o600);
      try {
        writeSync(next, token);
        fsyncSync(next);
      } finally {
        closeSync(next);
      }
      renameSync(`${path}.new`, path);
    },
  };
}

/** A checkpoint that is told often and written seldom: at most once in so many milliseconds, and with `flush` before the end. */
export function lazyCheckpoint(checkpoint: Checkpoint, everyMs: number): Checkpoint & { flush(): void } {
  let latest: LogToken | undefined;
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (latest !== undefined) checkpoint.write(latest);
    latest = undefined;
  };
  return {
    read: () => checkpoint.read(),
    write: (token) => {
      latest = token;
      timer ??= setTimeout(flush, everyMs).unref();
    },
    flush,
  };
}
