export * from './decide.ts';
export * from './events.ts';
export * from './rule.ts';
export * from './subject-access.ts';
