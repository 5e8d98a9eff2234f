import type { LogToken } from '#event-log';
import { notFound, Problem, type AnswerHeaders, type Core, type PurposefulRequest } from '#nest-platform';
import type { Outcome } from '#kernel';
import { release, type Disclosable, type Disclosed, type Refused } from '#sharing';

/** Discloses to whoever asks, and names the decision in the answer. Throws what {@link answered} does. */
export async function shown<Scope, Found, Value>(
  core: Core,
  { caller, route, reply }: PurposefulRequest,
  what: Disclosable<Scope, Found, Value>,
): Promise<Value> {
  return release(answered(await core.disclose({ ...what, caller, route }), reply));
}

/** Sets the decision's id on the answer, or turns a refusal into the one 404; 503 where what the decision rests on moved too often. */
export function answered<T>(result: Outcome<Disclosed<T>, Refused>, reply: AnswerHeaders): Disclosed<T> {
  if (result.ok) {
    reply.header('hub-decision-id', result.value.decision);
    return result.value;
  }
  if (result.error === 'not-found') throw notFound();
  throw new Problem({
    status: 503,
    code: 'HUB_DECISION_MOVED',
    title: 'What the decision rests on changed while you asked',
    detail: 'Ask again.',
    headers: { 'retry-after': '1' },
  });
}

/** Hands the caller a token for what they wrote, to send as `Hub-Min-Token` with what they read next; none where nothing was written. */
export function handToken(core: Core, { caller, reply }: PurposefulRequest, token: LogToken | null): void {
  if (token !== null) reply.header('hub-min-token', core.tokens.issue(caller.reader.sub, token));
}
