export * from './engine.ts';
export * from './oracle.ts';
export * from './requests.ts';
