import { sql } from 'kysely';
import type { ChildId, DecisionId, OrganisationId } from '#kernel';
import type { Core } from '#nest-platform';
import { oneOf, type View } from '#projections';
import { Canaries, HUB, openLook } from '#sharing';
import { grantProcess } from '#vault';
import { usagePage } from '../views/usage/query.ts';

/** So many rows at a time. */
const PAGE = 200;

interface StatementRow {
  readonly fact_id: string;
  readonly revision: number;
  readonly owner: string;
  readonly type: string;
  readonly fact_type: string;
  readonly key_id: string;
  readonly iv: string;
  readonly sealed_text: string;
}

/** What to search the files for once the keys of these records are gone, out of every statement there is of them. */
export async function canariesOf(core: Core, timeline: View, records: readonly string[]): Promise<readonly string[]> {
  if (records.length === 0) return [];
  const { organisations } = await core.tails.registry();
  const canaries = new Canaries(core.vault, new Set([...organisations.values()].map(({ name }) => name)));
  for (let after: readonly [string, number] = ['', -1], full = true; full;) {
    const { rows } = await sql<StatementRow>`
      select fact_id, revision, owner, type, fact_type, key_id, iv, sealed_text from statement
      where ${oneOf('owner', records)} and sealed_text is not null and (fact_id, revision) > (${after[0]}, ${after[1]})
      order by fact_id, revision limit ${PAGE}`.execute(timeline.db);
    const gathering = rows.map(({ fact_id, owner, revision, type, fact_type: schema, key_id, iv, sealed_text }) =>
      canaries.gather({
        sealed: { key: key_id, iv, text: sealed_text },
        context: { stream: `fact-${fact_id}`, revision, type, schema, owner },
      }),
    );
    await Promise.all(gathering);
    const last = rows.at(-1);
    if (last !== undefined) after = [last.fact_id, last.revision];
    full = rows.length === PAGE;
  }
  return canaries.words();
}

/**
 * The organisations to whom the facts that are erased were disclosed (UK GDPR art. 19), as the looks say; not the one whose facts they are,
 * nor families, who have no officer to tell.
 */
export async function recipientsOf(
  core: Core,
  usage: View,
  child: ChildId,
  organisation: OrganisationId | null,
): Promise<readonly OrganisationId[]> {
  const { vault } = core;
  const registry = await core.tails.registry();
  const readers = new Set<OrganisationId>();
  const childHashes = [vault.lookupHash('usage-child', child)];
  let after: { readonly at: string; readonly decision: string } | null | undefined;
  while (after !== null) {
    const page = await usagePage(usage.db, { childHashes, limit: PAGE, ...(after === undefined ? {} : { after }) });
    for (const row of page.rows) {
      const sealed = { key: row.key_id, iv: row.iv, text: row.sealed_text };
      const decision = row.decision_id as DecisionId;
      const reader = row.organisation as OrganisationId;
      const look = await openLook(vault, grantProcess('erasure-recipients'), decision, reader, sealed);
      if (look === undefined || row.aborted === 1 || look.effect !== 'permit' || look.facts.length === 0) continue;
      const theirs = look.slices.some((slice) => organisation === null || slice.organisation === organisation);
      if (theirs && reader !== organisation && reader !== HUB) readers.add(reader);
    }
    after = page.after;
  }
  return [...readers].filter((each) => registry.organisations.get(each)?.sector !== 'family').toSorted();
}
