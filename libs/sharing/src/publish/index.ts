export * from './fact.ts';
export { factSealingContext, foldFact, FactStreams, type ReadFact } from './fact-stream.ts';
export type { HubKey } from './hub-signer.ts';
export { openPublisher, type Publishing } from './open-publisher.ts';
export { QUARANTINE_DAYS, type PublisherParts } from './publisher.ts';
export type { Resolution, Resolved } from './quarantine.ts';
export { relationshipsProcess, type RelationshipsProcessParts } from './relationships-process.ts';
