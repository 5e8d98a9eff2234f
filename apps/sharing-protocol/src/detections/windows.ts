import { DETECTION_RULES, daysAfter, type Access, type History, type Window } from '#sharing';
import { epochMs, toInstant, type PlainDate } from '#kernel';
import type { DetectionState } from './state.ts';

/** Accesses kept in memory, all people's windows together: about 400 bytes each, what many have alike held once. The rest is read again. */
const MOST_ACCESSES = 100_000;
/** Different days, people, organisations, roles, teams and purposes that are held once for all accesses. */
const MOST_NAMES = 10_000;
/** Of one person's day so many are compared one by one, and what comes after is counted only; every limit is far below. */
const MOST_A_DAY = 2_000;
const HISTORY_DAYS = 30;
const NO_SOURCES: Access['sources'] = [];
const NO_HISTORY: History = { own: [], ownExports: [], peers: [], purposes: {} };

interface PersonDay {
  readonly accesses: Access[];
  readonly children: Set<string>;
  exports: number;
  history: History | undefined;
}

/** The windows that detections read, kept in memory as far as they fit and in the state for the rest. */
export class Windows {
  readonly #state: DetectionState;
  readonly #days = new Map<string, PersonDay>();
  readonly #roles = new Map<
    string,
    Pick<History, 'purposes'> & { readonly means: readonly { person: string; mean: number }[] }
  >();
  readonly #names = new Map<string, string>();
  #kept = 0;

  constructor(state: DetectionState) {
    this.#state = state;
  }

  /** Takes an access in and answers what the rules are to read. */
  add(read: Access): Window {
    const access = this.#sharing(read);
    const own = this.#dayOf(access.person, access.day);
    if (access.child !== null && access.kind !== 'other') own.children.add(access.child);
    if (access.kind === 'export') own.exports += 1;
    this.#state.add(access, { children: own.children.size, exports: own.exports });
    if (own.accesses.length < MOST_A_DAY) {
      own.accesses.push(access);
      this.#kept += 1;
    }
    const emergencies = this.#emergencies(access);
    return {
      access,
      day: own.accesses,
      aroundChild: this.#aroundChild(access),
      emergencies: emergencies.filter(({ person }) => person === access.person),
      teamEmergencies: access.team === null ? [] : emergencies.filter(({ team }) => team === access.team),
      history: this.#history(access, own),
    };
  }

  /** Forgets what is in memory of a day, so that it is read again. */
  forget(person: string, day: PlainDate): void {
    const known = this.#days.get(`${person} ${day}`);
    if (known === undefined) return;
    this.#kept -= known.accesses.length;
    this.#days.delete(`${person} ${day}`);
  }

  /** Forgets everything in memory. */
  clear(): void {
    this.#days.clear();
    this.#roles.clear();
    this.#names.clear();
    this.#kept = 0;
  }

  #dayOf(person: string, day: PlainDate): PersonDay {
    const key = `${person} ${day}`;
    const known = this.#days.get(key);
    if (known !== undefined) {
      // Put last: the first are those that nobody touched for longest.
      this.#days.delete(key);
      this.#days.set(key, known);
      return known;
    }
    const all = this.#state.ofDay(person, day).map((each) => this.#sharing(each));
    const about = all.filter(({ kind }) => kind !== 'other');
    const fresh: PersonDay = {
      accesses: all.slice(0, MOST_A_DAY),
      children: new Set(about.flatMap(({ child }) => (child === null ? [] : [child]))),
      exports: about.filter(({ kind }) => kind === 'export').length,
      history: undefined,
    };
    this.#days.set(key, fresh);
    this.#kept += fresh.accesses.length;
    for (const [old, { accesses }] of this.#days) {
      if (this.#kept <= MOST_ACCESSES || old === key) break;
      this.#kept -= accesses.length;
      this.#days.delete(old);
    }
    return fresh;
  }

  /** The same access; what accesses have in common is held once, however often it was read from looks or from the file. */
  #sharing(access: Access): Access {
    const sources = access.sources.length === 0 ? NO_SOURCES : access.sources.map((each) => this.#name(each));
    return {
      ...access,
      day: this.#name(access.day),
      person: this.#name(access.person),
      organisation: this.#name(access.organisation),
      role: this.#name(access.role),
      team: access.team === null ? null : this.#name(access.team),
      purpose: this.#name(access.purpose),
      sources,
    };
  }

  #name<Name extends string>(name: Name): Name {
    const known = this.#names.get(name);
    if (known !== undefined) return known as Name;
    if (this.#names.size >= MOST_NAMES) this.#names.clear();
    this.#names.set(name, name);
    return name;
  }

  #aroundChild({ child, standing, at }: Access): readonly Access[] {
    if (child === null || standing === 'fact' || standing === 'not-needed') return [];
    const { hours } = DETECTION_RULES['one-record-curiosity'].thresholds;
    return this.#state.aroundChild(child, toInstant(epochMs(at) - hours.value * 3_600_000), at);
  }

  #emergencies({ breakGlass, organisation, day }: Access): readonly Access[] {
    if (breakGlass === null) return [];
    const days = Math.max(
      DETECTION_RULES['break-glass-repeated'].thresholds.days.value,
      DETECTION_RULES['break-glass-team'].thresholds.days.value,
    );
    return this.#state.emergencies(organisation, daysAfter(day, 1 - days));
  }

  /** What was usual is asked for only where a rule would compare with it, once a person and day: the days before do not change. */
  #history(access: Access, own: PersonDay): History {
    const enough =
      own.children.size >= DETECTION_RULES.volume.thresholds.floor.value ||
      own.exports >= DETECTION_RULES['export-spike'].thresholds.floor.value ||
      own.accesses.length >= DETECTION_RULES['unusual-purpose'].thresholds.accesses.value;
    if (!enough) return NO_HISTORY;
    if (own.history !== undefined) return own.history;
    const { person, role, day } = access;
    const from = daysAfter(day, -HISTORY_DAYS);
    const days = this.#state.own(person, from, day);
    const of = this.#role(role, from, day);
    own.history = {
      own: days.map(({ children }) => children),
      ownExports: days.map(({ exports }) => exports),
      peers: of.means.filter((peer) => peer.person !== person).map(({ mean }) => mean),
      purposes: of.purposes,
    };
    return own.history;
  }

  #role(role: string, from: PlainDate, day: PlainDate) {
    const key = `${role} ${day}`;
    let known = this.#roles.get(key);
    if (known === undefined) {
      if (this.#roles.size >= 100) this.#roles.clear();
      known = { purposes: this.#state.purposes(role, from, day), means: this.#state.means(role, from, day) };
      this.#roles.set(key, known);
    }
    return known;
  }
}
