export * from './access.ts';
export * from './readers.ts';
export * from './words.ts';
