import { describe, it } from '@jest/globals';
import { ON_SERVERS } from './running-hub.ts';

/** `describe` and `it` for what only a hub in one process has; on servers they are skipped, with the reason in the name. */
export function inOneProcess(why: string): { readonly describe: typeof describe.skip; readonly it: typeof it.skip } {
  if (!ON_SERVERS) return { describe, it };
  const named = (name: Parameters<typeof describe.skip>[0]) => `${String(name)} (skipped on servers: ${why})`;
  return {
    describe: ((name, body) => describe.skip(named(name), body)) as typeof describe.skip,
    it: ((name, body, timeout) => it.skip(named(name), body, timeout)) as typeof it.skip,
  };
}
