export { ViewNotMade } from './reader.ts';
export { VIEWS_STORE } from './registry.ts';
export { PostgresViewStore, type PostgresStoreOptions } from './store.ts';
