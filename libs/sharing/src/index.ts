export * from './model.ts';
export * from './publish/model.ts';
