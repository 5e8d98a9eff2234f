export * from './cached-fold.ts';
export * from './checkpoint.ts';
export * from './command-handling.ts';
export * from './copy.ts';
export * from './port.ts';
export * from './process-manager.ts';
export * from './subscription.ts';
export * from './validate.ts';
