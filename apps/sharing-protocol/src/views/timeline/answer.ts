import { dayOf, type FactId, type Instant, type JsonObject } from '#kernel';
import { isHidden, type Obligation, type Provenance, type SealingContext } from '#contracts';
import { openExistence, openFact, type Permit, type Redaction, type SealedFact, type Shown } from '#sharing';
import { grantDisclose, type Vault } from '#vault';
import type { PermittedSlice, TimelineRow } from './query.ts';

/** One fact of the timeline as it leaves. */
export interface TimelineItem {
  readonly factId: string;
  readonly type: string;
  readonly category: string;
  readonly organisation: string;
  readonly happenedAt: string;
  /** The same as a day of the area, which is what most facts state. */
  readonly happenedOn: string;
  readonly statedAt: string;
  readonly recordedAt: string;
  readonly data: JsonObject;
  readonly correctionReason?: string;
  /** Members that are there and were left out, and why; absent where all is shown. */
  readonly redacted?: readonly Redaction[];
  /** What the agreement asks for when this is seen, and the hub sees to; absent where nothing. */
  readonly obligations?: readonly Obligation[];
  readonly provenance: Pick<Provenance, 'kind'>;
}

/** That something of a category is there: no day, no id and no number of facts, which all would say more. */
export interface ExistingItem {
  readonly organisation: string;
  readonly category: string;
  /** It stands: it was not withdrawn. */
  readonly current: true;
  /** What such facts declare as showable, `leadProfessional`. */
  readonly shown: JsonObject;
}

/** A row and its category, also where the view may not hold it. */
export interface KnownRow {
  readonly row: TimelineRow;
  readonly category: string;
}

/** A row and the permission it is shown under. */
export interface PermittedRow extends KnownRow {
  readonly permit: Permit;
}

/** The permitted slices in the view's terms: hidden categories are found by the keys of the records, which the vault knows. */
export async function slicesFor(
  permits: readonly (Pick<Permit, 'slice'> & Partial<Pick<Permit, 'rule'>>)[],
  records: readonly string[],
  vault: Vault,
): Promise<readonly PermittedSlice[]> {
  const hidden = new Set(permits.map(({ slice }) => slice.category).filter(isHidden));
  const keys = new Map<string, readonly string[]>(
    await Promise.all(
      Array.from(hidden, async (category) => [category, await vault.keyIds(records, [category])] as const),
    ),
  );
  return permits.map(({ slice, rule }) => ({
    ...slice,
    ...(isHidden(slice.category) ? { keyIds: keys.get(slice.category) ?? [] } : {}),
    // An emergency opens what is there, whatever purposes were foreseen for it.
    ...(rule === 'break-glass' ? { anyPurpose: true as const } : {}),
  }));
}

/** The permission of each row. One without is left out: the query found it by a permission, so there is none such. */
export async function underPermits(
  vault: Vault,
  rows: readonly TimelineRow[],
  permits: readonly Permit[],
): Promise<readonly PermittedRow[]> {
  const known = await withCategories(vault, rows);
  const wanted = new Map(known.map((each) => [sliceKey(each), undefined as Permit | undefined]));
  for (const permit of permits) {
    const { organisation, category, reliesOnConsent } = permit.slice;
    const key = `${organisation} ${category} ${reliesOnConsent ? '1' : '0'}`;
    if (wanted.has(key)) wanted.set(key, permit);
  }
  return known.flatMap((each) => {
    const permit = wanted.get(sliceKey(each));
    return permit === undefined ? [] : [{ ...each, permit }];
  });
}

/** The permissions that rows are shown under, each once: what the look keeps. */
export function permitsSeen(rows: readonly PermittedRow[]): readonly Permit[] {
  return [...new Set(rows.map(({ permit }) => permit))];
}

/** Opens a page under its decision. A fact whose key is gone is not there; one that was tampered with stops everything. */
export async function openPage(
  vault: Vault,
  decision: string,
  rows: readonly (KnownRow & { readonly permit: Shown })[],
): Promise<readonly TimelineItem[]> {
  const grant = grantDisclose(decision);
  // Asked for together, keys that are not in memory are one question.
  const opened = await Promise.all(rows.map(({ row, permit }) => openFact(vault, grant, factOf(row), permit)));
  return rows.flatMap(({ row, permit, category }, at) => {
    const fact = opened[at];
    if (fact === undefined || !fact.ok) {
      if (fact?.error === 'tampered') throw new TamperedFact();
      return [];
    }
    const { type, data, correctionReason, redacted } = fact.value;
    return [
      {
        factId: row.fact_id,
        type,
        category,
        organisation: row.organisation,
        happenedAt: row.happened_at,
        happenedOn: dayOf(row.happened_at as Instant),
        statedAt: row.stated_at,
        recordedAt: row.recorded_at as Instant,
        data,
        ...(correctionReason === undefined ? {} : { correctionReason }),
        ...(redacted.length === 0 ? {} : { redacted }),
        ...(permit.obligations.length === 0 ? {} : { obligations: permit.obligations }),
        provenance: { kind: (JSON.parse(row.provenance) as Provenance).kind },
      },
    ];
  });
}

/** What exists, by organisation and category: never in the order in which it happened, which would date it. */
export async function openExisting(
  vault: Vault,
  decision: string,
  rows: readonly PermittedRow[],
): Promise<readonly ExistingItem[]> {
  const grant = grantDisclose(decision);
  const opened = await Promise.all(rows.map(({ row, permit }) => openExistence(vault, grant, factOf(row), permit)));
  const items = rows.flatMap(({ row, category }, at): readonly ExistingItem[] => {
    const fact = opened[at];
    if (fact?.ok === false && fact.error === 'tampered') throw new TamperedFact();
    const { organisation } = row;
    return fact?.ok === true ? [{ organisation, category, current: true, shown: fact.value }] : [];
  });
  const order = ({ organisation, category }: ExistingItem) => `${organisation} ${category}`;
  return items.sort((a, b) => (order(a) < order(b) ? -1 : 1));
}

/** Of rows of one source and category, the newest: more than one would count them. */
export function oneEach(rows: readonly PermittedRow[]): readonly PermittedRow[] {
  const newest = new Map<string, PermittedRow>();
  for (const each of rows) {
    const key = `${each.row.organisation} ${each.category}`;
    const known = newest.get(key);
    if (known === undefined || known.row.happened_at < each.row.happened_at) newest.set(key, each);
  }
  return [...newest.values()];
}

/** Sealed words that don't open as they were sealed: nothing of the page is answered, and somebody must look. */
export class TamperedFact extends Error {
  override readonly name = 'TamperedFact';
}

/** The rows with their categories: of those that the view may not hold, the vault knows. */
export function withCategories(vault: Vault, rows: readonly TimelineRow[]): Promise<readonly KnownRow[]> {
  return Promise.all(
    rows.map(async (row) => {
      const { category } = row;
      if (category !== 'restricted') return { row, category };
      return { row, category: (await vault.describe(row.key_id))?.compartment ?? category };
    }),
  );
}

function sliceKey({ row, category }: KnownRow): string {
  return `${row.organisation} ${category} ${row.slice.endsWith(' 1') ? '1' : '0'}`;
}

function factOf(row: TimelineRow): SealedFact {
  const context: SealingContext = {
    stream: row.stream,
    revision: row.revision,
    type: row.type,
    schema: row.fact_type,
    owner: row.owner,
  };
  return {
    factId: row.fact_id as FactId,
    sealed: { key: row.key_id, iv: row.iv, text: row.sealed_text },
    context,
  };
}
