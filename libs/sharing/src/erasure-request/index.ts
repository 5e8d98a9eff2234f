export * from './canaries.ts';
export * from './erasure-request.ts';
export * from './events.ts';
export * from './grounds.ts';
export * from './rule.ts';
