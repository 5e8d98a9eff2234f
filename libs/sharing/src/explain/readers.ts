import { dayOf, epochMs, type Instant, type OrganisationId, type PlainDate } from '#kernel';
import {
  CATEGORY_WORDS,
  isHidden,
  PEOPLE,
  PURPOSE_WORDS,
  roleMayState,
  ROLE_PURPOSES,
  ROLE_WORDS,
  type Category,
  type Purpose,
  type RelationshipKind,
  type Role,
} from '#contracts';
import { permittedSlices } from '../decide/index.ts';
import type { Permit, Protection, Reader, Registry } from '../model.ts';
import { isFamilyRole, lastDayOf } from '../protection/relationship.ts';
import { nameOf, permitWords } from './words.ts';

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
  /** The first day of the agreement; without one it is as long as the organisation works with the child. */
  readonly since?: PlainDate;
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
  /** The first day on which anything said so. */
  readonly since: PlainDate;
  readonly may: readonly MaySee[];
}

/** Who may see what of one child. */
export interface Readers {
  readonly organisations: readonly ReadingOrganisation[];
  /** There are more relationships than were looked at: the list is not the whole. */
  readonly more: boolean;
  /** For a family: what is never listed, whoever asks; the same for all, so it tells nothing of this child. */
  readonly notShown?: string;
}

/** What every family is told of what it is not told (decisions 11, 16 and 26). */
const NOT_SHOWN =
  'This list never shows work to keep a child safe, social care, or what the law keeps from a family. That is so for every family. The area’s data protection officer can tell you more about it.';

/** At most so many different relationships are looked at: a child has a dozen. */
const MOST = 100;

/**
 * Who may see this child's record, for what, by which agreement or consent: every organisation with a relationship, and whoever claims one or
 * has emergency access, through the function that decides. A `family` is not told of safeguarding, of restricted categories, of what is
 * shared without its consent, nor that social care works with the child: any of these could tip off somebody from whom the child is to be
 * protected (decided in advance for everybody, decisions 11 and 26).
 */
export function readersOf(
  registry: Registry,
  protections: readonly Protection[],
  at: Instant,
  audience: 'officer' | 'family',
): Readers {
  const viewers = viewersOf(protections, at).filter((each) => audience === 'officer' || !mayTipOff(each, registry));
  const organisations = new Map<
    OrganisationId,
    { because: Set<ReaderReason>; since: PlainDate; lines: Map<string, Line> }
  >();
  for (const viewer of viewers.slice(0, MOST)) {
    const lines = linesOf(viewer, { registry, protections, at }, audience);
    if (lines.length === 0) continue;
    const { organisation, from, because } = viewer;
    const known = organisations.get(organisation) ?? {
      because: new Set(),
      since: from,
      lines: new Map<string, Line>(),
    };
    if (from < known.since) known.since = from;
    organisations.set(organisation, known);
    known.because.add(because);
    for (const line of lines) addLine(known.lines, line);
  }
  return {
    organisations: [...organisations].map(([organisation, { because, since, lines }]) => ({
      organisation,
      name: nameOf(organisation, registry),
      because: [...because],
      since,
      may: merged([...lines.values()], registry),
    })),
    more: viewers.length > MOST,
    ...(audience === 'family' ? { notShown: NOT_SHOWN } : {}),
  };
}

interface Viewer {
  readonly organisation: OrganisationId;
  readonly because: ReaderReason;
  readonly from: PlainDate;
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
      .map(({ organisation, kind, person, team, from }) => {
        const roles = PEOPLE.filter((role) => isFamilyRole(role) === (kind === 'family'));
        return { organisation, because: kind, from, roles, person, team };
      }),
    ...[...claims.values()]
      .filter(({ from, until }) => from <= day && day <= until)
      .map(({ organisation, person, role, from }) => {
        const because = 'self-claimed' as const;
        return { organisation, because, from, roles: [role], person, team: undefined };
      }),
    ...[...grants.values()]
      .filter(({ from, until }) => epochMs(from) <= epochMs(at) && epochMs(at) < epochMs(until))
      .map(({ grant: id, organisation, person, role, purpose, from }) => {
        const because = 'emergency' as const;
        const grant = { id, purpose };
        return { organisation, because, from: dayOf(from), roles: [role], person, team: undefined, grant };
      }),
  ]);
  // Many relationships of one kind (five referrals) open the same: the first of them says since when.
  const earliest = new Map<string, Viewer>();
  for (const viewer of viewers) {
    const key = JSON.stringify({ ...viewer, from: '' });
    const known = earliest.get(key);
    if (known === undefined || viewer.from < known.from) earliest.set(key, viewer);
  }
  return [...earliest.values()];
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

/** That social care has a referral or a case is for the social worker to tell: it may be an enquiry (Children Act 1989 s.47). */
function mayTipOff({ organisation }: Viewer, registry: Registry): boolean {
  return registry.organisations.get(organisation)?.sector === 'social-care';
}

function listed(words: readonly string[]): string {
  if (words.length < 3) return words.join(' and ');
  return `${words.slice(0, -1).join('; ')}; and ${words.at(-1) ?? ''}`;
}

function capitalised(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
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
  const who = listed((roles as Role[]).map((role) => ROLE_WORDS[role]));
  const what = listed(categories.map((category) => CATEGORY_WORDS[category]));
  const why = listed((purposes as Purpose[]).map((purpose) => PURPOSE_WORDS[purpose]));
  const sentence = `${capitalised(who)} may see ${what}, told by ${nameOf(slice.organisation, registry)}, ${why}.`;
  const agreed = agreement === undefined ? undefined : registry.agreements.get(agreement.id);
  return {
    source: slice.organisation,
    categories,
    roles: roles as Role[],
    purposes: purposes as Purpose[],
    shows: mode,
    rule,
    ...(agreement === undefined ? {} : { agreement }),
    ...(agreed === undefined ? {} : { since: agreed.from }),
    ...(slice.reliesOnConsent ? { restsOn: sharingDecision === undefined ? 'consent' : 'decision' } : {}),
    words: [sentence, ...permitWords(permit, registry)],
  };
}
