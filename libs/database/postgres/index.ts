export * from './database.ts';
export * from './leadership.ts';
export * from './migrate.ts';
export { openPool, told, transactionOn, translated, type PoolOptions } from './pool.ts';
export { StatementRefused } from './refused.ts';
export * from './roles.ts';
