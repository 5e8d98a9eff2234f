#!/usr/bin/env node
import { program } from './program.ts';

try {
  await program(process.env, (line) => console.log(line)).parseAsync(process.argv);
} catch (error) {
  console.error(error instanceof Error ? error.message : 'failed');
  process.exitCode = 1;
}
