export * from './core.ts';
export * from './derived-keys.ts';
export * from './follow.ts';
export * from './open-core.ts';
export * from './tails.ts';
export * from './compose.ts';
export * from './quarantine-view.ts';
