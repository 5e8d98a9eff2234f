import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { DemoPerson } from './model.ts';

/** The people of the demonstration area; they sign in only where TELLONCE_DEMO is 1. `root`: the folder of the installation. */
export function demonstrationPeople(root: string): readonly DemoPerson[] {
  const area = parse(readFileSync(join(root, 'infra', 'seed', 'area.yaml'), 'utf8')) as {
    people: readonly DemoPerson[];
  };
  return area.people;
}
