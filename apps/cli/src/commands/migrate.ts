import { grantRoles, migrateDatabase, openPostgresDatabase } from '#database/postgres';
import { ALL_STORES, PROCESS_ROLES, VIEW_READERS } from '#nest-platform';
import { VIEWS_STORE } from '#projections';

/** Brings the database to this version's tables and gives each kind of process its role; the same again changes nothing. One line for each thing done. */
export async function migrate(url: string, say: (line: string) => void): Promise<void> {
  for (const { store, steps } of await migrateDatabase(url, ALL_STORES)) {
    say(steps === 0 ? `${store} is current` : `${store} went up ${String(steps)} version${steps === 1 ? '' : 's'}`);
  }
  const stores = ALL_STORES.map(({ name }) => name);
  await grantRoles(url, PROCESS_ROLES, stores);
  const views = await openPostgresDatabase({ url, store: VIEWS_STORE, most: 1 });
  try {
    for (const { view, role } of VIEW_READERS)
      await views.run('insert into reader (view, role) values (?, ?) on conflict do nothing', view, role);
  } finally {
    await views.close();
  }
  say(`roles: ${PROCESS_ROLES.map(({ role }) => role).join(', ')}`);
}
