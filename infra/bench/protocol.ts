import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/**
 * The sharing protocol, each figure beside its bare baseline: a decision, a disclosure with its durable look, an audit query over a million
 * looks, detections over a day of a hundred thousand, a proof and its verification. Each is a benchmark of its own, run here one after another.
 */
const PARTS: readonly (readonly [string, ...string[]])[] = [
  ['timeline.ts', '--quick'],
  ['audit.ts'],
  ['detections.ts'],
  ['proof.ts'],
];
for (const [file, ...options] of PARTS) {
  const args = ['--conditions=source', '--expose-gc', join(import.meta.dirname, file), ...options];
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' });
  if (status !== 0) process.exitCode = status ?? 1;
}
