export * from './cohort.ts';
export * from './suppress.ts';
