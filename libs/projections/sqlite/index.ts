export { WalNotTruncated } from './generation.ts';
export { SqliteViewStore, type SqliteStoreOptions } from './store.ts';
