import type { ChildId } from '#kernel';
import { looksRule, type CompleteQuestion, type LooksScope, type Registry, type Ruling } from '#sharing';
import type { Vault } from '#vault';

/** {@link looksRule} with the registry it was decided on, whose names the answer bears. */
export function ruleWithRegistry(
  question: CompleteQuestion,
): Ruling<{ readonly scope: LooksScope; readonly registry: Registry }> {
  const ruling = looksRule(question);
  return ruling.effect === 'deny' ? ruling : { ...ruling, scope: { scope: ruling.scope, registry: question.registry } };
}

/** Which looks of the view lie in a scope. */
export function looksIn(
  scope: LooksScope,
  vault: Pick<Vault, 'lookupHash'>,
  child: ChildId | null,
): { readonly childHashes: readonly string[]; readonly organisation?: string; readonly family?: boolean } {
  return {
    childHashes: child === null ? [] : [vault.lookupHash('usage-child', child)],
    ...(scope.of === 'organisation' ? { organisation: scope.organisation } : {}),
    ...(scope.of === 'family' ? { family: true } : {}),
  };
}
