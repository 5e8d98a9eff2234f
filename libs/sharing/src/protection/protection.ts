import { canonicalJson, epochMs, fail, never, ok, parsePlainDate, type ChildId, type Outcome } from '#kernel';
import { isCategory, isPurpose, type ConsentGiven, type ConsentRefused } from '#contracts';
import type { Decider } from '#event-log';
import type { Protection } from '../model.ts';
import type { ProtectionChange, ProtectionCommand, ProtectionRejection } from './commands.ts';

type Decision = Outcome<readonly ProtectionChange[], ProtectionRejection>;

/** Nothing to add: it is so already, and the repeated command is answered as before. */
const AS_BEFORE: Decision = ok([]);
const NOTHING = { categories: [], purposes: [] };

/** The protection of a child nobody has said anything about. */
export function emptyProtection(child: ChildId): Protection {
  return {
    child,
    revision: -1,
    consents: new Map(),
    refusals: new Map(),
    withdrawn: new Map(),
    starts: new Map(),
    ends: new Map(),
    claims: new Map(),
    grants: new Map(),
    sharingDecisions: new Map(),
    over: new Set(),
  };
}

/** The protection after one more event; the one given stays as it was. The last statement of a fact id holds. */
export function evolveProtection(before: Protection, { type, data }: ProtectionChange): Protection {
  const after = { ...before, revision: before.revision + 1 };
  switch (type) {
    case 'consent.given.v1':
      return before.withdrawn.has(data.consent)
        ? after
        : { ...after, consents: including(before.consents, data.consent, data) };
    case 'consent.refused.v1':
      return before.withdrawn.has(data.consent)
        ? after
        : { ...after, refusals: including(before.refusals, data.consent, data) };
    case 'consent.withdrawn.v1': {
      const directive = before.consents.get(data.consent) ?? before.refusals.get(data.consent) ?? NOTHING;
      return {
        ...after,
        consents: without(before.consents, data.consent),
        refusals: without(before.refusals, data.consent),
        withdrawn: including(before.withdrawn, data.consent, directive),
      };
    }
    case 'relationship.started.v1':
      return { ...after, starts: including(before.starts, data.fact, data), ends: without(before.ends, data.fact) };
    case 'relationship.ended.v1':
      return { ...after, ends: including(before.ends, data.fact, data), starts: without(before.starts, data.fact) };
    case 'relationship.retracted.v1':
      return { ...after, starts: without(before.starts, data.fact), ends: without(before.ends, data.fact) };
    case 'relationship.claimed.v1':
      return before.over.has(data.claim) ? after : { ...after, claims: including(before.claims, data.claim, data) };
    case 'relationship.claim-ended.v1':
      return { ...after, claims: without(before.claims, data.claim), over: ended(before, data.claim) };
    case 'break-glass.granted.v1':
      return before.over.has(data.grant) ? after : { ...after, grants: including(before.grants, data.grant, data) };
    case 'break-glass.ended.v1':
      return { ...after, grants: without(before.grants, data.grant), over: ended(before, data.grant) };
    case 'sharing.decided.v1':
      return before.over.has(data.decision)
        ? after
        : { ...after, sharingDecisions: including(before.sharingDecisions, data.decision, data) };
    case 'sharing.decision-ended.v1':
      return {
        ...after,
        sharingDecisions: without(before.sharingDecisions, data.decision),
        over: ended(before, data.decision),
      };
    default:
      // A restriction this release doesn't know must not be overlooked.
      return never(type);
  }
}

/**
 * `protection-<childId>`: consents, refusals and relationships. Consents go by their own id, which once withdrawn never comes
 * back, so a replayed request can't undo a withdrawal; relationships go by the fact that states them, so a correction replaces.
 */
export function protectionDecider(child: ChildId) {
  return {
    initialState: emptyProtection(child),
    evolve: evolveProtection,
    decide: decideProtection,
  } satisfies Decider<ProtectionCommand, Protection, ProtectionChange, ProtectionChange, ProtectionRejection>;
}

/** The events a command leads to, none where it is so already; or why not (`Reason` codes, pointers into the command's data). */
export function decideProtection(command: ProtectionCommand, protection: Protection): Decision {
  switch (command.type) {
    case 'giveConsent':
      return direct(command.data, protection, () => ok([{ type: 'consent.given.v1', data: command.data }]));
    case 'refuseConsent':
      return direct(command.data, protection, () => ok([{ type: 'consent.refused.v1', data: command.data }]));
    case 'withdrawConsent': {
      const { consent } = command.data;
      if (protection.withdrawn.has(consent)) return AS_BEFORE;
      const refusal = protection.refusals.get(consent);
      // Whoever may look after a child may stop sharing; what a court or another person refused, one person alone can't allow again.
      if (refusal !== undefined && !isOwn(refusal, command.data.by)) {
        return fail({ code: 'CONSENT_OF_ANOTHER', pointer: '/consent' });
      }
      return protection.consents.has(consent) || refusal !== undefined
        ? ok([{ type: 'consent.withdrawn.v1', data: command.data }])
        : fail({ code: 'CONSENT_UNKNOWN', pointer: '/consent' });
    }
    case 'startRelationship': {
      const { data } = command;
      if (parsePlainDate(data.from) === undefined) return fail({ code: 'DATE_INVALID', pointer: '/from' });
      if (data.name === '') return fail({ code: 'NAME_EMPTY', pointer: '/name' });
      if (data.kind === 'family' && data.person === undefined)
        return fail({ code: 'PERSON_MISSING', pointer: '/person' });
      return same(protection.starts.get(data.fact), data) ? AS_BEFORE : ok([{ type: 'relationship.started.v1', data }]);
    }
    case 'endRelationship': {
      const { data } = command;
      if (parsePlainDate(data.until) === undefined) return fail({ code: 'DATE_INVALID', pointer: '/until' });
      if (data.name === '') return fail({ code: 'NAME_EMPTY', pointer: '/name' });
      return same(protection.ends.get(data.fact), data) ? AS_BEFORE : ok([{ type: 'relationship.ended.v1', data }]);
    }
    case 'retractRelationship': {
      const { fact } = command.data;
      const known = protection.starts.has(fact) || protection.ends.has(fact);
      return known ? ok([{ type: 'relationship.retracted.v1', data: command.data }]) : AS_BEFORE;
    }
    case 'grantBreakGlass': {
      const { data } = command;
      // What the user's book ended first must not come alive by what is sent later.
      if (protection.over.has(data.grant)) return AS_BEFORE;
      if (epochMs(data.until) <= epochMs(data.from)) return fail({ code: 'TIME_INVALID', pointer: '/until' });
      const known = protection.grants.get(data.grant);
      if (known === undefined) return ok([{ type: 'break-glass.granted.v1', data }]);
      return same(known, data) ? AS_BEFORE : fail({ code: 'GRANT_ID_TAKEN', pointer: '/grant' });
    }
    case 'endBreakGlass':
      return protection.over.has(command.data.grant)
        ? AS_BEFORE
        : ok([{ type: 'break-glass.ended.v1', data: command.data }]);
  }
}

function isOwn({ authority, by }: ConsentRefused, person: string | undefined): boolean {
  return authority !== 'court-order' && (by === undefined || by === person);
}

function direct(data: ConsentGiven | ConsentRefused, protection: Protection, change: () => Decision): Decision {
  const invalid = invalidDirective(data);
  if (invalid !== undefined) return fail(invalid);
  if (protection.withdrawn.has(data.consent)) return fail({ code: 'CONSENT_ALREADY_WITHDRAWN', pointer: '/consent' });
  const known = protection.consents.get(data.consent) ?? protection.refusals.get(data.consent);
  if (known === undefined) return change();
  // A refusal has no `until`, so the same words under the other command are not the same directive.
  return same(known, data) ? AS_BEFORE : fail({ code: 'CONSENT_ID_TAKEN', pointer: '/consent' });
}

function invalidDirective(data: ConsentGiven | ConsentRefused): ProtectionRejection | undefined {
  if (data.consent === '') return { code: 'CONSENT_ID_INVALID', pointer: '/consent' };
  if (data.categories.length === 0) return { code: 'CATEGORY_MISSING', pointer: '/categories' };
  if (data.purposes.length === 0) return { code: 'PURPOSE_MISSING', pointer: '/purposes' };
  const category = data.categories.findIndex((each) => !isCategory(each));
  if (category >= 0) return { code: 'CATEGORY_UNKNOWN', pointer: `/categories/${category}` };
  const purpose = data.purposes.findIndex((each) => !isPurpose(each));
  if (purpose >= 0) return { code: 'PURPOSE_UNKNOWN', pointer: `/purposes/${purpose}` };
  if ('until' in data && data.until !== null && parsePlainDate(data.until) === undefined) {
    return { code: 'DATE_INVALID', pointer: '/until' };
  }
  return undefined;
}

function same(a: object | undefined, b: object): boolean {
  return a !== undefined && canonicalJson(a) === canonicalJson(b);
}

function ended({ over }: Protection, id: string): ReadonlySet<string> {
  return new Set(over).add(id);
}

function including<V>(map: ReadonlyMap<string, V>, key: string, value: V): ReadonlyMap<string, V> {
  return new Map(map).set(key, value);
}

function without<V>(map: ReadonlyMap<string, V>, key: string): ReadonlyMap<string, V> {
  if (!map.has(key)) return map;
  const copy = new Map(map);
  copy.delete(key);
  return copy;
}
