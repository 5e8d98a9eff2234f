import { createHash } from 'node:crypto';
import type { Database, StoreSchema } from '#database';

/** Ids that may be used once: of client assertions and of DPoP proofs. */
export interface OnceStore {
  /** True the first time, false ever after until `expiresAt`; both in seconds since 1970. Durable when it answers. */
  use(issuer: string, jti: string, expiresAt: number, now: number): Promise<boolean>;
}

/** The table of used ids, shared by every process that takes tokens. */
export const USED_IDS_STORE: StoreSchema = {
  name: 'used_ids',
  tables: {
    used: {
      columns: { id: { type: 'blob', notNull: true }, expires: { type: 'integer', notNull: true } },
      primaryKey: ['id'],
      indexes: [['expires']],
    },
  },
};

const PRUNE_EVERY_SECONDS = 60;

/** One unique insert a use (design §4.11): two requests with one id cannot both win, and a restart forgets nothing that still counts. */
export function onceStore(database: Database): OnceStore {
  let prunedAt = 0;
  return {
    use: async (issuer, jti, expiresAt, now) => {
      const id = createHash('sha256').update(`${issuer.length}:${issuer}`).update(jti).digest();
      const inserted = await database.run(
        `insert into used (id, expires) values (?, ?)
         on conflict (id) do update set expires = excluded.expires where used.expires < ?`,
        ...[id, Math.ceil(expiresAt), Math.floor(now)],
      );
      if (now - prunedAt >= PRUNE_EVERY_SECONDS) {
        prunedAt = now;
        await database.run('delete from used where expires < ?', Math.floor(now));
      }
      return inserted === 1;
    },
  };
}
