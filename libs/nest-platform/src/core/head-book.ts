import type { Database, StoreSchema } from '#database';
import type { SignedHead } from '#transparency';

/** What outsiders know of the log, the same in every process of an area. Signed and public: nothing in it is of anybody. */
export const HEADS_STORE: StoreSchema = {
  name: 'heads',
  tables: {
    head: {
      columns: {
        kind: { type: 'text', notNull: true },
        size: { type: 'integer', notNull: true },
        note: { type: 'text', notNull: true },
      },
      primaryKey: ['kind'],
    },
  },
};

/** `shown`: what outsiders are shown. `cosigned`: the newest that witnesses cosigned, with their lines. */
export type HeadKind = 'shown' | 'cosigned';

/** The newest head of each kind. */
export interface HeadBook {
  /** Undefined before the first. */
  read(kind: HeadKind): Promise<SignedHead | undefined>;
  /** Durable when it answers; changes nothing where a head of more events is kept already. */
  keep(kind: HeadKind, head: SignedHead): Promise<void>;
}

/** The book in a database with {@link HEADS_STORE}. */
export function headBook(database: Database): HeadBook {
  return {
    read: async (kind) => {
      const row = await database.get('select size, note from head where kind = ?', kind);
      return row === undefined ? undefined : { size: BigInt(Number(row['size'])), note: String(row['note']) };
    },
    keep: async (kind, { size, note }) => {
      await database.run(
        'insert into head (kind, size, note) values (?, ?, ?) on conflict (kind) do update set size = excluded.size, note = excluded.note where head.size <= excluded.size',
        kind,
        Number(size),
        note,
      );
    },
  };
}
