export * from './fact.ts';
export { factSealingContext, foldFact, FactStreams, type ReadFact } from './fact-stream.ts';
export type { HubKey } from './hub-signer.ts';
export { openPublisher, type Publishing } from './open-publisher.ts';
export { moveRelationships, restrictionsOnly, type MoveParts } from './moves.ts';
export type { PublisherParts } from './parts.ts';
export { QUARANTINE_DAYS } from './set-aside.ts';
export type { Resolution, Resolved } from './quarantine.ts';
export { relationshipsProcess, type RelationshipsProcessParts } from './relationships-process.ts';
