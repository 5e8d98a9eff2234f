import { Problem, type Core, type PurposefulCaller, type PurposefulRequest } from '#nest-platform';
import { appendLook, HUB, looksRule, recordRefusal } from '#sharing';
import type { ChildId } from '#kernel';
import { shown } from '../answer/shown.ts';
import type { OfficersScope } from '../views/reviews/query.ts';

/** Null for the area's officer, who sees all; else the organisation whose people and facts the officer answers for. */
export function officersScope({ reader }: PurposefulCaller): OfficersScope {
  return reader.organisation === HUB ? null : reader.organisation;
}

/**
 * True where the officer accounts for the people whose accesses something is about. Whoever has only had its facts read is told what was
 * done and nobody's name, as in the answers to questions about decisions.
 */
export function accountsFor(scope: OfficersScope, organisation: string): boolean {
  return scope === null || scope === organisation;
}

/** True for the area's own officer. */
export function isOfArea({ reader }: PurposefulCaller): boolean {
  return reader.organisation === HUB;
}

/** Stores the look at a list of the officers' and answers its decision; only for the purpose of audit, which is no question of a child. */
export async function lookAtList(core: Core, request: PurposefulRequest): Promise<string> {
  const { caller, route, reply } = request;
  await mustAudit(core, request);
  const decision = await appendLook(core.looks, caller, {
    effect: 'permit',
    route,
    child: null,
    slices: [],
    reasons: ['officers-list'],
    facts: [],
    registry: await core.tails.registry(),
    protections: [],
  });
  reply.header('hub-decision-id', decision);
  return decision;
}

/** Throws 403, and keeps the refusal, where an officer states another purpose than audit. */
export async function mustAudit(core: Core, { caller, route }: PurposefulRequest): Promise<void> {
  if (caller.purpose === 'audit') return;
  await recordRefusal(core.looks, caller, route, 'purpose-not-audit');
  throw new Problem({
    status: 403,
    code: 'HUB_PURPOSE_NOT_FOR_THIS',
    title: 'Detections and reviews are for the purpose audit only',
  });
}

/** Throws 403, and keeps the refusal, where somebody else than the area's officer asks for what is the area's. */
export async function mustBeOfArea(core: Core, { caller, route }: PurposefulRequest): Promise<void> {
  if (isOfArea(caller)) return;
  await recordRefusal(core.looks, caller, route, 'not-area-officer');
  throw new Problem({
    status: 403,
    code: 'HUB_OFFICER_OF_AREA_ONLY',
    title: 'Only the data-protection officer of the area may do this',
  });
}

/** Throws 403, and keeps the refusal, where an officer acts on what is said of their own accesses. */
export async function refuseOwn(core: Core, { caller, route }: PurposefulRequest): Promise<never> {
  await recordRefusal(core.looks, caller, route, 'own-access');
  throw new Problem({ status: 403, code: 'HUB_REVIEW_OF_OWN_ACCESS', title: 'Nobody reviews their own access' });
}

/** What is unknown and what is not the officer's are one 404, and a look. */
export async function refuseUnknown(core: Core, request: PurposefulRequest): Promise<never> {
  await shown(core, request, {
    child: null,
    rule: looksRule,
    find: async () => undefined,
    facts: () => [],
    open: () => undefined,
  });
  throw new Error('nobody is disclosed');
}

/** Answers what is about one child through the enforcement point, and what is about none with a look of its own. */
export async function discloseCase<Found, Value>(
  core: Core,
  request: PurposefulRequest,
  child: ChildId | null,
  find: () => Promise<Found>,
  open: (found: Found, decision: string) => Value | Promise<Value>,
): Promise<Value> {
  if (child === null) {
    const decision = await lookAtList(core, request);
    return open(await find(), decision);
  }
  await mustAudit(core, request);
  return shown(core, request, {
    child,
    rule: looksRule,
    find,
    facts: () => [],
    open: (found, _scope, decision) => open(found, decision),
  });
}
