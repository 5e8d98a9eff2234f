import type { StoreSchema } from '#database';
import type { RoleGrants } from '#database/postgres';
import { DELIVERY_STORE } from '#delivery';
import { POSITIONS_STORE } from '#event-log';
import { USED_IDS_STORE } from '../auth/once-store.ts';
import { RECEIPTS_STORE } from '../submissions/receipts-store.ts';

/** Everything an area keeps on its database server besides the views: what `tellonce migrate` makes. */
export const ALL_STORES: readonly StoreSchema[] = [POSITIONS_STORE, USED_IDS_STORE, RECEIPTS_STORE, DELIVERY_STORE];

/** What a sector's service works with: it takes facts in, finds whose they are, seals them, and knows what it answered. */
const SECTOR = [USED_IDS_STORE.name, RECEIPTS_STORE.name];

/** The database role of each kind of process, and no more than it needs. */
export const PROCESS_ROLES: readonly RoleGrants[] = [
  ...['education', 'health', 'social_care'].map((sector) => ({ role: `tellonce_${sector}`, writes: SECTOR })),
  { role: 'tellonce_sharing_protocol', writes: ALL_STORES.map(({ name }) => name), makesSchemas: true },
];
