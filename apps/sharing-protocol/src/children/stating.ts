import { isUuid, randomUuid, type ChildId, type RecordId } from '#kernel';
import { PEOPLE, type Role } from '#contracts';
import { invalidInput, notFound, type Core, type PurposefulRequest } from '#nest-platform';
import { type CompleteQuestion, type Protection, type ProtectionCommand, type Ruling } from '#sharing';
import { shown, handToken } from '../answer/shown.ts';

/** Those who work with children: every person but families, data-protection officers and administrators. */
export const PROFESSIONALS: readonly Role[] = PEOPLE.filter(
  (role) => !['parent', 'young-person', 'data-protection-officer', 'system-administrator'].includes(role),
);

/** One request about a child, as a handler gets it. */
export interface Asked extends PurposefulRequest {
  readonly childId: string;
}

/**
 * Lets through what the rule permits, after its look, and answers with what is read of the child's protection. Throws the one 404 for
 * everything else, absence included.
 */
export async function permitted<Scope, Value>(
  core: Core,
  asked: Asked,
  rule: (question: CompleteQuestion) => Ruling<Scope>,
  read: (protections: readonly Protection[], decision: string, scope: Scope) => Value | Promise<Value>,
): Promise<{ readonly child: ChildId; readonly value: Value }> {
  const child = isUuid(asked.childId) ? (asked.childId as ChildId) : null;
  const value = await shown(core, asked, {
    child,
    rule,
    find: async () => (child === null ? [] : core.tails.protections(child)),
    facts: () => [],
    open: (protections, scope, decision) => read(protections, decision, scope),
  });
  if (child === null) throw notFound();
  return { child, value };
}

/** Carries a command out, durable when it answers, and hands its writer a token for what they read next. 400 where it is refused. */
export async function carryOut(core: Core, asked: Asked, child: ChildId, command: ProtectionCommand): Promise<void> {
  const { reader, correlationId } = asked.caller;
  const outcome = await core.protectionCommand(child, command, { by: reader.organisation, correlationId });
  if (!outcome.ok) throw invalidInput(outcome.error);
  handToken(core, asked, outcome.value.token);
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
