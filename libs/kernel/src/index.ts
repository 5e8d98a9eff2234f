export * from './hash.ts';
export * from './ids.ts';
export * from './json.ts';
export * from './outcome.ts';
export * from './time.ts';
