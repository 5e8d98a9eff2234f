import type { OrganisationId } from '#kernel';
import { CATEGORIES, type AgreementInForce, type Category, type Purpose, type Role } from '#contracts';
import type { Registry, Slice } from '../model.ts';
import { recipientKey } from '../registry/fold.ts';

/** Facts of one source and category, and the agreements that might let them be read; the days are judged by the rules. */
export interface Candidate {
  readonly resting: Slice;
  readonly free: Slice;
  /** Undefined for the reader's own organisation. */
  readonly agreements: readonly AgreementInForce[] | undefined;
}

/** What a reader of one organisation and role could possibly read for one purpose, whoever the child is. */
export interface Candidates {
  readonly list: readonly Candidate[];
  find(source: OrganisationId, category: Category): Candidate | undefined;
}

const cache = new WeakMap<Registry, Map<string, Candidates>>();
const ALL_CATEGORIES = Object.keys(CATEGORIES) as Category[];

/**
 * Own organisation × categories, and what agreements name. Depends on the registry only, never on which facts exist, and is
 * kept with the registry it was made from: a registry never changes, the next one has a cache of its own.
 */
export function candidates(registry: Registry, organisation: OrganisationId, purpose: Purpose, role: Role): Candidates {
  let known = cache.get(registry);
  if (known === undefined) cache.set(registry, (known = new Map()));
  const key = `${recipientKey(organisation, purpose)} ${role}`;
  let found = known.get(key);
  if (found === undefined) known.set(key, (found = collect(registry, organisation, purpose, role)));
  return found;
}

function collect(registry: Registry, organisation: OrganisationId, purpose: Purpose, role: Role): Candidates {
  const bySlice = new Map<string, Candidate & { readonly agreements: AgreementInForce[] | undefined }>();
  for (const category of ALL_CATEGORIES)
    bySlice.set(sliceKey(organisation, category), candidate(organisation, category, undefined));
  for (const agreement of registry.byRecipient.get(recipientKey(organisation, purpose)) ?? []) {
    if (!agreement.roles.includes(role)) continue;
    for (const category of agreement.categories) {
      const key = sliceKey(agreement.source, category);
      const known = bySlice.get(key);
      if (known === undefined) bySlice.set(key, candidate(agreement.source, category, [agreement]));
      else known.agreements?.push(agreement);
    }
  }
  return { list: [...bySlice.values()], find: (source, category) => bySlice.get(sliceKey(source, category)) };
}

function candidate<A extends AgreementInForce[] | undefined>(
  organisation: OrganisationId,
  category: Category,
  agreements: A,
) {
  return {
    resting: { organisation, category, reliesOnConsent: true },
    free: { organisation, category, reliesOnConsent: false },
    agreements,
  };
}

function sliceKey(organisation: OrganisationId, category: Category): string {
  return `${organisation} ${category}`;
}
