import { canonicalJson, type OrganisationId } from '#kernel';
import type { AgreementContent, Category } from '#contracts';
import { permittedSlices } from '../decide/index.ts';
import type { Permit, Question, Registry } from '../model.ts';
import { evolveRegistry } from '../registry/index.ts';

/** What may be seen of one source and category: its facts, or only that there are some. */
export interface ChangedSlice {
  readonly organisation: OrganisationId;
  readonly category: Category;
  /** True for the facts that rest on consent. */
  readonly reliesOnConsent: boolean;
  readonly mode: Permit['mode'];
}

/**
 * What a version would change for one question: whether anything may be seen at all, and which slices; one that shows more or less of
 * the same facts comes and goes.
 */
export interface Difference {
  readonly before: 'permit' | 'deny';
  readonly after: 'permit' | 'deny';
  readonly newly: readonly ChangedSlice[];
  readonly noLonger: readonly ChangedSlice[];
}

/** The registry as it would be the moment the draft came into force; a suspended agreement stays suspended. The one given stays as it is. */
export function withDraft(registry: Registry, content: AgreementContent): Registry {
  return evolveRegistry(registry, { type: 'agreement.in-force.v1', data: content });
}

/** The same question to two registries; undefined where the answer is the same, by whatever agreement it is reached. */
export function differenceBetween(
  question: Omit<Question, 'registry'>,
  before: Registry,
  after: Registry,
): Difference | undefined {
  const [was, is] = [seenIn({ ...question, registry: before }), seenIn({ ...question, registry: after })];
  const newly = [...is].flatMap(([key, slice]) => (was.has(key) ? [] : [slice]));
  const noLonger = [...was].flatMap(([key, slice]) => (is.has(key) ? [] : [slice]));
  if (newly.length === 0 && noLonger.length === 0) return undefined;
  return { before: effectOf(was), after: effectOf(is), newly, noLonger };
}

function seenIn(question: Question): ReadonlyMap<string, ChangedSlice> {
  return new Map(permittedSlices(question).map((permit) => [keyOf(permit), { ...permit.slice, mode: permit.mode }]));
}

/** What of a permit makes a difference to what is seen, whatever it rests on: by another version the same is seen. */
function keyOf({ slice, mode, minimum, obligations }: Permit): string {
  return canonicalJson([slice, mode, minimum, obligations.includes('redact-free-text')]);
}

function effectOf(seen: ReadonlyMap<string, ChangedSlice>): 'permit' | 'deny' {
  return seen.size > 0 ? 'permit' : 'deny';
}
