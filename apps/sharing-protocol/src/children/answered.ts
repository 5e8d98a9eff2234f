import { notFound, Problem } from '#nest-platform';
import type { Outcome } from '#kernel';
import type { Disclosed, Refused } from '#sharing';

/** Sets the decision's id on the answer, or turns a refusal into the one 404. */
export function answered<T>(
  result: Outcome<Disclosed<T>, Refused>,
  reply: { header(name: string, value: string): unknown },
): Disclosed<T> {
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
