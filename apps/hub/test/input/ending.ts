import { sql } from 'kysely';
import type { FactId } from '#kernel';
import { openFact, WHOLE } from '#sharing';
import { grantProcess } from '#vault';
import { VIEWS, type Views } from '../../src/hub.module.ts';
import { caughtUp, mustBe, timeline, type RunningHub } from '../running-hub.ts';

/** Where a hub ended up, without anything that chance or the moment of arrival chose. */
export interface Ending {
  /** The timeline's rows with what they hold, as an officer with every key would fold them. */
  readonly view: readonly Readonly<Record<string, unknown>>[];
  /** What one person with relationships is shown of each child. */
  readonly disclosed: readonly {
    readonly child: number;
    readonly type: string;
    readonly statedAt: string;
    readonly data: unknown;
  }[];
}

interface HeldRow {
  readonly [column: string]: unknown;
  readonly fact_id: string;
  readonly record_id: string | null;
}

/** Reads both; children are named by their places in the list, records by what they hold. */
export async function ending(
  hub: RunningHub,
  children: readonly string[],
  person: string,
  purpose: string,
): Promise<Ending> {
  await caughtUp(hub);
  const disclosed: Ending['disclosed'][number][] = [];
  for (const [child, id] of children.entries()) {
    const answer = mustBe(200, await timeline(hub.person(person), id, purpose, '?limit=200'));
    const { items } = answer.json as { items: readonly { type: string; statedAt: string; data: unknown }[] };
    disclosed.push(...items.map(({ type, statedAt, data }) => ({ child, type, statedAt, data })));
  }
  return { view: await folded(hub, children), disclosed: disclosed.toSorted(byText) };
}

async function folded({ composed }: RunningHub, children: readonly string[]): Promise<Ending['view']> {
  const { timeline: view } = composed.app.get<Views>(VIEWS);
  const { vault, recordsOf } = composed.opened.core;
  const places = new Map<string, number>();
  for (const [place, child] of children.entries()) {
    for (const { recordId } of await recordsOf(child as Parameters<typeof recordsOf>[0])) places.set(recordId, place);
  }
  const { rows } = await sql<HeldRow>`
    select f.fact_id, f.record_id, f.happened_at, f.stated_at, f.stated_rank, f.purposes, f.fact_type, f.withdrawn, f.revision,
      s.owner, s.key_id, s.iv, s.sealed_text, s.type, s.index_fields, s.category, s.organisation
    from fact f left join statement s on s.fact_id = f.fact_id and s.revision = f.revision`.execute(view.db);
  const facts = rows.map(async (row) => {
    const { happened_at, stated_at, stated_rank, purposes, fact_type, withdrawn, category, organisation } = row;
    const child = row.record_id === null ? null : places.get(row.record_id);
    const held = row['sealed_text'] === null ? null : await opened(row);
    const clear = { happened_at, stated_at, stated_rank, purposes, fact_type, withdrawn, category, organisation };
    return { ...clear, index: row['index_fields'], child, held };
  });
  return (await Promise.all(facts)).toSorted(byText);

  async function opened(row: HeldRow): Promise<unknown> {
    const fact = await openFact(
      vault,
      grantProcess('ending'),
      {
        factId: row.fact_id as FactId,
        sealed: { key: String(row['key_id']), iv: String(row['iv']), text: String(row['sealed_text']) },
        context: {
          stream: `fact-${row.fact_id}`,
          revision: Number(row['revision']),
          type: String(row['type']),
          schema: String(row['fact_type']),
          owner: String(row['owner']),
        },
      },
      WHOLE,
    );
    return fact.ok ? fact.value.data : fact.error;
  }
}

function byText(a: unknown, b: unknown): number {
  const [left, right] = [JSON.stringify(a), JSON.stringify(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}
