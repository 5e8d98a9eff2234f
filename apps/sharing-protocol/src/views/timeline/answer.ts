import { dayOf, type FactId, type Instant, type JsonObject } from '#kernel';
import { CATEGORIES, type Category, type LookContent, type Provenance, type SealingContext } from '#contracts';
import { openFact, type Permit } from '#sharing';
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
  readonly provenance: Pick<Provenance, 'kind'>;
}

/** The permitted slices in the view's terms: hidden categories are found by the keys of the records, which the vault knows. */
export function slicesFor(
  permits: readonly Pick<Permit, 'slice'>[],
  records: readonly string[],
  vault: Vault,
): readonly PermittedSlice[] {
  return permits.map(({ slice }) =>
    isHidden(slice.category) ? { ...slice, keyIds: vault.keyIds(records, [slice.category]) } : slice,
  );
}

/** Of the permitted slices, those that facts of the page lie in, each once. */
export function seenIn(
  vault: Vault,
  rows: readonly TimelineRow[],
  permitted: LookContent['slices'],
): LookContent['slices'] {
  const seen = new Set(rows.map((row) => `${row.organisation} ${categoryOf(vault, row)}`));
  return permitted.filter(({ organisation, category }) => seen.delete(`${organisation} ${category}`));
}

/** Opens a page under its decision. A fact whose key is gone is not there; one that was tampered with stops everything. */
export function openPage(vault: Vault, decision: string, rows: readonly TimelineRow[]): readonly TimelineItem[] {
  return rows.flatMap((row) => {
    const opened = openFact(vault, grantDisclose(decision), {
      factId: row.fact_id as FactId,
      sealed: sealedOf(row),
      context: contextOf(row),
    });
    if (!opened.ok) {
      if (opened.error === 'tampered') throw new TamperedFact();
      return [];
    }
    const { type, data, correctionReason } = opened.value;
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
        provenance: { kind: (JSON.parse(row.provenance) as Provenance).kind },
      },
    ];
  });
}

/** Sealed words that don't open as they were sealed: nothing of the page is answered, and somebody must look. */
export class TamperedFact extends Error {
  override readonly name = 'TamperedFact';
}

function isHidden(category: Category): boolean {
  return CATEGORIES[category] === 'restricted' || CATEGORIES[category] === 'sealed';
}

/** The category of a row, also where the view may not hold it. */
export function categoryOf(vault: Vault, row: TimelineRow): string {
  return row.category === 'restricted' ? (vault.describe(row.key_id)?.compartment ?? row.category) : row.category;
}

function sealedOf(row: TimelineRow) {
  return { key: row.key_id, iv: row.iv, text: row.sealed_text };
}

function contextOf(row: TimelineRow): SealingContext {
  return { stream: row.stream, revision: row.revision, type: row.type, schema: row.fact_type, owner: row.owner };
}
