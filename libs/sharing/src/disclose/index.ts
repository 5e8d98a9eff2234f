export { release, type Disclosed } from './disclosed.ts';
export * from './disclose.ts';
export * from './look.ts';
export * from './notice.ts';
export * from './open-fact.ts';
export * from './rules.ts';
export * from './words.ts';
