import { fail, never, ok, type ChildId, type FactId, type Outcome } from '#kernel';
import type { LookContent } from '#contracts';
import type { Protection, Question, Registry } from '../model.ts';
import { disclosed, type Disclosed } from './disclosed.ts';
import { abortLook, appendLook, type Caller, type LookBasis, type LookBook } from './look.ts';

/** What a decision reads: cached folds at their acknowledged tails, never a view (design §4.5). */
export interface Tails {
  registry(): Promise<Registry>;
  /** The protection of a child and of those linked to it; a child nobody knows has one empty fold, so absence costs what refusal costs. */
  protections(child: ChildId): Promise<readonly Protection[]>;
}

/** A question whose streams could all be read. */
export type CompleteQuestion = Question & { readonly registry: Registry; readonly protections: readonly Protection[] };

/** What the rules say to one question: what may be read and why, or why nothing may. */
export type Ruling<Scope> =
  | {
      readonly effect: 'permit';
      readonly scope: Scope;
      readonly slices: LookContent['slices'];
      readonly basis?: LookBasis;
    }
  | { readonly effect: 'deny'; readonly reasons: readonly string[]; readonly basis?: LookBasis };

/** One question to the enforcement point. */
export interface Disclosure<Scope, Found, Value> {
  readonly caller: Caller;
  /** Null where nobody is known by what was asked; refused like everything else about a child. */
  readonly child: ChildId | null;
  /** Pattern of the route, never a path with ids. */
  readonly route: string;
  readonly rule: (question: CompleteQuestion) => Ruling<Scope>;
  /** Cipher text and clear index of what is in scope; reads only, opens nothing. */
  readonly find: (scope: Scope) => Promise<Found>;
  /** Ids of the facts whose words will leave. */
  readonly facts: (found: Found) => readonly FactId[];
  /** Which of the permitted slices the found lies in, for the look: what could have been seen follows from the revisions it cites. */
  readonly seen?: (found: Found, permitted: LookContent['slices']) => LookContent['slices'];
  /** Opens and redacts; synchronous, so that nothing can move between the last check and the answer. */
  readonly open: (found: Found, scope: Scope, decision: string) => Value;
}

/** Everything about a child that is refused, absence included, is one answer (design §4.7). */
export type Refused = 'not-found' | 'moved-too-often';

/** Where a test may stop a request; production passes none. */
export type Stage = 'decided' | 'looked';

/** The one enforcement point: decide → append the look → re-read both tails → open → answer. No look, no byte. */
export function enforcementPoint(
  tails: Tails,
  book: LookBook,
  stage: (at: Stage) => Promise<void> = async () => undefined,
) {
  return async function disclose<Scope, Found, Value>(
    request: Disclosure<Scope, Found, Value>,
  ): Promise<Outcome<Disclosed<Value>, Refused>> {
    const { caller } = request;
    for (let attempt = 0; attempt < 4; attempt++) {
      const registry = await tails.registry();
      const protections = await tails.protections(request.child ?? ABSENT);
      const question: CompleteQuestion = {
        reader: caller.reader,
        purpose: caller.purpose,
        at: book.clock.now(),
        ...(caller.breakGlass === undefined ? {} : { breakGlass: caller.breakGlass }),
        registry,
        protections,
      };
      const ruling: Ruling<Scope> =
        request.child === null ? { effect: 'deny', reasons: ['child-unknown'] } : request.rule(question);
      await stage('decided');
      const base = {
        route: request.route,
        child: request.child,
        registry,
        protections,
        ...(ruling.basis === undefined ? {} : { basis: ruling.basis }),
      };
      switch (ruling.effect) {
        case 'deny':
          await appendLook(book, caller, { ...base, effect: 'deny', slices: [], reasons: ruling.reasons, facts: [] });
          return fail('not-found');
        case 'permit':
          break;
        default:
          never(ruling);
      }
      const found = await request.find(ruling.scope);
      const decision = await appendLook(book, caller, {
        ...base,
        effect: 'permit',
        slices: request.seen?.(found, ruling.slices) ?? ruling.slices,
        reasons: [],
        facts: request.facts(found),
      });
      await stage('looked');
      if (await unmoved(tails, registry, protections, request.child)) {
        return ok(disclosed(decision, request.open(found, ruling.scope, decision)));
      }
      await abortLook(book, caller, decision);
    }
    return fail('moved-too-often');
  };
}

/** The disclose function as services receive it. */
export type Disclose = ReturnType<typeof enforcementPoint>;

const ABSENT = '00000000-0000-4000-8000-000000000000' as ChildId;

async function unmoved(
  tails: Tails,
  registry: Registry,
  protections: readonly Protection[],
  child: ChildId | null,
): Promise<boolean> {
  const now = await tails.registry();
  const then = new Map(protections.map((each) => [each.child, each.revision]));
  const current = await tails.protections(child ?? ABSENT);
  return (
    now.revision === registry.revision &&
    current.length === protections.length &&
    current.every((each) => then.get(each.child) === each.revision)
  );
}
