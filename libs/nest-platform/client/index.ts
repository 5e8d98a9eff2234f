export * from './approval.ts';
export * from './client.ts';
export * from './keys.ts';
export * from './submission.ts';
