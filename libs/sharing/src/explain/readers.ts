import { dayOf, epochMs, type Instant, type OrganisationId } from '#kernel';
import {
  isHidden,
  PEOPLE,
  roleMayState,
  ROLE_PURPOSES,
  type Category,
  type Purpose,
  type RelationshipKind,
  type Role,
} from '#contracts';
import { permittedSlices } from '../decide/index.ts';
import type { Permit, Protection, Reader, Registry } from '../model.ts';
import { isFamilyRole, lastDayOf } from '../protection/relationship.ts';
import { categoryWords, nameOf, permitWords, spaced } from './words.ts';

/** Why an organisation's people may work with a child at all. */
export type ReaderReason = RelationshipKind | 'self-claimed' | 'emergency';

/** What some roles of an organisation may see of one source, for which purposes, and by what. */
export interface MaySee {
  readonly source: OrganisationId;
  readonly categories: readonly Category[];
  readonly roles: readonly Role[];
  readonly purposes: readonly Purpose[];
  readonly shows: 'content' | 'existence';
  readonly rule: Permit['rule'];
  readonly agreement?: { readonly id: string; readonly version: number };
  /** These lines are about facts that rest on consent. */
  readonly restsOn?: 'consent' | 'decision';
  /** The same in words. */
  readonly words: readonly string[];
}

/** An organisation whose people may see something of a child. */
export interface ReadingOrganisation {
  readonly organisation: OrganisationId;
  readonly name: string;
  readonly because: readonly ReaderReason[];
  readonly may: readonly MaySee[];
}

/** Who may see what of one child. */
export interface Readers {
  readonly organisations: readonly ReadingOrganisation[];
  /** There are more relationships than were looked at: the list is not the whole. */
  readonly more: boolean;
}

/** At most so many different relationships are looked at: a child has a dozen. */
const MOST = 100;

/**
 * Who may see this child's record, for what, by which agreement or consent: every organisation with a relationship, and whoever claims one or
 * has emergency access, through the function that decides. A `family` is not told of safeguarding, of restricted categories or of what is
 * shared without its consent: any of these could tip off somebody from whom the child is to be protected (decided in advance for everybody,
 * like decision 11).
 */
export function readersOf(
  registry: Registry,
  protections: readonly Protection[],
  at: Instant,
  audience: 'officer' | 'family',
): Readers {
  const viewers = viewersOf(protections, at);
  const organisations = new Map<OrganisationId, { because: Set<ReaderReason>; lines: Map<string, Line> }>();
  for (const viewer of viewers.slice(0, MOST)) {
    const lines = linesOf(viewer, { registry, protections, at }, audience);
    if (lines.length === 0) continue;
    const { organisation } = viewer;
    const known = organisations.get(organisation) ?? { because: new Set(), lines: new Map<string, Line>() };
    organisations.set(organisation, known);
    known.because.add(viewer.because);
    for (const line of lines) addLine(known.lines, line);
  }
  return {
    organisations: [...organisations].map(([organisation, { because, lines }]) => ({
      organisation,
      name: nameOf(organisation, registry),
      because: [...because],
      may: merged([...lines.values()], registry),
    })),
    more: viewers.length > MOST,
  };
}

interface Viewer {
  readonly organisation: OrganisationId;
  readonly because: ReaderReason;
  readonly roles: readonly Role[];
  readonly person: string | undefined;
  readonly team: string | undefined;
  readonly grant?: { readonly id: string; readonly purpose: Purpose };
}

function viewersOf(protections: readonly Protection[], at: Instant): readonly Viewer[] {
  const day = dayOf(at);
  const viewers = protections.flatMap(({ starts, claims, grants }): readonly Viewer[] => [
    ...[...starts.values()]
      .filter((start) => start.from <= day && (lastDayOf(start, protections) ?? day) >= day)
      .map(({ organisation, kind, person, team }) => {
        const roles = PEOPLE.filter((role) => isFamilyRole(role) === (kind === 'family'));
        return { organisation, because: kind, roles, person, team };
      }),
    ...[...claims.values()]
      .filter(({ from, until }) => from <= day && day <= until)
      .map(({ organisation, person, role }) => {
        const because = 'self-claimed' as const;
        return { organisation, because, roles: [role], person, team: undefined };
      }),
    ...[...grants.values()]
      .filter(({ from, until }) => epochMs(from) <= epochMs(at) && epochMs(at) < epochMs(until))
      .map(({ grant: id, organisation, person, role, purpose }) => {
        const because = 'emergency' as const;
        return { organisation, because, roles: [role], person, team: undefined, grant: { id, purpose } };
      }),
  ]);
  // Many relationships of one kind (five referrals) open the same.
  return [...new Map(viewers.map((each) => [JSON.stringify(each), each])).values()];
}

/** One category that one group of roles may see for some purposes. */
interface Line {
  readonly permit: Permit;
  readonly pairs: Set<string>;
}

function linesOf(
  { organisation, roles, person = 'anybody', team, grant }: Viewer,
  world: { readonly registry: Registry; readonly protections: readonly Protection[]; readonly at: Instant },
  audience: 'officer' | 'family',
): readonly Line[] {
  const lines = new Map<string, Line>();
  for (const role of roles) {
    const reader: Reader = {
      sub: person,
      organisation,
      role,
      ...(team === undefined ? {} : { team }),
      acr: '',
      client: '',
    };
    for (const purpose of ROLE_PURPOSES[role]) {
      if (!asksFor(purpose, grant?.purpose, role) || (audience === 'family' && purpose === 'safeguarding')) continue;
      const question = { ...world, reader, purpose, ...(grant === undefined ? {} : { breakGlass: grant.id }) };
      for (const permit of permittedSlices(question)) {
        if (audience === 'family' && tellsTooMuch(permit)) continue;
        addLine(lines, { permit, pairs: new Set([`${role} ${purpose}`]) });
      }
    }
  }
  return [...lines.values()];
}

function asksFor(purpose: Purpose, granted: Purpose | undefined, role: Role): boolean {
  return roleMayState(role, purpose) && (granted === undefined || granted === purpose);
}

function tellsTooMuch({ slice, sharingDecision }: Permit): boolean {
  return isHidden(slice.category) || sharingDecision !== undefined;
}

function addLine(lines: Map<string, Line>, { permit, pairs }: Line): void {
  const key = `${permit.slice.category} ${keyOf(permit)}`;
  const known = lines.get(key);
  if (known === undefined) lines.set(key, { permit, pairs: new Set(pairs) });
  else for (const pair of pairs) known.pairs.add(pair);
}

function keyOf({ slice, rule, mode, agreement, consent, sharingDecision }: Permit): string {
  return JSON.stringify([slice.organisation, slice.reliesOnConsent, rule, mode, agreement, consent, sharingDecision]);
}

/** Categories that the same roles may see for the same purposes by the same rule stand on one line. */
function merged(lines: readonly Line[], registry: Registry): readonly MaySee[] {
  const groups = new Map<string, Line[]>();
  for (const line of lines) {
    const key = `${keyOf(line.permit)} ${[...line.pairs].sort().join()}`;
    groups.set(key, [...(groups.get(key) ?? []), line]);
  }
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    return first === undefined
      ? []
      : [
          lineOf(
            first,
            group.map(({ permit }) => permit.slice.category),
            registry,
          ),
        ];
  });
}

function lineOf({ permit, pairs }: Line, categories: readonly Category[], registry: Registry): MaySee {
  const { slice, rule, mode, agreement, sharingDecision } = permit;
  const half = (at: 0 | 1) => [...new Set([...pairs].map((pair) => pair.split(' ')[at] ?? ''))];
  const [roles, purposes] = [half(0), half(1)];
  const what = categories.map(categoryWords).join(', ');
  const sentence = `${roles.map(spaced).join(', ')}: ${what}, stated by ${nameOf(slice.organisation, registry)}, for ${purposes.map(spaced).join(', ')}.`;
  return {
    source: slice.organisation,
    categories,
    roles: roles as Role[],
    purposes: purposes as Purpose[],
    shows: mode,
    rule,
    ...(agreement === undefined ? {} : { agreement }),
    ...(slice.reliesOnConsent ? { restsOn: sharingDecision === undefined ? 'consent' : 'decision' } : {}),
    words: [sentence, ...permitWords(permit, registry)],
  };
}
