import type { FastifyReply, FastifyRequest } from 'fastify';
import { isUuid, randomUuid, type ChildId, type RecordId } from '#kernel';
import { PEOPLE, type Role } from '#contracts';
import { invalidInput, notFound, type Core, type PurposefulCaller } from '#nest-platform';
import { release, type CompleteQuestion, type Protection, type ProtectionCommand, type Ruling } from '#sharing';
import { answered } from './answered.ts';

/** Those who work with children: every person but families, data-protection officers and administrators. */
export const PROFESSIONALS: readonly Role[] = PEOPLE.filter(
  (role) => !['parent', 'young-person', 'data-protection-officer', 'system-administrator'].includes(role),
);

/** One request about a child, as a handler gets it. */
export interface Asked {
  readonly childId: string;
  readonly caller: PurposefulCaller;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

/**
 * Lets through what the rule permits, after its look, and answers with what is read of the child's protection. Throws the one 404 for
 * everything else, absence included.
 */
export async function permitted<Scope, Value>(
  core: Core,
  { childId, caller, request, reply }: Asked,
  rule: (question: CompleteQuestion) => Ruling<Scope>,
  read: (protections: readonly Protection[], decision: string, scope: Scope) => Value | Promise<Value>,
): Promise<{ readonly child: ChildId; readonly value: Value }> {
  const child = isUuid(childId) ? (childId as ChildId) : null;
  const result = await core.disclose({
    caller,
    child,
    route: `${request.method} ${request.routeOptions.url ?? ''}`,
    rule,
    find: async () => (child === null ? [] : core.tails.protections(child)),
    facts: () => [],
    open: (protections, scope, decision) => read(protections, decision, scope),
  });
  const value = release(answered(result, reply));
  if (child === null) throw notFound();
  return { child, value };
}

/** Carries a command out, durable when it answers, and hands its writer a token for what they read next. 400 where it is refused. */
export async function carryOut(
  core: Core,
  { caller, reply }: Asked,
  child: ChildId,
  command: ProtectionCommand,
): Promise<void> {
  const { reader, correlationId } = caller;
  const outcome = await core.protectionCommand(child, command, { by: reader.organisation, correlationId });
  if (!outcome.ok) throw invalidInput(outcome.error);
  const { token } = outcome.value;
  if (token !== null) reply.header('hub-min-token', core.tokens.issue(reader.sub, token));
}

/** The organisations that have told of a child by its id in a path; none where it is no id. */
export async function tellersOf(core: Core, childId: string): ReturnType<Core['recordsOf']> {
  return isUuid(childId) ? core.recordsOf(childId as ChildId) : [];
}

/** The caller's organisation's own record of the child, under whose key its words lie; undefined where it has told nothing. */
export async function ownRecord(core: Core, { childId, caller }: Asked): Promise<RecordId | undefined> {
  const { organisation } = caller.reader;
  const tellers = await tellersOf(core, childId);
  return tellers.find((each) => each.organisation === organisation)?.recordId;
}

/** The id the caller chose, so that asking again changes nothing, or a new one. */
export function idOr(core: Core, given: string | undefined): string {
  return given?.toLowerCase() ?? randomUuid(core.chance);
}
