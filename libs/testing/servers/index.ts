export * from './postgres.ts';
export * from './shared.ts';
