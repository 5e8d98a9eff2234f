import { cpSync, existsSync } from 'node:fs';
import { join } from 'node:path';

/** What the compiler leaves behind but the built hub reads: policies as published, the case matrix, the stand-alone verifier. */
const root = join(import.meta.dirname, '..');
for (const asset of ['libs/sharing/cedar', 'libs/sharing/matrix', 'libs/transparency/verifier']) {
  if (existsSync(join(root, asset))) {
    cpSync(join(root, asset), join(root, 'dist', asset), { recursive: true, filter: (from) => !from.endsWith('.ts') });
  }
}
