import { sql } from 'kysely';
import type { ChildId, DecisionId, Instant, OrganisationId } from '#kernel';
import type { LookContent, ReviewContent } from '#contracts';
import type { EventLog } from '#event-log';
import type { View } from '#projections';
import {
  openLook,
  protectionStreams,
  relationshipEvidence,
  type Protection,
  type ProtectionStreams,
  type RelationshipEvidence,
  type Tails,
} from '#sharing';
import type { Grant, Vault } from '#vault';
import type { UsageRow } from '../views/usage/query.ts';
import { contentOf, hoursAfter, lookOf } from './cases.ts';

/** The accesses of a person are shown from so many hours before the first of the case to so many after. */
const HOURS = 4;
/** Looks of the person's organisation in that time that are opened to find the person's, at most. */
const MOST_AROUND = 2_000;

/** One of the accesses of a case, with what let the reader look, recomputed from the streams it was decided on. */
export interface EvidenceItem {
  readonly decision: string;
  readonly time: string;
  readonly organisation: string;
  readonly role: string;
  readonly purpose: string;
  readonly effect: string;
  readonly route: string;
  readonly reasons: readonly string[];
  readonly breakGlass: string | null;
  /** Null to an officer who accounts for others than the person: it counts other sources' facts. */
  readonly facts: number | null;
  readonly relationship: RelationshipEvidence;
}

/** What the same person did shortly before and after. */
export interface AroundItem {
  readonly decision: string;
  readonly time: string;
  readonly route: string;
  readonly purpose: string;
  readonly effect: string;
  readonly sameChild: boolean;
}

/** What lies ready for a case, still sealed. */
export interface GatheredCase {
  readonly looks: readonly (readonly [DecisionId, NonNullable<Awaited<ReturnType<typeof lookOf>>>])[];
  readonly streams: ProtectionStreams;
  readonly now: ReadonlyMap<ChildId, readonly Protection[]>;
  readonly around: readonly UsageRow[];
  /** True where there were more looks around than are searched. */
  readonly truncated: boolean;
}

/** Reads what a case rests on: the looks, the protections they were decided on and those of now, and the looks around. Opens nothing. */
export async function gather(
  parts: { readonly log: EventLog; readonly tails: Tails; readonly usage: View },
  content: ReviewContent,
  of: { readonly person: string | null; readonly organisation: OrganisationId },
  children: readonly ChildId[],
): Promise<GatheredCase> {
  const looks = [];
  for (const decision of content.decisions) {
    const look = await lookOf(parts.log, decision);
    if (look !== undefined) looks.push([decision, look] as const);
  }
  const now = new Map<ChildId, readonly Protection[]>();
  for (const child of children) now.set(child, await parts.tails.protections(child));
  const all = [...now.values()].flatMap((protections) => protections.map(({ child }) => child));
  const around = of.person === null ? [] : await looksBetween(parts.usage.db, of.organisation, content.from);
  return {
    looks,
    streams: await protectionStreams(parts.log, all),
    now,
    around: around.slice(0, MOST_AROUND),
    truncated: around.length > MOST_AROUND,
  };
}

/** The accesses of a case in words, as far as the officer sees them. */
export async function evidenceIn(
  vault: Pick<Vault, 'open'>,
  grant: Grant,
  gathered: GatheredCase,
  sees: (look: LookContent) => boolean,
  whole: boolean,
): Promise<readonly EvidenceItem[]> {
  const items = gathered.looks.map(async ([decision, record]) => {
    const look = await contentOf(vault, grant, record);
    if (look === undefined || !sees(look)) return [];
    const { at, reader, purpose, effect, route, reasons, breakGlass, facts } = look;
    const { organisation, role } = reader;
    const relationship = relationshipEvidence(look, gathered.streams, nowOf(look, gathered));
    const item = { decision, time: at, organisation, role, purpose, effect, route, reasons };
    return [{ ...item, breakGlass: breakGlass ?? null, facts: whole ? facts.length : null, relationship }];
  });
  return (await Promise.all(items)).flat();
}

/** What the person did before and after, oldest first; of other children nothing but that it was another. */
export async function aroundIn(
  vault: Pick<Vault, 'open'>,
  grant: Grant,
  { around }: GatheredCase,
  person: string | null,
  child: ChildId | null,
  sees: (look: LookContent) => boolean,
): Promise<readonly AroundItem[]> {
  const items = around.map(async (row) => {
    const sealed = { key: row.key_id, iv: row.iv, text: row.sealed_text };
    const look = await openLook(
      vault,
      grant,
      row.decision_id as DecisionId,
      row.organisation as OrganisationId,
      sealed,
    );
    if (look === undefined || look.reader.sub !== person || !sees(look)) return [];
    const effect = row.aborted === 1 ? 'aborted' : look.effect;
    const sameChild = child !== null && look.child === child;
    return [{ decision: row.decision_id, time: look.at, route: look.route, purpose: look.purpose, effect, sameChild }];
  });
  return (await Promise.all(items)).flat();
}

/** The children of some looks: a case about a person is about several. */
export async function childrenOf(
  log: EventLog,
  vault: Pick<Vault, 'open'>,
  grant: Grant,
  { child, decisions }: ReviewContent,
): Promise<readonly ChildId[]> {
  if (child !== null) return [child];
  const children = new Set<ChildId>();
  for (const decision of decisions) {
    const record = await lookOf(log, decision);
    const look = record === undefined ? undefined : await contentOf(vault, grant, record);
    if (look !== undefined && look.child !== null) children.add(look.child);
  }
  return [...children];
}

function nowOf({ child }: LookContent, { now }: GatheredCase): readonly Protection[] {
  return child === null ? [] : (now.get(child) ?? []);
}

async function looksBetween(
  db: View['db'],
  organisation: OrganisationId,
  around: Instant,
): Promise<readonly UsageRow[]> {
  const [from, until] = [hoursAfter(around, -HOURS), hoursAfter(around, HOURS)];
  const { rows } = await sql<UsageRow>`
    select decision_id, recorded_at, organisation, key_id, iv, sealed_text, stream, revision, type,
      case when exists (select 1 from aborted a where a.decision_id = look.decision_id) then 1 else 0 end as aborted
    from look where organisation = ${organisation} and recorded_at between ${from} and ${until}
    order by recorded_at, decision_id limit ${MOST_AROUND + 1}`.execute(db);
  return rows;
}
