export * from './postgres.ts';
export * from './shared.ts';
export * from './views.ts';
