import { setTimeout as wait } from 'node:timers/promises';
import { auditQueryStream, decodeRecord, type AuditFilters, type AuditQueryEvent, type ExportFormat } from '#contracts';
import { readWholeStream, type LoggedEvent } from '#event-log';
import { notFound, type PurposefulCaller } from '#nest-platform';
import { askAuditQuery, release, type AuditQuery, type Disclosed } from '#sharing';
import type { Place } from '../views/audit/query.ts';
import type { Count } from './counting.ts';
import { exportBytes } from './exporting.ts';
import { WRITERS } from './formats.ts';
import { Handing, told, type DeskMeans } from './handing.ts';
import type { AuditPage } from './pages.ts';
import { notYet, orThrow } from './problems.ts';

/** How far a question is answered. */
export interface QueryStatus extends Omit<Count, 'last'> {
  readonly id: string;
  readonly askedAt: string;
  /** False while it is counted, and where there are more decisions than one answer has. */
  readonly complete: boolean;
  /** How to read on where there are more: ask again with this `to`. */
  readonly goOn?: { readonly to: string };
}

/** A file on its way. */
export interface Export {
  /** The decision under which the first part leaves; names the export. */
  readonly decision: string;
  readonly mediaType: string;
  readonly fileName: string;
  readonly bytes: AsyncGenerator<Buffer>;
}

/** Where decisions are asked for: each asking, page, part of a file and proof is decided anew and is itself a look. */
export class AuditDesk {
  readonly #means: DeskMeans;
  readonly #handing: Handing;

  constructor(means: DeskMeans) {
    this.#means = means;
    this.#handing = new Handing(means);
  }

  /** Keeps the question and begins to count; what is recorded later than now is not in its answer. */
  async ask(
    caller: PurposefulCaller,
    route: string,
    filters: AuditFilters,
  ): Promise<{ readonly decision: string; readonly status: QueryStatus }> {
    const { log, looks } = this.#means.core;
    const { read, counting } = this.#handing;
    const asked = await read({
      caller: told(caller, { filters }),
      route,
      find: async (scope) => ({ scope, pin: await log.head() }),
      open: (found) => found,
    });
    // The look is kept before the question is: there is no question that nobody is seen to have asked.
    const disclosed = orThrow(asked);
    const { scope, pin } = release(disclosed);
    const query = await askAuditQuery(looks, caller, filters, pin);
    const count = counting.of(query.id, this.#handing.search(query, scope));
    return { decision: disclosed.decision, status: statusOf(query, count) };
  }

  /** How far it is. */
  async status(caller: PurposefulCaller, route: string, id: string): Promise<Disclosed<QueryStatus>> {
    const query = await this.#handing.own(caller, route, id);
    const found = await this.#handing.read({
      caller: told(caller, { query: id }),
      route,
      find: async (scope) => this.#handing.counting.of(id, this.#handing.search(query, scope)),
      open: (count) => statusOf(query, count),
    });
    return orThrow(found);
  }

  /** A page of the answer, newest first. */
  async page(
    caller: PurposefulCaller,
    route: string,
    id: string,
    page: { readonly after: Place | undefined; readonly limit: number },
  ): Promise<Disclosed<AuditPage>> {
    const query = await this.#handing.own(caller, route, id);
    const { filters } = query;
    return orThrow(await this.#handing.hand(told(caller, { query: id, filters }), route, query, page));
  }

  /** The whole answer as a file. What refuses it throws before the first byte; later, the file ends and says why. */
  async export(caller: PurposefulCaller, route: string, id: string, format: ExportFormat): Promise<Export> {
    const { core, limits } = this.#means;
    const query = await this.#handing.own(caller, route, id);
    const exporting = told(caller, { query: id, filters: query.filters, format });
    const limit = limits.chunk;
    const first = orThrow(await this.#handing.hand(exporting, route, query, { limit }));
    const { sub, organisation } = caller.reader;
    const { decision } = first;
    const writer = WRITERS[format];
    return {
      decision,
      mediaType: writer.mediaType,
      fileName: `decisions-${id}.${writer.extension}`,
      bytes: exportBytes({
        log: core.log,
        format,
        mark: { query: id, export: decision, sub, organisation, at: core.clock.now() },
        first: release(first),
        next: (after, last) => this.#handing.hand(exporting, route, query, { after, last, limit }),
        meta: () => ({ at: core.clock.now(), by: organisation, correlationId: caller.correlationId }),
      }),
    };
  }

  /**
   * The proof of the newest file of a question in a format, or of the one exported under a decision: a receipt (c2sp.org/tlog-proof@v1) of
   * the event that names its SHA-256, with that event's bytes and a signed checkpoint.
   */
  async manifest(
    caller: PurposefulCaller,
    route: string,
    id: string,
    which: { readonly format: ExportFormat; readonly decision?: string | undefined },
  ): Promise<Disclosed<string>> {
    const query = await this.#handing.own(caller, route, id);
    const events = await readWholeStream(this.#means.core.log, auditQueryStream(query.id));
    const exported = events.findLast(({ data }) => {
      const event = decodeRecord(data) as unknown as AuditQueryEvent;
      if (event.type !== 'audit-query.exported.v1' || event.data.format !== which.format) return false;
      return which.decision === undefined || event.data.decision === which.decision;
    });
    const found = await this.#handing.read({
      caller: told(caller, { query: id, format: which.format }),
      route,
      find: async () => (exported === undefined ? null : this.#receiptOf(exported)),
      open: (receipt) => receipt,
    });
    const disclosed = orThrow(found);
    if (!isText(disclosed)) {
      if (exported === undefined) throw notFound();
      throw notYet(503, 'HUB_PROOF_NOT_YET', 'No signed checkpoint covers the export yet');
    }
    return disclosed;
  }

  close(): Promise<void> {
    return this.#handing.counting.close();
  }

  /** A checkpoint is signed every second: it is waited for rather than asked for again. */
  async #receiptOf({ id, data }: LoggedEvent): Promise<string | null> {
    const { proof } = this.#means.core;
    for (let tries = 0; tries < 30; tries++) {
      const receipt = await proof.receipt(id, data);
      if (receipt !== undefined) return receipt;
      await wait(100);
    }
    return null;
  }
}

function isText(disclosed: Disclosed<string | null>): disclosed is Disclosed<string> {
  return disclosed.value !== null;
}

function statusOf({ id, at }: AuditQuery, { last, ...count }: Count): QueryStatus {
  const complete = count.state === 'ready' && last === null;
  return { id, askedAt: at, ...count, complete, ...(last === null ? {} : { goOn: { to: last.at } }) };
}
