#!/usr/bin/env node
import { ensureNode } from '#nest-platform/node';

await ensureNode(import.meta.dirname);
const { program } = await import('./program.ts');

try {
  await program(process.env, (line) => console.log(line)).parseAsync(process.argv);
} catch (error) {
  console.error(error instanceof Error ? error.message : 'failed');
  process.exitCode = 1;
}
