import { DatabaseSync } from 'node:sqlite';

/** Raised with every change of these tables: the file is thrown away and made again from the log. */
const VERSION = 2;

/**
 * Everything here follows from the log. People and children stand by keyed hashes, so that the file says neither who looked nor at whom to
 * anybody without the hub's key; accesses go after days, counters after a month, candidates for samples after two.
 */
const SCHEMA = `
  create table progress (only integer primary key check (only = 1), token text not null) strict;
  create table access (
    decision text not null, at text not null, day text not null, person text not null, organisation text not null, role text not null,
    team text, purpose text not null, kind text not null, child text, effect text not null, aborted integer not null, standing text not null,
    own_child integer not null, watched integer not null, restricted integer not null, break_glass text, sources text not null
  ) strict;
  create index access_decision on access (decision);
  create index access_person on access (person, day);
  create index access_child on access (child, at) where child is not null and standing in ('none', 'ended', 'self-claimed');
  create index access_emergency on access (day, organisation) where break_glass is not null;
  create table daily (
    person text not null, day text not null, role text not null, children integer not null, exports integer not null,
    primary key (person, day)
  ) strict, without rowid;
  create index daily_role on daily (role, day);
  create table role_purpose (
    role text not null, day text not null, purpose text not null, accesses integer not null, primary key (role, day, purpose)
  ) strict, without rowid;
  create table raised (scope text not null, day text not null, primary key (scope, day)) strict, without rowid;
  create table candidate (
    decision text primary key, week text not null, day text not null, draw integer not null, of text not null, purpose text not null,
    organisation text not null
  ) strict, without rowid;
  create index candidate_week on candidate (week, draw);
  create table suppression (
    id text primary key, rule text not null, organisation text, until text not null, person text, child text,
    officer text not null
  ) strict, without rowid;
  create table watch (id text primary key, child text not null, until text not null) strict, without rowid;
  create table family (fact text primary key, person text not null, child text not null) strict, without rowid;
  create index family_person on family (person, child);`;

/** Opens the file, or makes it; a file of another version is emptied, and the log is read again. */
export function openDatabase(path: string): DatabaseSync {
  const db = new DatabaseSync(path, { timeout: 5_000 });
  db.exec(
    'pragma journal_mode = wal; pragma synchronous = normal; pragma wal_autocheckpoint = 8000; pragma cache_size = -16000',
  );
  const version = Number(db.prepare('pragma user_version').get()?.['user_version'] ?? 0);
  if (version === VERSION) return db;
  const tables = db.prepare(`select name from sqlite_schema where type = 'table'`).all();
  for (const { name } of tables) db.exec(`drop table "${String(name)}"`);
  db.exec(`${SCHEMA} pragma user_version = ${String(VERSION)}`);
  return db;
}
