import type { OrganisationId } from '#kernel';
import { CATEGORIES, sensitivityOf, type AgreementInForce, type Category, type Purpose, type Role } from '#contracts';
import type { Permit, RefusalId, Registry, Slice } from '../model.ts';
import { isFamilyRole } from '../protection/relationship.ts';
import { recipientKey } from '../registry/fold.ts';
import { modeOf, opensFacts, restrictionAllows } from './rules.ts';

/** What might let a slice be read, and the answer if it does, made once and given out as often as asked. */
export interface Ground {
  /** Undefined: the slice is the reader's own organisation's. Its days are judged by the rules. */
  readonly agreement: AgreementInForce | undefined;
  readonly permit: Permit;
}

/** Facts of one source and category as one organisation and role see them for one purpose, whoever the child is. */
export interface Candidate {
  readonly own: boolean;
  readonly free: Slice;
  readonly resting: Slice;
  /** What refuses the slice to this role and purpose whatever is agreed. */
  readonly refusals: readonly RefusalId[];
  /** Those that allow most come first: content before existence, then the fewest restrictions, then by name (decision 17). */
  readonly grounds: readonly Ground[];
}

/** What a reader of one organisation and role could possibly read for one purpose. */
export interface Candidates {
  readonly list: readonly Candidate[];
  /** The candidate of a slice; one without grounds where nothing is agreed. */
  find(source: OrganisationId, category: Category): Candidate;
}

const cache = new WeakMap<Registry, Map<string, Candidates>>();
const ALL_CATEGORIES = Object.keys(CATEGORIES) as Category[];
const OWN = [undefined];

/**
 * Own organisation × categories, and what agreements name. Depends on the registry only, never on which facts exist, and is
 * kept with the registry it was made from: a registry never changes, the next one has a cache of its own.
 */
export function candidates(registry: Registry, organisation: OrganisationId, purpose: Purpose, role: Role): Candidates {
  let known = cache.get(registry);
  if (known === undefined) cache.set(registry, (known = new Map<string, Candidates>()));
  const key = `${recipientKey(organisation, purpose)} ${role}`;
  let found = known.get(key);
  if (found === undefined) known.set(key, (found = collect(registry, organisation, purpose, role)));
  return found;
}

function collect(registry: Registry, organisation: OrganisationId, purpose: Purpose, role: Role): Candidates {
  const candidate = (
    source: OrganisationId,
    category: Category,
    agreements: readonly (AgreementInForce | undefined)[],
  ): Candidate => {
    const free = Object.freeze({ organisation: source, category, reliesOnConsent: false });
    const own = source === organisation;
    return {
      own,
      free,
      resting: Object.freeze({ organisation: source, category, reliesOnConsent: true }),
      refusals: refusalsOfCategory(category, own, purpose, role),
      grounds: agreements.map((agreement) => ({ agreement, permit: permitOn(free, agreement) })).sort(mostFirst),
    };
  };
  const agreed = new Map<OrganisationId, Map<Category, AgreementInForce[]>>();
  for (const agreement of registry.byRecipient.get(recipientKey(organisation, purpose)) ?? []) {
    if (!agreement.roles.includes(role) || agreement.source === organisation) continue;
    let categories = agreed.get(agreement.source);
    if (categories === undefined) agreed.set(agreement.source, (categories = new Map<Category, AgreementInForce[]>()));
    for (const category of new Set([...agreement.categories, ...(agreement.terms?.existenceOnly ?? [])])) {
      const same = categories.get(category);
      if (same === undefined) categories.set(category, [agreement]);
      else same.push(agreement);
    }
  }
  const own = new Map(ALL_CATEGORIES.map((category) => [category, candidate(organisation, category, OWN)] as const));
  const bySource = new Map<OrganisationId, ReadonlyMap<Category, Candidate>>([[organisation, own]]);
  for (const [source, categories] of agreed) {
    const of = [...categories].map(
      ([category, agreements]) => [category, candidate(source, category, agreements)] as const,
    );
    bySource.set(source, new Map(of));
  }
  return {
    list: [...bySource.values()].flatMap((each) => [...each.values()]),
    find: (source, category) => bySource.get(source)?.get(category) ?? candidate(source, category, []),
  };
}

const NO_LIMITS = Object.freeze({ obligations: Object.freeze([]), minimum: Object.freeze({}) });

function permitOn(slice: Slice, agreement: AgreementInForce | undefined): Permit {
  if (agreement === undefined) {
    return Object.freeze<Permit>({ effect: 'permit', slice, rule: 'own-organisation', mode: 'content', ...NO_LIMITS });
  }
  const { obligations, minimum } = agreement.terms ?? NO_LIMITS;
  return Object.freeze<Permit>({
    effect: 'permit',
    slice,
    rule: 'agreement',
    mode: modeOf(slice.category, agreement),
    obligations,
    minimum,
    agreement: Object.freeze({ id: agreement.agreement, version: agreement.version }),
  });
}

function mostFirst({ permit: a }: Ground, { permit: b }: Ground): number {
  return (
    Number(a.mode === 'existence') - Number(b.mode === 'existence') ||
    a.obligations.length - b.obligations.length ||
    Object.keys(a.minimum).length - Object.keys(b.minimum).length ||
    (String(a.agreement?.id) < String(b.agreement?.id) ? -1 : 1)
  );
}

function refusalsOfCategory(category: Category, own: boolean, purpose: Purpose, role: Role): readonly RefusalId[] {
  const refusals: RefusalId[] = [];
  if (!opensFacts(purpose)) refusals.push('purpose-without-facts');
  // A family's own organisation is shared by all families: it opens no sealed word, or one parent would read the other's refuge.
  if (sensitivityOf(category) === 'sealed' && (!own || isFamilyRole(role))) refusals.push('sealed');
  if (!restrictionAllows(category, purpose, role, own)) refusals.push('restricted');
  return refusals;
}
