export * from './birth-date.ts';
export * from './due.ts';
