import { BUCKETS } from '../keys-schema.ts';
import type { NewKey } from '../store.ts';

/**
 * Compartments whose keys are made to be destroyed soon. They have buckets of their own: an erasure wraps every row of a bucket anew, and these
 * are erased every day.
 */
const BRIEF: ReadonlySet<string> = new Set(['quarantine', 'canaries']);
const LASTING = BUCKETS / 2;

/** The bucket that a new key goes to, and stays in. */
export function bucketFor({ owner, compartment }: Pick<NewKey, 'owner' | 'compartment'>): number {
  const [lasting, brief] = bucketsOf(owner);
  return BRIEF.has(compartment) ? brief : lasting;
}

/** The buckets in which an owner's keys may be, by the first byte of its hash. */
export function bucketsOf(owner: string): readonly [lasting: number, brief: number] {
  const byte = Buffer.from(owner, 'base64url')[0] ?? 0;
  return [byte % LASTING, LASTING + (byte % LASTING)];
}
