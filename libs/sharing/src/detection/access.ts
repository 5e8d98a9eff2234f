import { dayOf, type DecisionId, type Instant, type OrganisationId, type PlainDate } from '#kernel';
import { sensitivityOf, type LookContent, type Purpose, type Role } from '#contracts';
import type { Protection } from '../model.ts';
import { activeRelationship } from '../protection/relationship.ts';
import { hourOf } from './calendar.ts';

/** What an access was after: finding a child, reading of one, taking data away, or something that is about no child. */
export type AccessKind = 'match' | 'open' | 'export' | 'other';

/**
 * What let somebody work with the child when they looked: a fact, their own claim, nothing any more (`ended`), nothing ever, or a role that
 * needs none (officers, administrators, an organisation's system).
 */
export type AccessStanding = 'fact' | 'self-claimed' | 'ended' | 'none' | 'not-needed';

/**
 * One look as the rules read it: plain data, person and child by keys that say nothing outside the store that made them. Refusals are accesses
 * too, because attempts count; of an aborted one nothing was disclosed, and the same request went on under another decision.
 */
export interface Access {
  readonly decision: DecisionId;
  readonly at: Instant;
  /** Day in the area. */
  readonly day: PlainDate;
  /** Hour of the area's clock, 0 to 23. */
  readonly hour: number;
  readonly person: string;
  readonly organisation: OrganisationId;
  readonly role: Role;
  readonly team: string | null;
  readonly purpose: Purpose;
  readonly kind: AccessKind;
  /** Null where nobody is known by what was asked. */
  readonly child: string | null;
  readonly effect: 'permit' | 'deny';
  readonly aborted: boolean;
  readonly standing: AccessStanding;
  /** The reader is of the child's family. */
  readonly ownChild: boolean;
  /** An officer asked to watch over the child. */
  readonly watched: boolean;
  /** Something of a restricted category was seen. */
  readonly restricted: boolean;
  /** The emergency access it was read under. */
  readonly breakGlass: string | null;
  /** Whose facts were seen. */
  readonly sources: readonly OrganisationId[];
}

/** What of an access does not stand in its look. */
export interface AccessMeans {
  readonly person: string;
  readonly child: string | null;
  readonly standing: AccessStanding;
  readonly ownChild: boolean;
  readonly watched: boolean;
}

const NO_RELATIONSHIP_NEEDED: ReadonlySet<Role> = new Set([
  'data-protection-officer',
  'system-administrator',
  'organisation-system',
]);

/** A look as an access. */
export function accessOf(decision: DecisionId, look: LookContent, means: AccessMeans): Access {
  const { reader, effect, slices } = look;
  return {
    decision,
    at: look.at,
    day: dayOf(look.at),
    hour: hourOf(look.at),
    person: means.person,
    organisation: reader.organisation,
    role: reader.role,
    team: reader.team ?? null,
    purpose: look.purpose,
    kind: kindOf(look.route),
    child: means.child,
    effect,
    aborted: false,
    standing: means.standing,
    ownChild: means.ownChild,
    watched: means.watched,
    restricted: effect === 'permit' && slices.some(({ category }) => sensitivityOf(category) === 'restricted'),
    breakGlass: look.breakGlass ?? null,
    sources: effect === 'permit' ? [...new Set(slices.map(({ organisation }) => organisation))].sort() : [],
  };
}

/** What a route is for, by its pattern. */
export function kindOf(route: string): AccessKind {
  const path = route.slice(route.indexOf(' ') + 1);
  if (path.startsWith('/v1/child-matches')) return 'match';
  if (/\/exports?(\/|$)/.test(path)) return 'export';
  return path.startsWith('/v1/children/') ? 'open' : 'other';
}

/** True where nothing but the look itself is needed to say what the reader's relationship was. */
export function saysItsStanding(look: LookContent): boolean {
  return NO_RELATIONSHIP_NEEDED.has(look.reader.role) || look.relationship !== undefined || look.child === null;
}

/** The reader's relationship with the child as the look says; where it does not, as the protections it was decided on say. */
export function accessStandingOf(look: LookContent, protections: readonly Protection[]): AccessStanding {
  const { reader, relationship } = look;
  if (NO_RELATIONSHIP_NEEDED.has(reader.role)) return 'not-needed';
  if (relationship !== undefined) return relationship.kind === 'self-claimed' ? 'self-claimed' : 'fact';
  if (look.child === null) return 'none';
  const day = dayOf(look.at);
  const active = activeRelationship(reader, day, protections);
  if (active !== undefined) return active.kind === 'self-claimed' ? 'self-claimed' : 'fact';
  return protections.some((each) => endedFor(each, reader.organisation, day)) ? 'ended' : 'none';
}

function endedFor({ ends }: Protection, organisation: OrganisationId, day: PlainDate): boolean {
  for (const end of ends.values())
    if (end.organisation === organisation && end.kind !== 'family' && end.until < day) return true;
  return false;
}
