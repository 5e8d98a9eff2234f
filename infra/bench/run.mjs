import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';

/** `npm run bench -- <name> [options]`: one JSON line a figure, baselines measured in the same run. */
const [name, ...rest] = process.argv.slice(2);
const file = join(import.meta.dirname, `${name}.ts`);
if (name === undefined || !existsSync(file)) {
  const names = readdirSync(import.meta.dirname)
    .filter((entry) => entry.endsWith('.ts') && entry !== 'lib.ts')
    .map((entry) => entry.slice(0, -3));
  console.error(`usage: npm run bench -- <name>\nnames: ${names.join(', ')}`);
  process.exit(2);
}
process.exit(
  spawnSync(process.execPath, ['--conditions=source', '--expose-gc', file, ...rest], { stdio: 'inherit' }).status ?? 1,
);
