import { canonicalJson, fail, ok, sha256, type DecisionId, type Outcome } from '#kernel';
import {
  isPurpose,
  SAMPLED,
  type Reason,
  type SamplingEvent,
  type SamplingLine,
  type SamplingPlanned,
} from '#contracts';
import type { Decider } from '#event-log';
import type { Access } from '../detection/access.ts';

/** Of ordinary accesses at most so many in a hundred can be sampled: more nobody reviews, and more are not kept ready. */
export const MOST_PERCENT_OF_ORDINARY = 5;

const SPACE = 2 ** 32;

/**
 * The number drawn for a look, 0 up to 2^32: the first four bytes, most significant first, of SHA-256("tellonce review sample " and the
 * decision's id). The id is random and in the log before anybody could prefer it, so that whoever holds the log can draw the sample again.
 */
export function drawOf(decision: DecisionId): number {
  return Buffer.from(sha256(`tellonce review sample ${decision}`)).readUInt32BE(0);
}

/** True where the draw lies among the first so many in a hundred. */
export function isDrawn(draw: number, percent: number): boolean {
  return draw < (percent / 100) * SPACE;
}

/** Which kind of access a line would count this as; undefined for what nobody samples. */
export function sampledAs(access: Access): SamplingLine['of'] | undefined {
  if (access.aborted || access.kind === 'other') return undefined;
  if (access.effect === 'deny') return 'refusals';
  if (access.breakGlass !== null) return 'break-glass';
  if (access.standing === 'self-claimed') return 'self-claims';
  return access.kind === 'match' ? undefined : 'permits';
}

/** True where an access could be drawn by some plan: what is kept ready for the samples of its week. */
export function isCandidate(of: SamplingLine['of'], draw: number): boolean {
  return of === 'self-claims' || of === 'break-glass' || isDrawn(draw, MOST_PERCENT_OF_ORDINARY);
}

/** What an access is drawn by: kind, draw, purpose and whose people. */
export interface Candidate {
  readonly of: SamplingLine['of'];
  readonly draw: number;
  readonly purpose: string;
  readonly organisation: string;
}

/** True where a line of the plan draws it. */
export function isSampled(candidate: Candidate, lines: readonly SamplingLine[]): boolean {
  return lines.some(
    ({ of, percent, purpose, organisation }) =>
      of === candidate.of &&
      (purpose === null || purpose === candidate.purpose) &&
      (organisation === null || organisation === candidate.organisation) &&
      isDrawn(candidate.draw, percent),
  );
}

/** A change of the plan without its place in the log. */
export type SamplingChange = Pick<SamplingEvent, 'type' | 'data'>;

/** `review-plan`: the sampling plan, replaced as a whole. */
export const samplingDecider = {
  initialState: undefined as SamplingPlanned | undefined,
  evolve: (_before: SamplingPlanned | undefined, { data }: SamplingChange): SamplingPlanned | undefined => data,
  decide: (data: SamplingPlanned, plan: SamplingPlanned | undefined): Outcome<readonly SamplingChange[], Reason> => {
    for (const [at, line] of data.lines.entries()) {
      const wrong = invalidLine(line);
      if (wrong !== undefined) return fail({ code: wrong.code, pointer: `/lines/${at}${wrong.pointer}` });
    }
    if (plan !== undefined && canonicalJson(plan.lines) === canonicalJson(data.lines)) return ok([]);
    return ok([{ type: 'review.sampling-planned.v1', data }]);
  },
} satisfies Decider<SamplingPlanned, SamplingPlanned | undefined, SamplingChange, SamplingChange, Reason>;

function invalidLine({ of, percent, purpose }: SamplingLine): { code: string; pointer: string } | undefined {
  if (!SAMPLED.includes(of)) return { code: 'SAMPLED_UNKNOWN', pointer: '/of' };
  const most = of === 'self-claims' || of === 'break-glass' ? 100 : MOST_PERCENT_OF_ORDINARY;
  if (!(percent > 0 && percent <= most)) return { code: 'PERCENT_OUT_OF_RANGE', pointer: '/percent' };
  return purpose === null || isPurpose(purpose) ? undefined : { code: 'PURPOSE_UNKNOWN', pointer: '/purpose' };
}
