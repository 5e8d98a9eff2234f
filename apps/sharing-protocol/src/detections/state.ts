import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import type { DecisionId, Instant, OrganisationId, PlainDate } from '#kernel';
import type { LogToken } from '#event-log';
import { drawOf, hourOf, isCandidate, sampledAs, weekOf, type Access, type Suppression } from '#sharing';
import { openDatabase } from './schema.ts';

type Row = Readonly<Record<string, SQLOutputValue>>;

/** What the detections remember between looks, in one SQLite file of keyed hashes and counters; see `schema.ts`. */
export class DetectionState {
  readonly #db: DatabaseSync;
  readonly #statements: ReturnType<typeof statementsOf>;
  /** Accesses by role, day and purpose that are counted and not yet written. */
  readonly #purposes = new Map<string, number>();
  /** Counters of people and days that are not yet written. */
  readonly #daily = new Map<string, Daily>();

  constructor(path: string) {
    this.#db = openDatabase(path);
    this.#statements = statementsOf(this.#db);
  }

  /** How far the log was read; null for nothing yet. */
  token(): LogToken | null {
    const token = this.#statements.token.get()?.['token'];
    return typeof token === 'string' ? (token as LogToken) : null;
  }

  /** Everything done in between is kept with the place in the log, or none of it. */
  begin(): void {
    this.#db.exec('begin immediate');
  }
  commit(token: LogToken): void {
    this.#writePurposes();
    this.#writeDaily();
    this.#statements.setToken.run(token);
    this.#db.exec('commit');
  }
  rollback(): void {
    this.#purposes.clear();
    this.#daily.clear();
    if (this.#db.isTransaction) this.#db.exec('rollback');
  }

  /** Keeps an access, counts it, and keeps it ready for the samples of its week. Each is read once: its row and the place in the log are one write. */
  add(access: Access, counts: { readonly children: number; readonly exports: number }): void {
    const { decision, at, day, person, organisation, role, team, purpose, kind, child, effect, standing } = access;
    this.#statements.add.run(
      ...[decision, at, day, person, organisation, role, team, purpose, kind, child, effect, 0, standing],
      ...[Number(access.ownChild), Number(access.watched), Number(access.restricted)],
      ...[access.breakGlass, JSON.stringify(access.sources)],
    );
    if (kind !== 'other') {
      this.#count({ person, day, role, ...counts });
      const key = `${role} ${day} ${purpose}`;
      this.#purposes.set(key, (this.#purposes.get(key) ?? 0) + 1);
    }
    const of = sampledAs(access);
    if (of === undefined) return;
    const draw = drawOf(decision);
    if (isCandidate(of, draw))
      this.#statements.candidate.run(decision, weekOf(day), day, draw, of, purpose, organisation);
  }

  /** Nothing was disclosed under it: it counts no more, and is in no sample. Answers whose day it was of. */
  abort(decision: DecisionId): { readonly person: string; readonly day: PlainDate } | undefined {
    const row = this.#statements.abort.get(decision);
    this.#statements.noCandidate.run(decision);
    return row === undefined ? undefined : { person: String(row['person']), day: row['day'] as PlainDate };
  }

  ofDay(person: string, day: PlainDate): Access[] {
    return this.#statements.ofDay.all(person, day).map(accessIn);
  }
  /** Accesses to a child between two instants that no fact explains. */
  aroundChild(child: string, from: Instant, until: Instant): readonly Access[] {
    return this.#statements.aroundChild.all(child, from, until).map(accessIn);
  }
  /** Accesses under emergency access of an organisation's people, from a day on. */
  emergencies(organisation: OrganisationId, from: PlainDate): readonly Access[] {
    return this.#statements.emergencies.all(from, organisation).map(accessIn);
  }
  /** Children and exports of a person on each earlier day with accesses. */
  own(person: string, from: PlainDate, before: PlainDate): readonly { children: number; exports: number }[] {
    this.#writeDaily();
    return this.#statements.own
      .all(person, from, before)
      .map((row) => ({ children: Number(row['children']), exports: Number(row['exports']) }));
  }
  /** For each person of a role, their mean of children on days with accesses. */
  means(role: string, from: PlainDate, before: PlainDate): readonly { person: string; mean: number }[] {
    this.#writeDaily();
    return this.#statements.means
      .all(role, from, before)
      .map((row) => ({ person: String(row['person']), mean: Number(row['mean']) }));
  }
  purposes(role: string, from: PlainDate, before: PlainDate): Readonly<Record<string, number>> {
    this.#writePurposes();
    const rows = this.#statements.purposes.all(role, from, before);
    return Object.fromEntries(rows.map((row) => [String(row['purpose']), Number(row['accesses'])]));
  }

  isRaised(scope: string, day: PlainDate): boolean {
    return this.#statements.isRaised.get(scope, day) !== undefined;
  }
  raise(scope: string, day: PlainDate): void {
    this.#statements.raise.run(scope, day);
  }

  suppress({ suppression, rule, organisation, until, person, child, officer }: Suppression): void {
    this.#statements.suppress.run(suppression, rule, organisation, until, person, child, officer);
  }
  endSuppression(id: string): void {
    this.#statements.endSuppression.run(id);
  }
  suppressions(rule: string, day: PlainDate): readonly Suppression[] {
    return this.#statements.suppressions.all(rule, day).map((row) => ({
      suppression: String(row['id']),
      rule: String(row['rule']),
      organisation: row['organisation'] as OrganisationId | null,
      until: row['until'] as PlainDate,
      person: row['person'] as string | null,
      child: row['child'] as string | null,
      officer: String(row['officer']),
    }));
  }

  watch(id: string, child: string, until: PlainDate): void {
    this.#statements.watch.run(id, child, until);
  }
  endWatch(id: string): void {
    this.#statements.endWatch.run(id);
  }
  isWatched(child: string, day: PlainDate): boolean {
    return this.#statements.isWatched.get(child, day) !== undefined;
  }

  addFamily(fact: string, person: string, child: string): void {
    this.#statements.addFamily.run(fact, person, child);
  }
  removeFamily(fact: string): void {
    this.#statements.removeFamily.run(fact);
  }
  isFamily(person: string, child: string): boolean {
    return this.#statements.isFamily.get(person, child) !== undefined;
  }

  /** Candidates of a week drawn below `most`, in the order of their draws, after the one named. */
  candidates(
    week: string,
    after: { readonly draw: number; readonly decision: string },
    limit: number,
  ): readonly CandidateRow[] {
    return this.#statements.candidates.all(week, after.draw, after.decision, limit).map((row) => ({
      decision: row['decision'] as DecisionId,
      day: row['day'] as PlainDate,
      draw: Number(row['draw']),
      of: String(row['of']) as CandidateRow['of'],
      purpose: String(row['purpose']),
      organisation: row['organisation'] as OrganisationId,
    }));
  }

  /** Forgets what no rule and no sample reads any more. */
  forget(before: {
    readonly accesses: PlainDate;
    readonly emergencies: PlainDate;
    readonly counters: PlainDate;
    readonly candidates: PlainDate;
  }): void {
    this.#statements.forgetAccesses.run(before.accesses, before.emergencies);
    this.#statements.forgetDaily.run(before.counters);
    this.#statements.forgetPurposes.run(before.counters);
    this.#statements.forgetRaised.run(before.counters);
    this.#statements.forgetCandidates.run(before.candidates);
  }

  close(): void {
    this.#db.close();
  }

  /** The first role of a day stays its role, as in the table. */
  #count(counted: Daily): void {
    const key = `${counted.person} ${counted.day}`;
    const known = this.#daily.get(key);
    if (known === undefined) {
      this.#daily.set(key, counted);
      return;
    }
    known.children = Math.max(known.children, counted.children);
    known.exports = Math.max(known.exports, counted.exports);
  }

  #writeDaily(): void {
    for (const { person, day, role, children, exports } of this.#daily.values())
      this.#statements.count.run(person, day, role, children, exports);
    this.#daily.clear();
  }

  #writePurposes(): void {
    for (const [key, accesses] of this.#purposes) {
      const [role = '', day = '', purpose = ''] = key.split(' ');
      this.#statements.countPurpose.run(role, day, purpose, accesses);
    }
    this.#purposes.clear();
  }
}

/** What is counted of a person's day. */
interface Daily {
  readonly person: string;
  readonly day: PlainDate;
  readonly role: string;
  children: number;
  exports: number;
}

/** A look that may be drawn. */
export interface CandidateRow {
  readonly decision: DecisionId;
  readonly day: PlainDate;
  readonly draw: number;
  readonly of: 'permits' | 'refusals' | 'self-claims' | 'break-glass';
  readonly purpose: string;
  readonly organisation: OrganisationId;
}

function statementsOf(db: DatabaseSync) {
  return {
    token: db.prepare('select token from progress'),
    setToken: db.prepare('insert or replace into progress (only, token) values (1, ?)'),
    add: db.prepare('insert into access values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)'),
    abort: db.prepare('update access set aborted = 1 where decision = ? returning person, day'),
    count: db.prepare(
      `insert into daily (person, day, role, children, exports) values (?, ?, ?, ?, ?)
       on conflict do update set children = max(children, excluded.children), exports = max(exports, excluded.exports)`,
    ),
    countPurpose: db.prepare(
      'insert into role_purpose (role, day, purpose, accesses) values (?, ?, ?, ?) on conflict do update set accesses = accesses + excluded.accesses',
    ),
    candidate: db.prepare('insert or ignore into candidate values (?, ?, ?, ?, ?, ?, ?)'),
    noCandidate: db.prepare('delete from candidate where decision = ?'),
    ofDay: db.prepare('select * from access where person = ? and day = ? order by at, decision'),
    aroundChild: db.prepare(
      `select * from access where child = ? and at > ? and at <= ? and standing in ('none', 'ended', 'self-claimed') limit 500`,
    ),
    emergencies: db.prepare('select * from access where break_glass is not null and day >= ? and organisation = ?'),
    own: db.prepare('select children, exports from daily where person = ? and day >= ? and day < ?'),
    means: db.prepare(
      'select person, avg(children) as mean from daily where role = ? and day >= ? and day < ? group by person',
    ),
    purposes: db.prepare(
      'select purpose, sum(accesses) as accesses from role_purpose where role = ? and day >= ? and day < ? group by purpose',
    ),
    isRaised: db.prepare('select 1 from raised where scope = ? and day = ?'),
    raise: db.prepare('insert or ignore into raised values (?, ?)'),
    suppress: db.prepare('insert or replace into suppression values (?, ?, ?, ?, ?, ?, ?)'),
    endSuppression: db.prepare('delete from suppression where id = ?'),
    suppressions: db.prepare('select * from suppression where rule = ? and until >= ? order by id'),
    watch: db.prepare('insert or replace into watch values (?, ?, ?)'),
    endWatch: db.prepare('delete from watch where id = ?'),
    isWatched: db.prepare('select 1 from watch where child = ? and until >= ?'),
    addFamily: db.prepare('insert or replace into family values (?, ?, ?)'),
    removeFamily: db.prepare('delete from family where fact = ?'),
    isFamily: db.prepare('select 1 from family where person = ? and child = ?'),
    candidates: db.prepare(
      'select * from candidate where week = ? and (draw, decision) > (?, ?) order by draw, decision limit ?',
    ),
    forgetAccesses: db.prepare('delete from access where day < ? and (break_glass is null or day < ?)'),
    forgetDaily: db.prepare('delete from daily where day < ?'),
    forgetPurposes: db.prepare('delete from role_purpose where day < ?'),
    forgetRaised: db.prepare('delete from raised where day < ?'),
    forgetCandidates: db.prepare('delete from candidate where day < ?'),
  };
}

function accessIn(row: Row): Access {
  return {
    decision: row['decision'],
    at: row['at'],
    day: row['day'],
    hour: hourOf(row['at'] as Instant),
    person: row['person'],
    organisation: row['organisation'],
    role: row['role'],
    team: row['team'],
    purpose: row['purpose'],
    kind: row['kind'],
    child: row['child'],
    effect: row['effect'],
    aborted: row['aborted'] === 1,
    standing: row['standing'],
    ownChild: row['own_child'] === 1,
    watched: row['watched'] === 1,
    restricted: row['restricted'] === 1,
    breakGlass: row['break_glass'],
    sources: JSON.parse(String(row['sources'])) as readonly OrganisationId[],
  } as Access;
}
