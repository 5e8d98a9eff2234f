import { dayOf, type FactId, type Instant, type JsonObject } from '#kernel';
import { isHidden, type Obligation, type Provenance, type SealingContext } from '#contracts';
import { openExistence, openFact, type Permit, type Redaction, type SealedFact } from '#sharing';
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

/** A row and the permission it is shown under. */
export interface PermittedRow {
  readonly row: TimelineRow;
  readonly permit: Permit;
}

/** The permitted slices in the view's terms: hidden categories are found by the keys of the records, which the vault knows. */
export function slicesFor(
  permits: readonly Permit[],
  records: readonly string[],
  vault: Vault,
): readonly PermittedSlice[] {
  const keys = new Map<string, readonly string[]>();
  const keysOf = (category: Permit['slice']['category']): readonly string[] => {
    let known = keys.get(category);
    if (known === undefined) keys.set(category, (known = vault.keyIds(records, [category])));
    return known;
  };
  return permits.map(({ slice, rule }) => ({
    ...slice,
    ...(isHidden(slice.category) ? { keyIds: keysOf(slice.category) } : {}),
    // An emergency opens what is there, whatever purposes were foreseen for it.
    ...(rule === 'break-glass' ? { anyPurpose: true as const } : {}),
  }));
}

/** The permission of each row. One without is left out: the query found it by a permission, so there is none such. */
export function underPermits(
  vault: Vault,
  rows: readonly TimelineRow[],
  permits: readonly Permit[],
): readonly PermittedRow[] {
  const wanted = new Map(rows.map((row) => [sliceKey(vault, row), undefined as Permit | undefined]));
  for (const permit of permits) {
    const { organisation, category, reliesOnConsent } = permit.slice;
    const key = `${organisation} ${category} ${reliesOnConsent ? '1' : '0'}`;
    if (wanted.has(key)) wanted.set(key, permit);
  }
  return rows.flatMap((row) => {
    const permit = wanted.get(sliceKey(vault, row));
    return permit === undefined ? [] : [{ row, permit }];
  });
}

/** The permissions that rows are shown under, each once: what the look keeps. */
export function permitsSeen(rows: readonly PermittedRow[]): readonly Permit[] {
  return [...new Set(rows.map(({ permit }) => permit))];
}

/** Opens a page under its decision. A fact whose key is gone is not there; one that was tampered with stops everything. */
export function openPage(vault: Vault, decision: string, rows: readonly PermittedRow[]): readonly TimelineItem[] {
  return rows.flatMap(({ row, permit }) => {
    const opened = openFact(vault, grantDisclose(decision), factOf(row), permit);
    if (!opened.ok) {
      if (opened.error === 'tampered') throw new TamperedFact();
      return [];
    }
    const { type, data, correctionReason, redacted } = opened.value;
    return [
      {
        factId: row.fact_id,
        type,
        category: categoryOf(vault, row),
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
export function openExisting(vault: Vault, decision: string, rows: readonly PermittedRow[]): readonly ExistingItem[] {
  const items = rows.flatMap(({ row, permit }): readonly ExistingItem[] => {
    const opened = openExistence(vault, grantDisclose(decision), factOf(row), permit);
    if (!opened.ok && opened.error === 'tampered') throw new TamperedFact();
    const { organisation } = row;
    const category = categoryOf(vault, row);
    return opened.ok ? [{ organisation, category, current: true, shown: opened.value }] : [];
  });
  const order = ({ organisation, category }: ExistingItem) => `${organisation} ${category}`;
  return items.sort((a, b) => (order(a) < order(b) ? -1 : 1));
}

/** Of rows of one source and category, the newest: more than one would count them. */
export function oneEach(vault: Vault, rows: readonly PermittedRow[]): readonly PermittedRow[] {
  const newest = new Map<string, PermittedRow>();
  for (const each of rows) {
    const key = `${each.row.organisation} ${categoryOf(vault, each.row)}`;
    const known = newest.get(key);
    if (known === undefined || known.row.happened_at < each.row.happened_at) newest.set(key, each);
  }
  return [...newest.values()];
}

/** Sealed words that don't open as they were sealed: nothing of the page is answered, and somebody must look. */
export class TamperedFact extends Error {
  override readonly name = 'TamperedFact';
}

function categoryOf(vault: Vault, row: TimelineRow): string {
  return row.category === 'restricted' ? (vault.describe(row.key_id)?.compartment ?? row.category) : row.category;
}

function sliceKey(vault: Vault, row: TimelineRow): string {
  return `${row.organisation} ${categoryOf(vault, row)} ${row.slice.endsWith(' 1') ? '1' : '0'}`;
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
