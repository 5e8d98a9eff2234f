import {
  canonicalBytes,
  type Chance,
  type ChildId,
  type Clock,
  type DecisionId,
  type FactId,
  type OrganisationId,
  randomUuid,
} from '#kernel';
import { encodeRecord, lookStream, type LookContent, type Purpose, type Sealed, type SealingContext } from '#contracts';
import type { EventLog } from '#event-log';
import type { Grant, SealingVault, Vault } from '#vault';
import { POLICY_RELEASE, type Protection, type Reader, type Registry } from '../model.ts';
import { modeOf, type DecisionMode, type DecisionObserver } from './decision-observer.ts';

/** Who asks, why, and under which request: attached by the guard, never built from a body. */
export interface Caller {
  readonly reader: Reader;
  readonly purpose: Purpose;
  readonly detail?: string;
  /** The grant of emergency access the request names (Hub-Break-Glass). */
  readonly breakGlass?: string;
  readonly requestId: string;
  readonly correlationId: string;
}

/** What a look writes with. */
export interface LookBook {
  readonly log: EventLog;
  readonly vault: SealingVault;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly observer?: DecisionObserver;
}

/** What beside slices a decision rests on and asks for; see {@link LookContent}. */
export type LookBasis = Pick<LookContent, 'relationship' | 'breakGlass' | 'obligations' | 'alarm'>;

/** What was decided, as the look will keep it. */
export interface Decided {
  readonly effect: 'permit' | 'deny';
  readonly route: string;
  readonly child: ChildId | null;
  readonly slices: LookContent['slices'];
  readonly reasons: readonly string[];
  readonly facts: readonly FactId[];
  readonly basis?: LookBasis;
  readonly registry: Registry | undefined;
  readonly protections: readonly Protection[];
}

/** Looks are sealed under an audit key per reader's organisation and year (design §4.8). */
export function auditOwner(organisation: string): string {
  return `audit-${organisation}`;
}

/** What a look's cipher text is bound to. */
export function lookContext(decision: DecisionId, organisation: OrganisationId): SealingContext {
  return {
    stream: lookStream(decision),
    revision: 0,
    type: 'look.recorded.v1',
    schema: 'look.recorded.v1',
    owner: auditOwner(organisation),
  };
}

/** What a look says; undefined where its key is gone or it does not open as it was sealed. */
export async function openLook(
  vault: Pick<Vault, 'open'>,
  grant: Grant,
  decision: DecisionId,
  organisation: OrganisationId,
  sealed: Sealed,
): Promise<LookContent | undefined> {
  const opened = await vault.open(grant, sealed, lookContext(decision, organisation));
  return opened.ok ? (JSON.parse(Buffer.from(opened.value).toString('utf8')) as LookContent) : undefined;
}

/** Stores a look, durable when it answers; whatever rejects here means that not one byte may leave. */
export async function appendLook(book: LookBook, caller: Caller, decided: Decided): Promise<DecisionId> {
  const decision = randomUuid(book.chance) as DecisionId;
  const at = book.clock.now();
  const { organisation } = caller.reader;
  const key = await book.vault.keyFor(auditOwner(organisation), at.slice(0, 4));
  const content: LookContent = {
    at,
    reader: caller.reader,
    purpose: caller.purpose,
    ...(caller.detail === undefined ? {} : { detail: caller.detail }),
    route: decided.route,
    child: decided.child,
    effect: decided.effect,
    slices: decided.slices,
    reasons: decided.reasons,
    facts: decided.facts,
    ...decided.basis,
    registryRevision: decided.registry?.revision ?? -1,
    protection: decided.protections.map(({ child, revision }) => ({ child, revision })),
    policy: POLICY_RELEASE,
    requestId: caller.requestId,
  };
  const sealed = book.vault.seal(key, lookContext(decision, organisation), canonicalBytes(content));
  const stream = lookStream(decision);
  const record = encodeRecord({
    format: 1,
    stream,
    revision: 0,
    type: 'look.recorded.v1',
    recordedAt: at,
    by: organisation,
    correlationId: caller.correlationId,
    data: { decision, sealed },
  });
  await book.log.append(stream, 'none', [record]);
  const { effect, slices } = decided;
  book.observer?.decided({ decision, effect, purpose: caller.purpose, mode: modeOf(caller, slices) });
  return decision;
}

/** Says that nothing was disclosed under a look, because what it was decided on moved. */
export async function abortLook(
  book: LookBook,
  caller: Caller,
  decision: DecisionId,
  mode: DecisionMode = modeOf(caller, []),
): Promise<void> {
  const stream = lookStream(decision);
  const record = encodeRecord({
    format: 1,
    stream,
    revision: 1,
    type: 'look.aborted.v1',
    recordedAt: book.clock.now(),
    by: caller.reader.organisation,
    correlationId: caller.correlationId,
    data: { decision },
  });
  await book.log.append(stream, 0, [record]);
  book.observer?.decided({ decision, effect: 'aborted', purpose: caller.purpose, mode });
}

/** A refusal that does not depend on a child (no such purpose for this role) is a look too. */
export async function recordRefusal(book: LookBook, caller: Caller, route: string, reason: string): Promise<void> {
  await appendLook(book, caller, {
    effect: 'deny',
    route,
    child: null,
    slices: [],
    reasons: [reason],
    facts: [],
    registry: undefined,
    protections: [],
  });
}
