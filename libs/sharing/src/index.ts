export * from './model.ts';
export * from './publish/model.ts';
export * from './disclose/index.ts';
export * from './registry/index.ts';
export * from './protection/index.ts';
export * from './decide/index.ts';
export * from './gate/index.ts';
export * from './publish/index.ts';
