import { CATEGORY_WORDS, PURPOSE_WORDS, ROLE_WORDS, type LookContent } from '#contracts';
import type { DecisionId, OrganisationId } from '#kernel';
import { openLook, type LooksScope, type Registry } from '#sharing';
import { grantDisclose, type Vault } from '#vault';
import type { UsageRow } from './query.ts';

/** One look as the child's family or a data-protection officer reads it: organisation and role, not the name. */
export interface UsageItem {
  readonly decision: string;
  readonly time: string;
  readonly organisation: string;
  readonly organisationName: string;
  /** The system the request came by: the client of the sign-in; absent for an organisation whose people did not look. */
  readonly system?: string;
  readonly role: string;
  readonly purpose: string;
  /** Who looked and why, in a sentence a parent can read. */
  readonly reason: string;
  /** `on-roll`, `self-claimed`; null where nothing said that they work with the child, or nothing needs to. */
  readonly because: string | null;
  readonly effect: 'permit' | 'deny' | 'aborted';
  /** Which categories of whose facts might be read. */
  readonly categories: readonly { readonly organisation: string; readonly category: string; readonly words: string }[];
  /** How many facts were read; absent for an organisation that is told only of its own of them. */
  readonly facts?: number;
  /** Read under emergency access: how its review came out, `under-review` until it did; absent for every other look. */
  readonly emergency?: string;
}

/**
 * A look as whoever is of `scope` reads it: an organisation is told of others' looks only what was seen of its own facts. `outcome` is that of
 * the emergency access it was read under.
 */
export function usageItem(
  row: UsageRow,
  look: LookContent,
  {
    scope,
    registry,
    outcome,
  }: { readonly scope: LooksScope; readonly registry: Registry; readonly outcome?: string | undefined },
): UsageItem {
  const { reader, purpose, slices, facts } = look;
  const only =
    scope.of === 'organisation' && scope.organisation !== reader.organisation ? scope.organisation : undefined;
  const seen = facts.length === 0 ? [] : slices.filter((each) => only === undefined || each.organisation === only);
  const name = registry.organisations.get(reader.organisation)?.name ?? reader.organisation;
  return {
    decision: row.decision_id,
    time: look.at,
    organisation: reader.organisation,
    organisationName: name,
    ...(only === undefined ? { system: reader.client } : {}),
    role: reader.role,
    purpose,
    reason: `Somebody of ${name} (${ROLE_WORDS[reader.role]}) looked ${PURPOSE_WORDS[purpose]}.`,
    because: look.relationship?.kind ?? null,
    effect: row.aborted === 1 ? 'aborted' : look.effect,
    categories: seen.map(({ organisation, category }) => ({ organisation, category, words: CATEGORY_WORDS[category] })),
    ...(only === undefined ? { facts: facts.length } : {}),
    ...(outcome === undefined ? {} : { emergency: outcome }),
  };
}

/** What a row says, opened under the decision that shows it; undefined where its key was destroyed. */
export function lookOf(vault: Vault, decision: string, row: UsageRow): Promise<LookContent | undefined> {
  const sealed = { key: row.key_id, iv: row.iv, text: row.sealed_text };
  return openLook(
    vault,
    grantDisclose(decision),
    row.decision_id as DecisionId,
    row.organisation as OrganisationId,
    sealed,
  );
}
