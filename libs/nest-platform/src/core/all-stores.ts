import type { StoreSchema } from '#database';
import type { RoleGrants } from '#database/postgres';
import { DELIVERY_STORE } from '#delivery';
import { POSITIONS_STORE } from '#event-log';
import { IDENTITY_STORE } from '#identity';
import { VIEWS_STORE } from '#projections';
import { KEYS_STORE } from '#vault';
import { USED_IDS_STORE } from '../auth/once-store.ts';
import { RECEIPTS_STORE } from '../submissions/receipts-store.ts';
import { HEADS_STORE } from './head-book.ts';
import { quarantineView } from './quarantine-view.ts';

/** Everything an area keeps on its database server: what `tellonce migrate` makes. Views make schemas of their own beside. */
export const ALL_STORES: readonly StoreSchema[] = [
  KEYS_STORE,
  IDENTITY_STORE,
  USED_IDS_STORE,
  RECEIPTS_STORE,
  POSITIONS_STORE,
  HEADS_STORE,
  DELIVERY_STORE,
  VIEWS_STORE,
];

/** What a sector's service works with: it takes facts in, finds whose they are, seals them, and knows what it answered. */
const SECTOR = [KEYS_STORE, IDENTITY_STORE, USED_IDS_STORE, RECEIPTS_STORE, POSITIONS_STORE].map(({ name }) => name);
const SECTOR_ROLES = ['tellonce_education', 'tellonce_health', 'tellonce_social_care'];

/** The database role of each kind of process, with no more than it needs. */
export const PROCESS_ROLES: readonly RoleGrants[] = [
  ...SECTOR_ROLES.map((role) => ({ role, writes: SECTOR, reads: [HEADS_STORE.name, VIEWS_STORE.name] })),
  { role: 'tellonce_sharing_protocol', writes: ALL_STORES.map(({ name }) => name), makesSchemas: true },
];

/** Which views a role may read besides their projector's own, generations to come included. */
export const VIEW_READERS: readonly { readonly view: string; readonly role: string }[] = SECTOR_ROLES.map((role) => ({
  view: quarantineView.name,
  role,
}));
