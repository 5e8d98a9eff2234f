import type { ChildId } from '#kernel';
import { protectionStream, REGISTRY_STREAM } from '#contracts';
import { cachedFolds, type EventLog } from '#event-log';
import {
  emptyProtection,
  emptyRegistry,
  evolveProtection,
  evolveRegistry,
  restrictionsOnly,
  type Protection,
  type Registry,
  type Tails,
} from '#sharing';

/** The two folds a decision reads, at their acknowledged tails; and the registry as last read, for the sign-in, which cannot wait. */
export interface CurrentTails extends Tails {
  /** Exactly this child's. */
  protection(child: ChildId): Promise<Protection>;
  /** As of the last command of this process or reading of the tail. */
  readonly known: () => Registry;
}

/** Protections of so many children are kept in memory; a fold of ten events is about 4 kB. */
const CHILDREN = 5_000;

/**
 * Cached folds over a log; reads the registry once, so that somebody can sign in. `lineageOf` gives the child itself first, then every
 * child one of its records was under: what was refused there holds on, what was allowed there does not.
 */
export async function currentTails(
  log: EventLog,
  lineageOf: (child: ChildId) => Promise<readonly [ChildId, ...ChildId[]]>,
): Promise<CurrentTails> {
  const registries = cachedFolds<Registry>({ log, initial: () => emptyRegistry(), evolve: evolveRegistry, most: 1 });
  const protections = cachedFolds<Protection>({
    log,
    initial: (stream) => emptyProtection(stream.slice('protection-'.length) as ChildId),
    evolve: evolveProtection,
    most: CHILDREN,
  });
  let known = emptyRegistry();
  const registry = async (): Promise<Registry> => {
    known = (await registries(REGISTRY_STREAM)).state;
    return known;
  };
  const protection = async (child: ChildId): Promise<Protection> => (await protections(protectionStream(child))).state;
  const protectionsOf = async (child: ChildId): Promise<readonly Protection[]> => {
    const [own, ...earlier] = await lineageOf(child);
    const all = [await protection(own)];
    for (const each of earlier) all.push(restrictionsOnly(await protection(each)));
    return all;
  };
  await registry();
  return { registry, protection, protections: protectionsOf, known: () => known };
}
