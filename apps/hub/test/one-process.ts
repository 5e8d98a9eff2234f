import { describe, it } from '@jest/globals';
import { ON_SERVERS } from './running-hub.ts';

type Describe = typeof describe;
type It = typeof it;

/** `describe` and `it` for what only a hub in one process has; on servers they are skipped, with the reason in the name. */
export function inOneProcess(why: string): { readonly describe: Describe; readonly it: It } {
  if (!ON_SERVERS) return { describe, it };
  const suffix = ` (skipped on servers: ${why})`;
  return {
    describe: named(describe.skip as Describe, suffix),
    it: named(it.skip as It, suffix),
  };
}

/** The same function, and its `each` and `skip`, with something behind every name. */
function named<Of extends Describe | It>(of: Of, suffix: string): Of {
  return new Proxy(of, {
    apply: (target, _this, [name, ...rest]: [unknown, ...unknown[]]) =>
      Reflect.apply(target as (...given: unknown[]) => unknown, undefined, [`${String(name)}${suffix}`, ...rest]),
    get: (target, member, proxy: Of) => {
      if (member === 'skip') return proxy;
      if (member !== 'each') return Reflect.get(target, member) as unknown;
      const each = target.each as (...given: unknown[]) => (...given: unknown[]) => unknown;
      return (...table: unknown[]) => {
        const run = each(...table);
        return (name: string, ...rest: unknown[]): unknown => run(`${name}${suffix}`, ...rest);
      };
    },
  });
}
