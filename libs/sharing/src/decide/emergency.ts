import { CATEGORIES, type Category, type Purpose } from '#contracts';
import type { Permit, Registry, Slice } from '../model.ts';
import { emergencyOpens } from './rules.ts';

const cache = new WeakMap<Registry, Map<Purpose, readonly Permit[]>>();

/**
 * Everything an emergency access opens: the facts of every registered organisation, whatever is agreed, consented or decided. The same for
 * every child, reader and grant, so it is made once for a registry and purpose and given out as often as asked.
 */
export function emergencyPermits(registry: Registry, purpose: Purpose): readonly Permit[] {
  let known = cache.get(registry);
  if (known === undefined) cache.set(registry, (known = new Map<Purpose, readonly Permit[]>()));
  let found = known.get(purpose);
  if (found === undefined) known.set(purpose, (found = collect(registry, purpose)));
  return found;
}

/** The permission of an emergency access for one slice; undefined for what it doesn't open, which the ordinary rules judge. */
export function emergencyPermit(registry: Registry, purpose: Purpose, slice: Slice): Permit | undefined {
  return registry.organisations.has(slice.organisation) && emergencyOpens(slice.category, purpose)
    ? permitOn(slice)
    : undefined;
}

function collect(registry: Registry, purpose: Purpose): readonly Permit[] {
  const categories = (Object.keys(CATEGORIES) as Category[]).filter((category) => emergencyOpens(category, purpose));
  return [...registry.organisations.keys()].flatMap((organisation) =>
    categories.flatMap((category) =>
      [false, true].map((reliesOnConsent) => permitOn(Object.freeze({ organisation, category, reliesOnConsent }))),
    ),
  );
}

const NOTHING_ASKED = Object.freeze({ obligations: Object.freeze([]), minimum: Object.freeze({}) });

function permitOn(slice: Slice): Permit {
  return Object.freeze<Permit>({ effect: 'permit', slice, rule: 'break-glass', mode: 'content', ...NOTHING_ASKED });
}
