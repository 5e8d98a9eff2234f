import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The oldest major version of Node that has what the hub uses (node:sqlite without a flag, among others). */
export const NODE_MAJOR = 24;

/** What to do about the Node that runs this. */
export type NodeAdvice =
  | { readonly kind: 'fine' }
  | { readonly kind: 're-execute'; readonly node: string }
  | { readonly kind: 'too-old'; readonly message: string };

/** Looks for the pinned Node in `node_modules/.bin` of `folder` and above; imports nothing that an old Node lacks. */
export function adviseNode(
  version: string,
  folder: string,
  alreadyReExecuted: boolean,
  exists: (path: string) => boolean = existsSync,
): NodeAdvice {
  if (Number(version.replace(/^v/, '').split('.')[0]) >= NODE_MAJOR) return { kind: 'fine' };
  for (let at = folder, last = ''; at !== last && !alreadyReExecuted; last = at, at = dirname(at)) {
    const node = join(at, 'node_modules', '.bin', process.platform === 'win32' ? 'node.exe' : 'node');
    if (exists(node)) return { kind: 're-execute', node };
  }
  return {
    kind: 'too-old',
    message: `Node ${version} is too old: ${NODE_MAJOR} or later is needed. Run "npm ci" (it brings one) and start with "npm start".`,
  };
}

const MARK = 'NODE_REEXECUTED_BY_TELLONCE';

/**
 * Resolves where the running Node will do; otherwise runs this program again with the pinned one and never resolves, or says what to do and
 * ends with 69. A `main.ts` calls it before it imports anything else.
 */
export async function ensureNode(folder: string): Promise<void> {
  const advice = adviseNode(process.version, folder, process.env[MARK] === '1');
  if (advice.kind === 'fine') return;
  if (advice.kind === 'too-old') {
    process.stderr.write(`${advice.message}\n`);
    process.exit(69);
  }
  const child = spawn(advice.node, [...process.execArgv, ...process.argv.slice(1)], {
    stdio: 'inherit',
    env: { ...process.env, [MARK]: '1' },
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => child.kill(signal));
  await new Promise<never>(() => {
    child.on('exit', (code, signal) => process.exit(code ?? (signal === null ? 1 : 128)));
  });
}
