import { describe } from '@jest/globals';
import type { Unavailable } from '#testing/servers';

/** Specs on a broker, named by what it is; where there is none they are skipped, and their name says why. */
export function describeOn<Server extends { readonly what: string }>(
  server: Server | Unavailable,
  name: string,
  specs: (server: () => Server) => void,
): void {
  const absent = () => {
    throw new Error('there is no broker');
  };
  if ('unavailable' in server) describe.skip(`${name} (skipped: ${server.unavailable})`, () => specs(absent));
  else describe(`${name}, on ${server.what}`, () => specs(() => server));
}
