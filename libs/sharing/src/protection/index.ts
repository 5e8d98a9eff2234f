export * from './authority.ts';
export * from './break-glass.ts';
export * from './commands.ts';
export * from './consent.ts';
export * from './protection.ts';
export * from './relationship.ts';
export * from './sharing-decision.ts';
export { CLAIM_DAYS } from './claim-decisions.ts';
