import type { OrganisationId, PlainDate } from '#kernel';
import type { AgreementInForce, Sector } from '#contracts';
import { decide } from '../src/decide/index.ts';
import type { Registry, SliceDecision } from '../src/model.ts';
import { emptyRegistry, evolveRegistry } from '../src/registry/index.ts';
import type { MatrixCase } from './matrix.ts';

/** What a case comes to: the facts are read, only known of, or neither. */
export type CaseOutcome = 'content' | 'existence' | 'deny';

/** A case of the matrix that comes out otherwise. */
export interface ChangedCase {
  readonly case: string;
  readonly before: CaseOutcome;
  readonly after: CaseOutcome;
}

/** How many cases were asked, and which came out otherwise. */
export interface CaseRun {
  readonly run: number;
  readonly changed: readonly ChangedCase[];
}

const ALWAYS = { from: '2000-01-01' as PlainDate, until: null };

/**
 * Runs the case matrix with a draft in the place of the version that holds. The bodies of the matrix are invented: the draft is put
 * between every two of them whose sectors are those of its parties, and its days are left out, so that what comes out is whom the text
 * lets see what. A case that changes is not wrong by itself: somebody has to want it.
 */
export function changedCases(
  cases: readonly MatrixCase[],
  sectors: { readonly source: Sector; readonly recipient: Sector },
  current: AgreementInForce | undefined,
  draft: AgreementInForce,
): CaseRun {
  const world = cases[0]?.question.registry ?? emptyRegistry();
  const before = current === undefined ? world : between(world, sectors, current, 1);
  const after = between(before, sectors, draft, 2);
  const changed = cases.flatMap(({ title, question, slice }): readonly ChangedCase[] => {
    if (question.registry === undefined) return [];
    const was = outcomeOf(decide({ ...question, registry: before }, slice));
    const is = outcomeOf(decide({ ...question, registry: after }, slice));
    return was === is ? [] : [{ case: title, before: was, after: is }];
  });
  return { run: cases.length, changed };
}

function outcomeOf(decision: SliceDecision): CaseOutcome {
  return decision.effect === 'permit' ? decision.mode : 'deny';
}

function between(
  world: Registry,
  sectors: { readonly source: Sector; readonly recipient: Sector },
  content: AgreementInForce,
  version: number,
): Registry {
  const of = (sector: Sector): readonly OrganisationId[] =>
    [...world.organisations.values()].filter((each) => each.sector === sector).map(({ organisation }) => organisation);
  let registry = world;
  for (const source of of(sectors.source)) {
    for (const recipient of of(sectors.recipient)) {
      if (source === recipient) continue;
      const agreement = `draft-${source}-${recipient}`;
      const data = { ...content, ...ALWAYS, agreement, version, source, recipient };
      registry = evolveRegistry(registry, { type: 'agreement.in-force.v1', data });
    }
  }
  return registry;
}
