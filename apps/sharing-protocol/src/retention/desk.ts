import { sql } from 'kysely';
import { addYears, type PersonFacts } from '#statutory';
import {
  dayOf,
  startOfDay,
  type ChildId,
  type Instant,
  type OrganisationId,
  type PlainDate,
  type RecordId,
} from '#kernel';
import type { Core } from '#nest-platform';
import { oneOf, type View } from '#projections';
import { birthDateIn, retentionOf, type CategoryRetention, type RecordRetention } from '#sharing';
import { waitForAll } from '../views/caught-up.ts';

/** A record that is no longer to be kept: the child by its random id, with the reason for each category. */
export interface DueRecord {
  readonly childId: ChildId;
  readonly organisation: OrganisationId;
  readonly categories: readonly CategoryRetention[];
  /** A legal hold overrides: it is due and must stay. */
  readonly held: boolean;
}

/** No period of the hub's copy is shorter than this, so a record younger than it need not be opened. */
const LEAST_YEARS = 6;
/** Statements opened in search of a birth date, newest first. */
const OPENED = 20;

interface FactRow {
  readonly owner: string;
  readonly organisation: string;
  readonly category: string;
  readonly key_id: string;
  readonly happened_at: string;
}

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

/**
 * Which records are no longer to be kept. The view's clear dates choose those whose last fact is old enough (one pass over an index, a page at a
 * time), and only of these is a birth date opened; a day of an area has a few hundred.
 */
export class RetentionDesk {
  readonly #core: Core;
  readonly #timeline: View;

  constructor(core: Core, timeline: View) {
    this.#core = core;
    this.#timeline = timeline;
  }

  /** Records that are due on a day, in the order of their ids; of one organisation where given. `next` continues after this page. */
  async due(
    on: PlainDate,
    organisation: OrganisationId | null,
    after: string | undefined,
    limit: number,
  ): Promise<{ readonly due: readonly DueRecord[]; readonly next: string | null }> {
    const before = startOfDay(addYears(on, -LEAST_YEARS));
    const own = organisation === null ? sql`1 = 1` : sql`s.organisation = ${organisation}`;
    const { rows } = await sql<{ readonly record: string }>`
      select f.owner as record from fact f
      join statement s on s.fact_id = f.fact_id and s.revision = f.revision
      where f.owner > ${after ?? ''} and ${own}
      group by f.owner having max(f.happened_at) < ${before}
      order by f.owner limit ${limit + 1}`.execute(this.#timeline.db);
    const due: DueRecord[] = [];
    const page = rows.slice(0, limit);
    const children = await this.#core.childrenOf(page.map(({ record }) => record as RecordId));
    const told = await this.#core.recordsOfAll([...children.values()]);
    for (const { record } of page) {
      const child = children.get(record as RecordId);
      if (child === undefined) continue;
      const retention = await this.#retentionOf(told.get(child) ?? [], [record], on);
      for (const { due: isDue, organisation: teller, categories } of retention) {
        if (!isDue) continue;
        const held = (await this.#core.holdsOn(child, teller)).length > 0;
        due.push({ childId: child, organisation: teller, categories, held });
      }
    }
    return { due, next: rows.length > limit ? (rows[limit - 1]?.record ?? null) : null };
  }

  /** True where every record of the child (of the organisation, or, for null, any) is due. Asked again before anything is destroyed. */
  async isOver(child: ChildId, organisation: OrganisationId | null, on: PlainDate): Promise<boolean> {
    await waitForAll(this.#core, [this.#timeline]);
    const members = await this.#core.recordsOf(child);
    const records = members
      .filter((record) => organisation === null || record.organisation === organisation)
      .map(({ recordId }) => recordId);
    const retention = await this.#retentionOf(members, records, on);
    return retention.length === records.length && records.length > 0 && retention.every(({ due }) => due);
  }

  /** How long what each organisation told of a child is kept here. */
  async of(child: ChildId, on: PlainDate): Promise<readonly RecordRetention[]> {
    const members = await this.#core.recordsOf(child);
    return this.#retentionOf(
      members,
      members.map(({ recordId }) => recordId),
      on,
    );
  }

  /** Of some records of a child, by what all of its records say of the person. */
  async #retentionOf(
    members: Awaited<ReturnType<Core['recordsOf']>>,
    records: readonly string[],
    on: PlainDate,
  ): Promise<readonly RecordRetention[]> {
    const all = members.map(({ recordId }) => String(recordId));
    const { rows } = await sql<FactRow>`
      select f.owner as owner, s.organisation as organisation, s.category as category, s.key_id as key_id,
        max(f.happened_at) as happened_at
      from fact f join statement s on s.fact_id = f.fact_id and s.revision = f.revision
      where ${oneOf('f.owner', [...new Set([...all, ...records])])} and s.key_id is not null
      group by f.owner, s.organisation, s.category, s.key_id
      order by f.owner, s.category, s.key_id`.execute(this.#timeline.db);
    const known = await Promise.all(rows.map((row) => this.#withCategory(row)));
    const person = personIn(known, await this.#birthDate(all));
    return records.flatMap((record) => {
      const own = known.filter(({ owner }) => owner === record);
      const [first] = own;
      if (first === undefined) return [];
      const categories = [...new Set(own.map(({ category }) => category))];
      return [retentionOf({ organisation: first.organisation as OrganisationId, categories }, person, on)];
    });
  }

  /** With its category, also where the view may not hold it. */
  async #withCategory(row: FactRow): Promise<FactRow> {
    const { category, key_id } = row;
    if (category !== 'restricted') return row;
    return { ...row, category: (await this.#core.vault.describe(key_id))?.compartment ?? category };
  }

  /** The latest birth date that the newest statements give: where two differ, the one that keeps longer. */
  async #birthDate(records: readonly string[]): Promise<PlainDate | undefined> {
    if (records.length === 0) return undefined;
    const { rows } = await sql<StatementRow>`
      select fact_id, revision, owner, type, fact_type, key_id, iv, sealed_text from statement
      where ${oneOf('owner', records)} and sealed_text is not null
      order by stated_at desc limit ${OPENED}`.execute(this.#timeline.db);
    await this.#core.vault.refresh();
    const opening = rows.map(({ fact_id, revision, owner, type, fact_type: schema, key_id, iv, sealed_text }) => {
      const context = { stream: `fact-${fact_id}`, revision, type, schema, owner };
      return birthDateIn(this.#core.vault, { sealed: { key: key_id, iv, text: sealed_text }, context });
    });
    const known = (await Promise.all(opening)).filter((date) => date !== undefined);
    return known.toSorted().at(-1);
  }
}

/** The person as all organisations together know them: whoever had to do with the child last keeps it in use. */
function personIn(rows: readonly FactRow[], birthDate: PlainDate | undefined): PersonFacts {
  const last = rows
    .map(({ happened_at }) => happened_at)
    .toSorted()
    .at(-1);
  return {
    ...(birthDate === undefined ? {} : { birthDate }),
    ...(last === undefined ? {} : { lastContact: dayOf(last as Instant) }),
    lookedAfter: rows.some(({ category }) => category === 'social.looked-after'),
  };
}
