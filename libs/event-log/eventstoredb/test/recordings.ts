import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe } from '@jest/globals';

const SAMPLES = process.env['SAMPLES_DIR'] ?? join(import.meta.dirname, '../../../../../shared/samples');
const FOLDER = join(SAMPLES, '..', 'eventstoredb');

/** True where the recordings of a real server lie beside the samples. */
export const RECORDINGS_THERE = existsSync(join(FOLDER, 'wire.jsonl'));

/** Specs that need the recordings; skipped by name where they are not there. */
export function describeRecorded(name: string, specs: () => void): void {
  if (RECORDINGS_THERE) describe(name, specs);
  else describe.skip(`${name} (skipped: the recordings are not beside SAMPLES_DIR)`, specs);
}

/** The lines of a recording; none where it is not there. */
export function recorded(file: 'wire.jsonl' | 'observed.jsonl'): readonly unknown[] {
  if (!RECORDINGS_THERE) return [];
  return readFileSync(join(FOLDER, file), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
}
