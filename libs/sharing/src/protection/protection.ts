import { type ConsentGiven, type ConsentRefused, type ConsentWithdrawn } from '#contracts';
import { canonicalJson, epochMs, fail, never, ok, parsePlainDate, type ChildId, type Outcome } from '#kernel';
import type { Decider } from '#event-log';
import type { Protection, WithdrawnDirective } from '../model.ts';
import { authorityOfFact, decideAssessment, decideAuthority, decideAuthorityEnd } from './authority-decisions.ts';
import { decideClaim, decideClaimEnd } from './claim-decisions.ts';
import type { ProtectionChange, ProtectionCommand, ProtectionRejection } from './commands.ts';
import { decideObjection, decideObjectionMade } from './objection-decisions.ts';
import { invalidScope, MOST_BY_ONE_PERSON } from './parts.ts';
import { decideSharing, decideSharingEnd } from './sharing-decision-decisions.ts';

type Decision = Outcome<readonly ProtectionChange[], ProtectionRejection>;

/** Nothing to add: it is so already, and the repeated command is answered as before. */
const AS_BEFORE: Decision = ok([]);
const NOTHING: WithdrawnDirective = { categories: [], purposes: [] };

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
    authorities: new Map(),
    authorityEnds: new Map(),
    assessments: new Map(),
    objections: new Map(),
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
      return {
        ...after,
        consents: without(before.consents, data.consent),
        refusals: without(before.refusals, data.consent),
        withdrawn: including(before.withdrawn, data.consent, withdrawnOf(before, data.consent)),
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
    case 'authority.recorded.v1': {
      // What an organisation ended stays so; what a fact says holds as its last statement says it.
      const { authority, fact } = data;
      if (fact === undefined && before.authorityEnds.has(authority)) return after;
      return {
        ...after,
        authorities: including(before.authorities, authority, data),
        authorityEnds: without(before.authorityEnds, authority),
      };
    }
    case 'authority.ended.v1': {
      const recorded = before.authorities.get(data.authority);
      if (recorded === undefined) return after;
      return data.because === 'retracted'
        ? {
            ...after,
            authorities: without(before.authorities, data.authority),
            authorityEnds: without(before.authorityEnds, data.authority),
          }
        : {
            ...after,
            authorityEnds: including(before.authorityEnds, data.authority, { recorded, endedOn: data.endedOn }),
          };
    }
    case 'competence.assessed.v1':
      return { ...after, assessments: including(before.assessments, data.assessment, data) };
    case 'objection.made.v1':
      return { ...after, objections: including(before.objections, data.objection, { made: data }) };
    case 'objection.decided.v1': {
      const known = before.objections.get(data.objection);
      if (known === undefined) return after;
      return { ...after, objections: including(before.objections, data.objection, { ...known, decided: data }) };
    }
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
      const given = protection.consents.get(consent);
      // Whoever may look after a child may stop sharing; what a court, another person or the child's own word said, nobody else takes back.
      if (
        !(refusal === undefined || isOwn(refusal, command.data)) ||
        !(given === undefined || mayStop(given, command.data))
      ) {
        return fail({ code: 'CONSENT_OF_ANOTHER', pointer: '/consent' });
      }
      return given !== undefined || refusal !== undefined
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
      return ok([
        ...(known ? [{ type: 'relationship.retracted.v1', data: command.data } as const] : []),
        ...authorityOfFact(fact, protection),
      ]);
    }
    case 'recordAuthority':
      return decideAuthority(command.data, protection);
    case 'endAuthority':
      return decideAuthorityEnd(command.data, protection);
    case 'assessCompetence':
      return decideAssessment(command.data, protection);
    case 'claimRelationship':
      return decideClaim(command.data, protection);
    case 'endClaim':
      return decideClaimEnd(command.data, protection);
    case 'decideSharing':
      return decideSharing(command.data, protection);
    case 'endSharingDecision':
      return decideSharingEnd(command.data, command.source, protection);
    case 'makeObjection':
      return decideObjectionMade(command.data, protection);
    case 'decideObjection':
      return decideObjection(command, protection);
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

/** Whose refusal it is: of one person, of a local authority, or of a court, whose word ends with its order. */
function isOwn(
  { authority, by, organisation }: ConsentRefused,
  { because, ...withdrawing }: ConsentWithdrawn,
): boolean {
  if (authority === 'court-order') return because === 'order-ended';
  if (organisation !== undefined) return organisation === withdrawing.organisation;
  return by === undefined || by === withdrawing.by;
}

/** Whether somebody may stop what was allowed: anybody who cares for the child what another of them gave, but not the child's or a court's. */
function mayStop({ authority, by }: ConsentGiven, withdrawing: ConsentWithdrawn): boolean {
  if (authority === 'court-order') return withdrawing.because === 'order-ended';
  return authority === 'parental-responsibility' || by === undefined || by === withdrawing.by;
}

function withdrawnOf({ consents, refusals }: Protection, consent: string): WithdrawnDirective {
  const given = consents.get(consent);
  const directive = given ?? refusals.get(consent);
  if (directive === undefined) return NOTHING;
  const { categories, purposes, authority } = directive;
  return { categories, purposes, authority, was: given === undefined ? 'refused' : 'given' };
}

function direct(data: ConsentGiven | ConsentRefused, protection: Protection, change: () => Decision): Decision {
  const invalid = invalidDirective(data);
  if (invalid !== undefined) return fail(invalid);
  if (protection.withdrawn.has(data.consent)) return fail({ code: 'CONSENT_ALREADY_WITHDRAWN', pointer: '/consent' });
  const known = protection.consents.get(data.consent) ?? protection.refusals.get(data.consent);
  if (known === undefined)
    return saidBy(data.by, protection) >= MOST_BY_ONE_PERSON
      ? fail({ code: 'CONSENTS_TOO_MANY', pointer: '/consent' })
      : change();
  // A refusal has no `until`, so the same words under the other command are not the same directive.
  return same(known, data) ? AS_BEFORE : fail({ code: 'CONSENT_ID_TAKEN', pointer: '/consent' });
}

/** How many consents and refusals of one person stand; 0 where it was not kept who said something. */
function saidBy(by: string | undefined, { consents, refusals }: Protection): number {
  if (by === undefined) return 0;
  return [...consents.values(), ...refusals.values()].filter((each) => each.by === by).length;
}

function invalidDirective(data: ConsentGiven | ConsentRefused): ProtectionRejection | undefined {
  if (data.consent === '') return { code: 'CONSENT_ID_INVALID', pointer: '/consent' };
  const scope = invalidScope(data);
  if (scope !== undefined) return scope;
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
