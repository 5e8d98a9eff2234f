import pg from 'pg';
import { migrateStore, type StoreSchema } from '../src/schema.ts';
import { sessionOn } from './database.ts';
import { connectionConfig, told } from './pool.ts';

/** What the migration did to one store. */
export interface Migrated {
  readonly store: string;
  /** Versions it went up; 0 where it was there. */
  readonly steps: number;
}

/**
 * Brings every store's schema to this program's version, one after another under a lock, each in a transaction of its own: two jobs at
 * once do it once. Run by the owner of the database; the processes themselves have no right to change tables.
 */
export async function migrateDatabase(url: string, stores: readonly StoreSchema[]): Promise<readonly Migrated[]> {
  const migrated: Migrated[] = [];
  for (const store of stores) {
    const client = new pg.Client(connectionConfig({ url, schema: store.name }));
    client.on('error', () => undefined);
    await told(() => client.connect());
    try {
      await told(() => client.query('begin'));
      await told(() => client.query("select pg_advisory_xact_lock(hashtextextended('tellonce:migrate', 0))"));
      await told(() => client.query(`create schema if not exists "${store.name}"`));
      const steps = await migrateStore(sessionOn(client), 'postgres', store);
      await told(() => client.query('commit'));
      migrated.push({ store: store.name, steps });
    } finally {
      await client.end();
    }
  }
  return migrated;
}
