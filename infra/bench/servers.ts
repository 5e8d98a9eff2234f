import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/**
 * What servers do beside what is embedded, each figure beside a baseline of its own run: `npm run bench -- servers` runs all of it in order,
 * `npm run bench -- <part>` one part; options go to every part. Sizes: `BENCH_SIGNALS` (20,000) and `BENCH_EVENTS` (1,000,000).
 */
const PARTS = ['views', 'delivery', 'memory', 'eventstoredb'] as const;
for (const part of PARTS) {
  const file = join(import.meta.dirname, `${part}.ts`);
  const args = ['--conditions=source', '--expose-gc', file, ...process.argv.slice(2)];
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' });
  if (status !== 0) process.exitCode = status ?? 1;
}
