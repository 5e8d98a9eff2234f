import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const ROOT = join(import.meta.dirname, '../../..');
/** The checks of a hostile reviewer that the sharing protocol answers for; the others are of input and start. */
const NUMBERS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 16, 17, 18, 19, 20, 22, 24];
const page = readFileSync(join(ROOT, 'docs/threat-model.md'), 'utf8');

/** `check 7: …` at the head of a description or a test, by number, with the files they stand in. */
const specs = new Map<number, Set<string>>();
for (const top of ['apps', 'libs']) {
  for (const name of readdirSync(join(ROOT, top), { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.spec.ts') || name.includes('node_modules')) continue;
    const path = join(top, name);
    for (const [, number] of readFileSync(join(ROOT, path), 'utf8').matchAll(/\(\s*['"`]check (\d+):/g)) {
      const files = specs.get(Number(number)) ?? new Set<string>();
      specs.set(Number(number), files.add(path));
    }
  }
}

describe('the checks of a hostile reviewer', () => {
  it.each(NUMBERS)('number %i is a spec that bears it', (number) => {
    expect([...(specs.get(number) ?? [])].length).toBeGreaterThan(0);
  });

  it.each(NUMBERS)('number %i stands in the threat model with the spec that bears it', (number) => {
    const row = page.split('\n').find((line) => new RegExp(`^\\| *${String(number)} *\\|[^|]+\\|[^|]+\\|$`).test(line));
    const named = [...(row ?? '').matchAll(/`([^`]+\.spec\.ts)`/g)].map((match) => match[1] ?? '');
    expect([number, named.length > 0, named.filter((path) => specs.get(number)?.has(path) !== true)]).toEqual([
      number,
      true,
      [],
    ]);
  });
});
