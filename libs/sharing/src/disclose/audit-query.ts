import { canonicalBytes, randomUuid, type OrganisationId } from '#kernel';
import {
  auditQueryStream,
  decodeRecord,
  encodeRecord,
  type AuditFilters,
  type AuditQueryAsked,
  type AuditQueryContent,
  type AuditQueryEvent,
  type SealingContext,
} from '#contracts';
import type { EventLog } from '#event-log';
import { grantProcess, type Vault } from '#vault';
import { auditOwner, type Caller, type LookBook } from './look.ts';

/** A question about decisions as it was asked. */
export interface AuditQuery extends AuditQueryContent {
  readonly id: string;
}

/** Keeps a question, durable when it answers: it survives a restart, and is answered at `pin` for ever. */
export async function askAuditQuery(
  book: LookBook,
  caller: Caller,
  filters: AuditFilters,
  pin: string | null,
): Promise<AuditQuery> {
  const id = randomUuid(book.chance);
  const at = book.clock.now();
  const { sub, organisation } = caller.reader;
  const content: AuditQueryContent = { at, sub, organisation, filters, pin };
  const key = await book.vault.keyFor(auditOwner(organisation), at.slice(0, 4));
  const data: AuditQueryAsked = {
    query: id,
    sealed: book.vault.seal(key, queryContext(id, organisation), canonicalBytes(content)),
  };
  const stream = auditQueryStream(id);
  const { correlationId } = caller;
  const record = encodeRecord({
    format: 1,
    stream,
    revision: 0,
    type: 'audit-query.asked.v1',
    recordedAt: at,
    by: organisation,
    correlationId,
    data,
  });
  await book.log.append(stream, 'none', [record]);
  return { id, ...content };
}

/** The question of this id; undefined where there is none, or where its key was destroyed. */
export async function readAuditQuery(
  log: Pick<EventLog, 'readStream'>,
  vault: Pick<Vault, 'open'>,
  id: string,
): Promise<AuditQuery | undefined> {
  const [first] = await log.readStream(auditQueryStream(id), { limit: 1 });
  if (first === undefined) return undefined;
  const record = decodeRecord(first.data) as unknown as AuditQueryEvent;
  if (record.type !== 'audit-query.asked.v1') return undefined;
  const opened = await vault.open(grantProcess('audit-query'), record.data.sealed, queryContext(id, record.by));
  if (!opened.ok) return undefined;
  return { id, ...(JSON.parse(Buffer.from(opened.value).toString('utf8')) as AuditQueryContent) };
}

function queryContext(id: string, organisation: OrganisationId): SealingContext {
  return {
    stream: auditQueryStream(id),
    revision: 0,
    type: 'audit-query.asked.v1',
    schema: 'audit-query.asked.v1',
    owner: auditOwner(organisation),
  };
}
