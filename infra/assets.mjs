import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What the compiler leaves behind but the built hub reads: policies as published, the case matrix, the stand-alone verifier. */
const root = join(import.meta.dirname, '..');
for (const asset of ['libs/sharing/cedar', 'libs/sharing/matrix', 'libs/transparency/verifier']) {
  if (existsSync(join(root, asset))) {
    cpSync(join(root, asset), join(root, 'dist', asset), { recursive: true, filter: (from) => !from.endsWith('.ts') });
  }
}

/** Which commit this is: told by whoever builds an image (GIT_SHA), else by git, else nobody knows. */
function commit() {
  if (process.env.GIT_SHA) return process.env.GIT_SHA;
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return null;
  }
}
writeFileSync(join(root, 'dist', 'build.json'), `${JSON.stringify({ sha: commit() })}\n`);
