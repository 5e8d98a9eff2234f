import type { Database, SqlSession } from '#database';
import type { Erased } from '../erased.ts';
import { groupsOf, marks } from '../key-rows.ts';
import { LedgerDamaged, parseEntry, type LedgerEntry } from '../ledger-entry.ts';

/** So many entries at a time. */
const PAGE = 1_000;

/** The ledger of erasures that every process sees, and how far this one has read it. */
export class LedgerTable {
  readonly #database: Database;
  readonly #erased: Erased;
  #read = 0;

  constructor(database: Database, erased: Erased) {
    this.#database = database;
    this.#erased = erased;
  }

  /** Takes in what was added since. True where there was something. Throws {@link LedgerDamaged} where it holds less than before. */
  async readOn(): Promise<boolean> {
    const head = await this.#database.get('select seq from ledger_head where id = 1');
    const seq = Number(head?.['seq'] ?? -1);
    if (seq < this.#read)
      throw new LedgerDamaged('the ledger of erasures in the database is an older one: start again');
    const from = this.#read;
    while (this.#read < seq) {
      const rows = await this.#database.all(
        `select seq, entry from ledger where seq > ? order by seq limit ${PAGE}`,
        this.#read,
      );
      if (rows.length === 0) throw new LedgerDamaged('the ledger of erasures in the database lacks entries');
      for (const row of rows) {
        this.#erased.add(parseEntry(String(row['entry'])));
        this.#read = Math.max(this.#read, Number(row['seq']));
      }
    }
    return this.#read > from;
  }
}

/** The next place in the ledger: whoever holds it keeps every other process from adding until its transaction ends. */
export async function takeNext(session: SqlSession): Promise<number> {
  const row = await session.get('update ledger_head set seq = seq + 1 where id = 1 returning seq');
  return Number(row?.['seq']);
}

/** Adds an entry to the ledger that every process reads, in the transaction of the session. */
export async function addEntry(session: SqlSession, seq: number, entry: LedgerEntry): Promise<void> {
  const owner = entry.kind === 'destroyed' ? entry.owner : null;
  await session.run('insert into ledger (seq, owner, entry) values (?, ?, ?)', seq, owner, JSON.stringify(entry));
}

/** Which of these owners are erased, as the transaction sees it. */
export async function erasedAmong(session: SqlSession, owners: readonly string[]): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for (const group of groupsOf(owners)) {
    const rows = await session.all(`select owner from ledger where owner in (${marks(group)})`, ...group);
    for (const { owner } of rows) found.add(String(owner));
  }
  return found;
}
