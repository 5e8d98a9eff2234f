import { text } from 'node:stream/consumers';
import { ensureNode } from '#nest-platform/node';

/**
 * Builds the views of one log in an empty folder and says what is in them: a {@link RebuildTask} as JSON on standard input, a
 * {@link RebuiltViews} on standard output. Run by `tellonce restore drill`; the input holds secrets, so it is no argument of a process.
 */
await ensureNode(import.meta.dirname);
const { rebuildViews } = await import('./rebuild.ts');

try {
  const task = JSON.parse(await text(process.stdin)) as Parameters<typeof rebuildViews>[0];
  process.stdout.write(`${JSON.stringify(await rebuildViews(task))}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? `${error.name}: ${error.message}` : 'failed'}\n`);
  process.exitCode = 1;
}
