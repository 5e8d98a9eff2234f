export * from './access.ts';
export * from './calendar.ts';
export * from './detect.ts';
export * from './raise.ts';
export * from './rules.data.ts';
export * from './suppression.ts';
export type { Detection, Finding, History, Window } from './window.ts';
export { scopeOf } from './window.ts';
