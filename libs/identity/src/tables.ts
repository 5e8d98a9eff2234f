/**
 * The deletable tables. No clear personal data: everything of a person is a hash under the vault's identity key, and rows go by erasure.
 * `link`, `moved` (where a record was before), `moving` (unlinked, not yet linked again), `split_fact` and `progress` repeat what the log's
 * `child` family says; the rest is found nowhere else.
 */
export const SCHEMA = `
create table if not exists source_record (
  record_id text primary key,
  organisation text not null,
  local_hash text not null,
  child_id text not null,
  because text not null,
  linked integer not null default 0,
  said_hash text not null,
  person_hash text,
  birth_hash text,
  given_hash text,
  unique (organisation, local_hash)
) without rowid;
create index if not exists half_made on source_record (linked) where linked = 0;
create table if not exists identifier (
  kind text not null,
  hash text not null,
  record_id text not null,
  primary key (kind, hash, record_id)
) without rowid;
create index if not exists identifier_of_record on identifier (record_id);
create table if not exists link (
  record_id text primary key,
  organisation text not null,
  child_id text not null
) without rowid;
create index if not exists link_of_child on link (child_id);
create table if not exists moved (
  record_id text not null,
  from_child text not null,
  primary key (record_id, from_child)
) without rowid;
create table if not exists moving (
  record_id text primary key,
  organisation text not null,
  to_child text not null
) without rowid;
create table if not exists split_fact (fact_id text primary key, record_id text not null) without rowid;
create index if not exists split_fact_of_record on split_fact (record_id);
create table if not exists progress (one integer primary key check (one = 1), token text not null);
create table if not exists submission (
  submission_id text primary key,
  record_id text,
  fact_id text not null,
  body_mac text not null,
  outcome text not null
) without rowid;
create table if not exists shelf (item text primary key, expires_at text not null) without rowid;
create index if not exists submission_of_record on submission (record_id);
`;
