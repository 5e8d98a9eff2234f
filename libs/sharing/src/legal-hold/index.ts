export * from './legal-hold.ts';
