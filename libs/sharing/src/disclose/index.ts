export { release, type Disclosed } from './disclosed.ts';
export * from './chunks.ts';
export * from './disclose.ts';
export * from './look.ts';
export * from './notice.ts';
export * from './open-fact.ts';
export type { Redaction } from './redact.ts';
export * from './rules.ts';
