import { grantRoles, migrateDatabase } from '#database/postgres';
import { ALL_STORES, PROCESS_ROLES } from '#nest-platform';

/** Brings the database to this version's tables and gives each kind of process its role; the same again changes nothing. One line for each thing done. */
export async function migrate(url: string, say: (line: string) => void): Promise<void> {
  for (const { store, steps } of await migrateDatabase(url, ALL_STORES)) {
    say(steps === 0 ? `${store} is current` : `${store} went up ${String(steps)} version${steps === 1 ? '' : 's'}`);
  }
  await grantRoles(
    url,
    PROCESS_ROLES,
    ALL_STORES.map(({ name }) => name),
  );
  say(`roles: ${PROCESS_ROLES.map(({ role }) => role).join(', ')}`);
}
