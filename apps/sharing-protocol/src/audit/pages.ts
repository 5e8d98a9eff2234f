import type { DecisionId } from '#kernel';
import { decodeRecord, lookStream, type LookEvent } from '#contracts';
import type { EventLog, LoggedEvent } from '#event-log';
import { openLook, type AuditScope } from '#sharing';
import { grantDisclose, type Vault } from '#vault';
import { auditRows, type AuditReader, type AuditSearch, type Found, type Place } from '../views/audit/query.ts';
import { auditRow, type AuditRow } from './row.ts';

/** A part of an answer. */
export interface AuditPage {
  readonly rows: readonly AuditRow[];
  /** Where to go on; null at the end. */
  readonly next: Place | null;
  /** The last decision of an answer that was cut at its most; null where it has all there are. */
  readonly end: Place | null;
}

/** Looks of a page, as they lie in the log. */
export interface FoundLooks {
  readonly found: readonly (Found & { readonly event: LoggedEvent })[];
  readonly next: Place | null;
}

/** The next looks of an answer, sealed. */
export async function findLooks(
  reader: AuditReader & { readonly log: Pick<EventLog, 'compare' | 'readStream'> },
  search: AuditSearch,
  limit: number,
): Promise<FoundLooks> {
  const rows: Found[] = [];
  for await (const row of auditRows(reader, search, limit + 1)) {
    rows.push(row);
    if (rows.length > limit) break;
  }
  const page = rows.slice(0, limit);
  const end = page.at(-1);
  const found = await Promise.all(
    page.map(async (row) => {
      const [event] = await reader.log.readStream(lookStream(row.decision as DecisionId), { limit: 1 });
      return event === undefined ? [] : [{ ...row, event }];
    }),
  );
  const next = rows.length > limit && end !== undefined ? { at: end.at, decision: end.decision } : null;
  return { found: found.flat(), next };
}

/** Opens them under the decision that hands them out; a look whose key is gone is not there any more. */
export async function openLooks(
  vault: Pick<Vault, 'open'>,
  { found, next, end }: FoundLooks & { readonly end: Place | null },
  scope: AuditScope,
  decision: string,
): Promise<AuditPage> {
  const grant = grantDisclose(decision);
  const opened = found.map(async ({ event, aborted, ...row }) => {
    const record = decodeRecord(event.data) as unknown as LookEvent;
    if (record.type !== 'look.recorded.v1') return [];
    const look = await openLook(vault, grant, record.data.decision, record.by, record.data.sealed);
    return look === undefined ? [] : [auditRow({ decision: row.decision, event: event.id, aborted, look }, scope)];
  });
  return { rows: (await Promise.all(opened)).flat(), next, end };
}
