import type { FactId, Instant } from '#kernel';
import type { IdentityFile } from './rows.ts';

/** Which quarantined items end when: what expiry looks through, written before the item is in the log. */
export interface Shelf {
  add(item: FactId, expiresAt: Instant): void;
  /** Items that end at or before the instant, at most 500. */
  due(at: Instant): readonly FactId[];
  drop(item: FactId): void;
}

/** The shelf as a table. */
export class ShelfTable implements Shelf {
  readonly #file: IdentityFile;

  constructor(file: IdentityFile) {
    this.#file = file;
  }

  add(item: FactId, expiresAt: Instant): void {
    const sql = 'insert or replace into shelf (item, expires_at) values (?, ?)';
    this.#file.soon(() => this.#file.run(sql, item, expiresAt));
  }

  due(at: Instant): readonly FactId[] {
    return this.#file
      .all('select item from shelf where expires_at <= ? order by expires_at limit 500', at)
      .map((row) => String(row['item']) as FactId);
  }

  drop(item: FactId): void {
    this.#file.soon(() => this.#file.run('delete from shelf where item = ?', item));
  }
}
