import { canonicalJson, fail, isUuid, ok, type DecisionId, type Outcome } from '#kernel';
import type { LogToken } from '#event-log';
import { notFound, type Core, type PurposefulCaller } from '#nest-platform';
import type { View } from '#projections';
import {
  auditPoint,
  readAuditQuery,
  sendNotice,
  type AuditQuery,
  type AuditScope,
  type Caller,
  type Disclosed,
  type ReadAudit,
} from '#sharing';
import type { AuditReader, AuditSearch, Place } from '../views/audit/query.ts';
import { BudgetBook } from './budget-book.ts';
import { Counting } from './counting.ts';
import { budgetOf } from './export-budget.ts';
import { findLooks, openLooks, type AuditPage } from './pages.ts';
import type { Refusal } from './problems.ts';

/** How much is handed out, as data. */
export interface AuditLimits {
  /** Decisions that one person is handed in a day, in pages and files together. */
  readonly rowsADay: number;
  /** Decisions of one answer; it says when there are more. */
  readonly most: number;
  /** Decisions that an export hands out under one decision of its own. */
  readonly chunk: number;
}

/** The limits unless an area sets others: an area of 130,000 people has 100,000 looks a day. */
export const AUDIT_LIMITS: AuditLimits = { rowsADay: 250_000, most: 5_000_000, chunk: 500 };

/** What decisions are handed out with. */
export interface DeskMeans {
  readonly core: Pick<Core, 'log' | 'vault' | 'looks' | 'tails' | 'clock' | 'proof'>;
  readonly view: View;
  readonly limits: AuditLimits;
  readonly alarm: (what: string, error: unknown) => void;
}

/** Which part of an answer. */
export interface Part {
  readonly after?: Place | undefined;
  /** The answer's last decision, null where it has all there are; read from the count where it is not given. */
  readonly last?: Place | null;
  readonly limit: number;
}

/** Hands out parts of answers: each is decided anew, recorded, and taken from the reader's budget before any of it leaves. */
export class Handing {
  readonly read: ReadAudit;
  readonly counting: Counting;
  readonly #means: DeskMeans;
  readonly #budget: BudgetBook;
  readonly #reader: AuditReader & Pick<Core, 'log'>;

  constructor(means: DeskMeans) {
    const { core, view, limits, alarm } = means;
    this.#means = means;
    this.#budget = new BudgetBook(core.log, core.clock, limits.rowsADay);
    this.read = auditPoint(core.tails, core.looks);
    this.#reader = { view, log: core.log, keyAlive: async (key) => (await core.vault.describe(key)) !== undefined };
    this.counting = new Counting({
      ...this.#reader,
      waitUntil: async ({ pin }) => pin === null || view.waitUntil(pin, 200),
      most: limits.most,
      alarm: (error) => alarm('audit-query', error),
    });
  }

  /** The question, which must be of whoever asks; somebody else's is as one that was never asked, and the attempt is recorded. */
  async own(caller: PurposefulCaller, route: string, id: string): Promise<AuditQuery> {
    const { log, vault } = this.#means.core;
    const query = isUuid(id) ? await readAuditQuery(log, vault, id) : undefined;
    const { sub, organisation } = caller.reader;
    if (query?.sub === sub && query.organisation === organisation) return query;
    await this.#refuse(told(caller, { query: id }), route, 'not-own-query');
    throw notFound();
  }

  /** The question as the view is asked it. */
  search(query: AuditQuery, scope: AuditScope, place: Pick<AuditSearch, 'after' | 'last'> = {}): AuditSearch {
    const { vault } = this.#means.core;
    const { child, user, ...filters } = query.filters;
    return {
      scope,
      filters: {
        ...filters,
        ...(child === undefined ? {} : { childHash: vault.lookupHash('audit-child', child) }),
        ...(user === undefined ? {} : { userHash: vault.lookupHash('audit-user', user) }),
      },
      pin: query.pin as LogToken | null,
      ...place,
    };
  }

  /** One part. */
  async hand(
    caller: Caller,
    route: string,
    query: AuditQuery,
    { after, last, limit }: Part,
  ): Promise<Outcome<Disclosed<AuditPage>, Refusal>> {
    const { core } = this.#means;
    const left = await this.#budget.left(caller);
    if (left <= 0) return this.#spent(caller, route, query);
    const handed = await this.read({
      caller,
      route,
      find: async (scope) => {
        const count = last === undefined ? this.counting.of(query.id, this.search(query, scope)) : undefined;
        if (count !== undefined && count.state !== 'ready') return undefined;
        const end = count === undefined ? (last ?? null) : count.last;
        const place = { ...(after === undefined ? {} : { after }), ...(end === null ? {} : { last: end }) };
        const looks = await findLooks(this.#reader, this.search(query, scope, place), Math.min(limit, left));
        return { ...looks, end };
      },
      open: (found, scope, decision) =>
        found === undefined ? undefined : openLooks(core.vault, found, scope, decision),
    });
    if (!handed.ok) return handed;
    if (!isPage(handed.value)) return fail({ code: 'not-ready' });
    // Two requests at once may have seen the same left: the second to take is refused, and what it found does not leave.
    const taking = {
      query: query.id,
      decision: handed.value.decision as DecisionId,
      rows: handed.value.value.rows.length,
    };
    if (!(await this.#budget.take(caller, taking))) return this.#spent(caller, route, query);
    return ok(handed.value);
  }

  async #refuse(caller: Caller, route: string, refused: string): Promise<void> {
    await this.read({ caller, route, refused, find: async () => undefined, open: () => undefined });
  }

  /** The budget is used up: recorded as a refusal, and the area's officer is told, once a person and day. */
  async #spent(caller: Caller, route: string, query: AuditQuery): Promise<Outcome<never, Refusal>> {
    const { core } = this.#means;
    const at = core.clock.now();
    await this.#refuse(caller, route, 'export-budget-reached');
    await sendNotice(core.looks, {
      cause: budgetOf(caller.reader, at).stream,
      kind: 'export-budget-reached',
      to: 'area-dpo',
      organisation: null,
      reference: query.id,
      correlationId: caller.correlationId,
      child: null,
      person: null,
    });
    return fail({ code: 'budget-reached', at });
  }
}

/** The caller with what is asked for, to be sealed in the look. */
export function told(caller: PurposefulCaller, what: object): Caller {
  const { detail } = caller;
  return { ...caller, detail: canonicalJson({ ...what, ...(detail === undefined ? {} : { detail }) }) };
}

function isPage(disclosed: Disclosed<AuditPage | undefined>): disclosed is Disclosed<AuditPage> {
  return disclosed.value !== undefined;
}
