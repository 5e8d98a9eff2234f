import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The program of this name where the PATH has one: checks that need somebody else's program run where it is, and are skipped by name elsewhere. */
export function onPath(name: string, path: string = process.env['PATH'] ?? ''): string | undefined {
  return path
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}
