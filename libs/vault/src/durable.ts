import { closeSync, fsyncSync, openSync } from 'node:fs';

/** A file's name survives a power cut only once its folder was flushed; Windows has no such call. */
export function keepFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const file = openSync(folder, 'r');
  fsyncSync(file);
  closeSync(file);
}
