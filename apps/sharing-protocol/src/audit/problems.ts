import { dayOf, endOfDay, epochMs, type Instant, type Outcome } from '#kernel';
import { Problem } from '#nest-platform';
import type { AuditRefused, Disclosed } from '#sharing';

/** Why no decisions were handed out. None of it depends on a child. */
export type Refusal =
  AuditRefused | { readonly code: 'budget-reached'; readonly at: Instant } | { readonly code: 'not-ready' };

/** What was disclosed; throws the problem where it was refused. */
export function orThrow<T>(outcome: Outcome<Disclosed<T>, Refusal>): Disclosed<T> {
  if (!outcome.ok) throw problemOf(outcome.error);
  return outcome.value;
}

/** The answer to a refusal. */
export function problemOf(refusal: Refusal): Problem {
  switch (refusal.code) {
    case 'not-ready':
      return notYet(409, 'HUB_QUERY_NOT_READY', 'The answer is still being counted');
    case 'moved-too-often':
      return notYet(503, 'HUB_DECISION_MOVED', 'What the decision rests on changed while you asked');
    case 'refused':
      return new Problem({
        status: 403,
        code: 'HUB_DECISIONS_NOT_YOURS',
        title: 'You may not read decisions across children',
        detail: 'Data-protection officers of registered organisations may, for the purpose audit.',
      });
    case 'budget-reached': {
      const seconds = Math.ceil((epochMs(endOfDay(dayOf(refusal.at))) - epochMs(refusal.at)) / 1000);
      return new Problem({
        status: 429,
        code: 'CALLER_EXPORT_BUDGET_REACHED',
        title: 'You were handed as many decisions as one person may be in a day',
        detail: 'The area’s data-protection officer is told. Narrow the question, or go on tomorrow.',
        headers: { 'retry-after': String(Math.max(1, seconds)) },
      });
    }
  }
}

/** The same request will be answered a moment later. */
export function notYet(status: 409 | 503, code: `HUB_${string}`, title: string): Problem {
  return new Problem({ status, code, title, detail: 'Ask again.', headers: { 'retry-after': '1' } });
}
