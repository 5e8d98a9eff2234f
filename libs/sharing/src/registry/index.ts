export * from './commands.ts';
export { emptyRegistry, evolveRegistry, recipientKey } from './fold.ts';
export { registryDecider } from './registry.ts';
