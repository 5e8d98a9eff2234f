export * from './definition.ts';
export * from '../sqlite/index.ts';
