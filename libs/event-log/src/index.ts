export * from './cached-fold.ts';
export * from './command-handling.ts';
export * from './port.ts';
export * from './subscription.ts';
export * from './validate.ts';
