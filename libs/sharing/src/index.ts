export * from './model.ts';
export * from './publish/model.ts';
export * from './disclose/index.ts';
