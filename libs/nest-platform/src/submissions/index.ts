export * from './batch.ts';
export * from './connector-registry.ts';
export * from './intake.ts';
export * from './receipt.ts';
export * from './receipts-store.ts';
export * from './submissions.module.ts';
export * from './tokens.ts';
