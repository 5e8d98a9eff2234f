import type { FactId, Instant } from '#kernel';
import type { Database } from '#database';
import { textOf } from './texts.ts';

/** Which quarantined items end when: what expiry looks through, on disk before the item is in the log. */
export interface Shelf {
  add(item: FactId, expiresAt: Instant): Promise<void>;
  /** Items that end at or before the instant, at most 500. */
  due(at: Instant): Promise<readonly FactId[]>;
  drop(item: FactId): Promise<void>;
}

/** The shelf as a table. */
export class ShelfTable implements Shelf {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async add(item: FactId, expiresAt: Instant): Promise<void> {
    const text = `insert into shelf (item, expires_at) values (?, ?)
      on conflict (item) do update set expires_at = excluded.expires_at`;
    await this.#database.transaction((session) => session.run(text, item, expiresAt));
  }

  async due(at: Instant): Promise<readonly FactId[]> {
    const text = 'select item from shelf where expires_at <= ? order by expires_at limit 500';
    return (await this.#database.all(text, at)).map((row) => textOf(row, 'item') as FactId);
  }

  async drop(item: FactId): Promise<void> {
    await this.#database.relaxed((session) => session.run('delete from shelf where item = ?', item));
  }
}
