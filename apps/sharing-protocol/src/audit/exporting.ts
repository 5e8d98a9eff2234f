import { createHash } from 'node:crypto';
import { ok, type DecisionId, type Outcome } from '#kernel';
import { auditQueryStream, type AuditQueryExported, type ExportEnd, type ExportFormat } from '#contracts';
import { handleCommand, type CommandMeta, type Decider, type EventLog } from '#event-log';
import { release, type Disclosed } from '#sharing';
import type { Place } from '../views/audit/query.ts';
import { WRITERS } from './formats.ts';
import type { ExportMark } from './mark.ts';
import type { AuditPage } from './pages.ts';
import { problemOf, type Refusal } from './problems.ts';

/** A file to be written. */
export interface Exporting {
  readonly log: EventLog;
  readonly format: ExportFormat;
  readonly mark: ExportMark;
  /** The first part, which was decided before anything was sent. */
  readonly first: AuditPage;
  /** The part behind a place, decided anew. */
  readonly next: (after: Place, last: Place | null) => Promise<Outcome<Disclosed<AuditPage>, Refusal>>;
  /** By whom and when it is recorded that the file was handed out. */
  readonly meta: () => CommandMeta;
}

interface Change {
  readonly type: 'audit-query.exported.v1';
  readonly data: AuditQueryExported;
}
const EXPORTED: Decider<AuditQueryExported, null, never, Change, never> = {
  initialState: null,
  evolve: () => null,
  decide: (data) => ok([{ type: 'audit-query.exported.v1', data }]),
};

/**
 * The bytes of a file, in constant memory, part by part. Where a part is refused the file ends with the reason; where it can't be decided
 * at all the stream breaks off without an end, so that nothing truncated looks whole.
 */
export async function* exportBytes({ log, format, mark, first, next, meta }: Exporting): AsyncGenerator<Buffer> {
  const writer = WRITERS[format];
  const hash = createHash('sha256');
  const hashed = (text: string): Buffer => {
    const bytes = Buffer.from(text, 'utf8');
    hash.update(bytes);
    return bytes;
  };
  let [rows, ended]: [number, ExportEnd | undefined] = [0, undefined];
  let page = first;
  yield hashed(writer.head(mark));
  while (ended === undefined) {
    rows += page.rows.length;
    yield hashed(page.rows.map((row) => writer.row(row, mark)).join(''));
    if (page.next === null) {
      ended = page.end === null ? 'complete' : 'capped';
    } else {
      const more = await next(page.next, page.end);
      if (more.ok) page = release(more.value);
      else ended = endOf(more.error);
    }
  }
  const tail = hashed(writer.tail(mark, rows, ended));
  const { query, sub } = mark;
  const decision = mark.export as DecisionId;
  const command = { query, decision, sub, format, rows, ended, sha256: hash.digest('hex') };
  // Kept before the last bytes leave: whoever has the whole file can have its proof.
  await handleCommand({ log, stream: auditQueryStream(query), decider: EXPORTED, command, meta: meta() });
  yield tail;
}

function endOf(refusal: Refusal): ExportEnd {
  if (refusal.code === 'budget-reached') return 'budget-reached';
  if (refusal.code === 'refused') return 'right-ended';
  throw problemOf(refusal);
}
