export * from './fakes.ts';
export * from './folders.ts';
