export * from './suppress.ts';
