import { dayOf, toInstant, type DecisionId, type Instant, type OrganisationId } from '#kernel';
import type { Access } from './access.ts';
import { hourOf } from './calendar.ts';
import type { History, Window } from './window.ts';

export const SCHOOL = 'oakfield-primary' as OrganisationId;
export const TRUST = 'bridgewater-community-trust' as OrganisationId;
/** A Tuesday in term, nine o'clock. */
export const TUESDAY = '2026-11-24T09:00:00.000Z';

let made = 0;

/** An ordinary access, so many minutes after Tuesday nine o'clock, with what differs. */
export function access(minutes: number, differs: Partial<Access> = {}): Access {
  made += 1;
  const at = differs.at ?? toInstant(Date.parse(TUESDAY) + minutes * 60_000);
  return {
    decision: `decision-${String(made).padStart(6, '0')}` as DecisionId,
    at,
    day: dayOf(at),
    hour: hourOf(at),
    person: 'p1',
    organisation: SCHOOL,
    role: 'senco',
    team: null,
    purpose: 'sen-support',
    kind: 'open',
    child: 'c1',
    effect: 'permit',
    aborted: false,
    standing: 'fact',
    ownChild: false,
    watched: false,
    restricted: false,
    breakGlass: null,
    sources: [],
    ...differs,
  };
}

/** So many accesses, each made by its number. */
export function several(count: number, of: (n: number) => Access): readonly Access[] {
  return Array.from({ length: count }, (_, n) => of(n));
}

export const NO_HISTORY: History = { own: [], ownExports: [], peers: [], purposes: {} };

/** The window of the last of some accesses of one person and day. */
export function windowOf(accesses: readonly Access[], differs: Partial<Window> = {}): Window {
  const last = accesses.at(-1);
  if (last === undefined) throw new Error('no access');
  const emergencies = accesses.filter(({ breakGlass }) => breakGlass !== null);
  return {
    access: last,
    day: accesses,
    aroundChild: accesses.filter(({ standing, child }) => child === last.child && standing !== 'fact'),
    emergencies,
    teamEmergencies: emergencies,
    history: NO_HISTORY,
    ...differs,
  };
}

/** An instant of a day in the area's winter, when its clock is UTC. */
export const winter = (day: string, time: string): Instant => `${day}T${time}:00.000Z` as Instant;
