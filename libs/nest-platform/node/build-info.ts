import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from './project-root.ts';

/** What was built. */
export interface BuildInfo {
  readonly version: string;
  /** The commit; `source` where none is known. */
  readonly sha: string;
}

const SHA = /^[0-9a-f]{7,64}$/;
/** `dist/build.json`, which the build writes; run from source there is none. */
const BUILT = join(import.meta.dirname, '../../../build.json');

/** The version of `package.json`; the commit that the build noted, else the one of the environment's `GIT_SHA`. */
export function buildInfo(
  env: Readonly<Record<string, string | undefined>> = process.env,
  read: (path: string) => string = (path) => readFileSync(path, 'utf8'),
): BuildInfo {
  const { version } = JSON.parse(read(join(projectRoot(import.meta.dirname), 'package.json'))) as { version: string };
  const sha = [shaIn(read), env['GIT_SHA']].find((each) => each !== undefined && SHA.test(each));
  return { version, sha: sha ?? 'source' };
}

function shaIn(read: (path: string) => string): string | undefined {
  try {
    const { sha } = JSON.parse(read(BUILT)) as { readonly sha?: unknown };
    return typeof sha === 'string' ? sha : undefined;
  } catch {
    return undefined;
  }
}
