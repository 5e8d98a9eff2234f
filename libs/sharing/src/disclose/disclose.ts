import { dayOf, fail, never, ok, type ChildId, type FactId, type Instant, type Outcome } from '#kernel';
import type { LookContent, Obligation } from '#contracts';
import type { Protection, Question, Registry } from '../model.ts';
import { activeBreakGlass } from '../protection/break-glass.ts';
import { modeOf, timed } from './decision-observer.ts';
import { disclosed, type Disclosed } from './disclosed.ts';
import { openWhile } from './opening.ts';
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

/** One question to the enforcement point: who asks, where, and what of. */
export interface Disclosure<Scope, Found, Value> extends Disclosable<Scope, Found, Value> {
  readonly caller: Caller;
  /** Pattern of the route, never a path with ids. */
  readonly route: string;
}

/** What may be disclosed, whoever asks. */
export interface Disclosable<Scope, Found, Value> {
  /** Null where nobody is known by what was asked; refused like everything else about a child. */
  readonly child: ChildId | null;
  readonly rule: (question: CompleteQuestion) => Ruling<Scope>;
  /** Cipher text and clear index of what is in scope; reads only, opens nothing. */
  readonly find: (scope: Scope) => Promise<Found>;
  /** Ids of the facts whose words will leave. */
  readonly facts: (found: Found) => readonly FactId[];
  /** Which of the permitted slices the found lies in, for the look: what could have been seen follows from the revisions it cites. */
  readonly seen?: (found: Found, permitted: LookContent['slices']) => LookContent['slices'];
  /** Which obligations what was found brings with it; those of the ruling where it doesn't say. */
  readonly obligations?: (found: Found) => readonly Obligation[];
  /** Opens and redacts; waits for nothing but the vault (see {@link openWhile}). */
  readonly open: (found: Found, scope: Scope, decision: string) => Value | Promise<Value>;
}

/** Everything about a child that is refused, absence included, is one answer (design §4.7). */
export type Refused = 'not-found' | 'moved-too-often';

/** Where a test may stop a request; production passes none. */
export type Stage = 'decided' | 'looked';

/** Told to whoever runs the hub: something a decision needs was missing or failed, so it refused. Never with anything about the child. */
export type PolicyAlarm = (what: 'policy', error: unknown) => void;

/** Why a decision was refused though no rule said so. */
export class PolicyUnread extends Error {
  override readonly name = 'PolicyUnread';
}

/**
 * The one enforcement point: decide → append the look → re-read both tails, and what was erased since → open → answer. No look, no byte. What is missing or can't be
 * read refuses like everything else about a child, with an alarm in the look and to `alarm`.
 */
export function enforcementPoint(
  tails: Tails,
  book: LookBook,
  stage: (at: Stage) => Promise<void> = async () => undefined,
  alarm: PolicyAlarm = () => undefined,
) {
  return async function disclose<Scope, Found, Value>(
    request: Disclosure<Scope, Found, Value>,
  ): Promise<Outcome<Disclosed<Value>, Refused>> {
    const { caller, route, child } = request;
    for (let attempt = 0; attempt < 4; attempt++) {
      const at = book.clock.now();
      const { registry, protections, ruling, error } = await timed(book.observer, () => ruled(tails, at, request));
      await stage('decided');
      const base = { route, child, registry, protections };
      const { basis } = ruling;
      if (basis?.alarm === true) alarm('policy', error ?? new PolicyUnread(route));
      switch (ruling.effect) {
        case 'deny':
          await appendLook(book, caller, { ...base, ...basisOf(basis), ...REFUSED, reasons: ruling.reasons });
          return fail('not-found');
        case 'permit':
          break;
        default:
          never(ruling);
      }
      const found = await request.find(ruling.scope);
      const obligations = request.obligations?.(found) ?? basis?.obligations;
      const slices = request.seen?.(found, ruling.slices) ?? ruling.slices;
      const decision = await appendLook(book, caller, {
        ...base,
        ...basisOf(basis, obligations),
        effect: 'permit',
        slices,
        reasons: [],
        facts: request.facts(found),
      });
      await stage('looked');
      const opened = await openWhile(
        async () =>
          (await unmoved(tails, book.vault, registry, protections, child)) &&
          stillTimely(caller, basis, at, book.clock.now(), protections),
        () => request.open(found, ruling.scope, decision),
      );
      if (opened.ok) return ok(disclosed(decision, opened.value));
      await abortLook(book, caller, decision, modeOf(caller, slices));
    }
    return fail('moved-too-often');
  };
}

const REFUSED = { effect: 'deny', slices: [], facts: [] } as const;

interface Ruled<Scope> {
  readonly registry: Registry | undefined;
  readonly protections: readonly Protection[];
  readonly ruling: Ruling<Scope>;
  readonly error?: unknown;
}

/** Reads both tails and asks the rules; whatever fails on the way is a refusal with an alarm, never an answer. */
async function ruled<Scope>(
  tails: Tails,
  at: Instant,
  { caller, child, rule }: Pick<Disclosure<Scope, unknown, unknown>, 'caller' | 'child' | 'rule'>,
): Promise<Ruled<Scope>> {
  const [registry, read] = await Promise.all([settled(tails.registry()), settled(tails.protections(child ?? ABSENT))]);
  if (!registry.ok) return { registry: undefined, protections: [], ruling: UNREAD, error: registry.error };
  if (!read.ok) return { registry: registry.value, protections: [], ruling: UNREAD, error: read.error };
  const protections = read.value;
  const all = { registry: registry.value, protections };
  if (protections.length === 0 || protections.some((each: Protection | undefined) => each === undefined))
    return { ...all, protections: [], ruling: UNREAD };
  if (child === null) return { ...all, ruling: { effect: 'deny', reasons: ['child-unknown'] } };
  const { reader, purpose, breakGlass } = caller;
  const question = {
    reader,
    purpose,
    at,
    ...(breakGlass === undefined ? {} : { breakGlass }),
    ...all,
  };
  try {
    return { ...all, ruling: rule(question) };
  } catch (error) {
    return { ...all, ruling: UNREAD, error };
  }
}

const UNREAD = { effect: 'deny', reasons: ['child-unknown'], basis: { alarm: true } } as const;

async function settled<T>(reading: Promise<T>): Promise<Outcome<T, unknown>> {
  try {
    return ok(await reading);
  } catch (error) {
    return fail(error);
  }
}

function basisOf(basis: LookBasis | undefined, obligations = basis?.obligations): { readonly basis?: LookBasis } {
  if (basis === undefined && (obligations === undefined || obligations.length === 0)) return {};
  const { relationship, breakGlass, alarm } = basis ?? {};
  return {
    basis: {
      ...(relationship === undefined ? {} : { relationship }),
      ...(breakGlass === undefined ? {} : { breakGlass }),
      ...(obligations === undefined || obligations.length === 0 ? {} : { obligations }),
      ...(alarm === undefined ? {} : { alarm }),
    },
  };
}

/** The disclose function as services receive it. */
export type Disclose = ReturnType<typeof enforcementPoint>;

const ABSENT = '00000000-0000-4000-8000-000000000000' as ChildId;

/** False too where it can't be read any more: nothing is answered on a tail, or with keys, that nobody has asked about again. */
async function unmoved(
  tails: Tails,
  vault: LookBook['vault'],
  registry: Registry | undefined,
  protections: readonly Protection[],
  child: ChildId | null,
): Promise<boolean> {
  const [erased, now, read] = await Promise.all([
    settled(vault.refresh()),
    settled(tails.registry()),
    settled(tails.protections(child ?? ABSENT)),
  ]);
  if (!erased.ok || !now.ok || !read.ok) return false;
  const then = new Map(protections.map((each) => [each.child, each.revision]));
  const current = read.value;
  return (
    now.value.revision === registry?.revision &&
    current.length === protections.length &&
    current.every((each) => then.get(each.child) === each.revision)
  );
}

/**
 * Nothing is written where time alone ends what was decided on: agreements, consents and relationships hold by the day, an emergency access to
 * the instant. What was held up past either is decided anew.
 */
function stillTimely(
  { reader, purpose }: Caller,
  basis: LookBasis | undefined,
  then: Instant,
  now: Instant,
  protections: readonly Protection[],
): boolean {
  if (dayOf(then) !== dayOf(now)) return false;
  const grant = basis?.breakGlass;
  return grant === undefined || activeBreakGlass(grant, reader, purpose, now, protections) !== undefined;
}
