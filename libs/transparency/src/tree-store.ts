import { DatabaseSync, type StatementSync } from 'node:sqlite';

/** Hashes of a tile, as in C2SP tlog-tiles: level 0 holds leaf hashes, level n+1 the roots of full tiles of level n. */
export const TILE_HASHES = 256;

const SCHEMA = `
  create table if not exists tiles (level integer not null, n integer not null, hashes blob not null, primary key (level, n)) strict, without rowid;
  create table if not exists leaves (id text primary key, n integer not null) strict, without rowid;
  create table if not exists marks (size integer primary key, token text not null) strict;
  create table if not exists meta (name text primary key, value text not null) strict, without rowid;
`;

/** The stored hashes of the tree. May be lost: it is made again from the log. */
export class TreeStore {
  readonly #db: DatabaseSync;
  readonly #tile: StatementSync;
  readonly #putTile: StatementSync;
  readonly #leaf: StatementSync;
  readonly #putLeaf: StatementSync;
  readonly #putMark: StatementSync;
  readonly #mark: StatementSync;
  readonly #meta: StatementSync;
  readonly #putMeta: StatementSync;

  constructor(path: string) {
    this.#db = new DatabaseSync(path);
    this.#db.exec('pragma busy_timeout = 5000; pragma journal_mode = wal; pragma synchronous = normal;');
    this.#db.exec('pragma cache_size = -65536;');
    this.#db.exec(SCHEMA);
    this.#tile = this.#db.prepare('select hashes from tiles where level = ? and n = ?');
    this.#putTile = this.#db.prepare('insert or replace into tiles (level, n, hashes) values (?, ?, ?)');
    this.#leaf = this.#db.prepare('select n from leaves where id = ?');
    this.#putLeaf = this.#db.prepare('insert or ignore into leaves (id, n) values (?, ?)');
    this.#putMark = this.#db.prepare('insert or replace into marks (size, token) values (?, ?)');
    this.#mark = this.#db.prepare('select size, token from marks where size <= ? order by size desc limit 1');
    this.#meta = this.#db.prepare('select value from meta where name = ?');
    this.#putMeta = this.#db.prepare('insert or replace into meta (name, value) values (?, ?)');
  }

  tile(level: number, n: number): Uint8Array | undefined {
    const hashes = this.#tile.get(level, n)?.['hashes'];
    return hashes instanceof Uint8Array ? hashes : undefined;
  }

  putTile(level: number, n: number, hashes: Uint8Array): void {
    this.#putTile.run(level, n, hashes);
  }

  leafOf(eventId: string): number | undefined {
    const n = this.#leaf.get(eventId)?.['n'];
    return typeof n === 'number' ? n : undefined;
  }

  putLeaf(eventId: string, n: number): void {
    this.#putLeaf.run(eventId, n);
  }

  /** The last remembered (size, token) at or before a size. */
  mark(size: number): { readonly size: number; readonly token: string } | undefined {
    const row = this.#mark.get(size);
    const [found, token] = [row?.['size'], row?.['token']];
    return typeof found === 'number' && typeof token === 'string' ? { size: found, token } : undefined;
  }

  putMark(size: number, token: string): void {
    this.#putMark.run(size, token);
  }

  get size(): number {
    return Number(this.#meta.get('size')?.['value'] ?? 0);
  }

  /** Token of the last leaf. */
  get token(): string | null {
    const value = this.#meta.get('token')?.['value'];
    return typeof value === 'string' ? value : null;
  }

  putHead(size: number, token: string): void {
    this.#putMeta.run('size', String(size));
    this.#putMeta.run('token', token);
  }

  transaction(work: () => void): void {
    this.#db.exec('begin immediate');
    try {
      work();
      this.#db.exec('commit');
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('rollback');
      throw error;
    }
  }

  close(): void {
    this.#db.close();
  }
}
