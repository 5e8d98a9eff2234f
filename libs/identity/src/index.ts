export * from './port.ts';
export { Identity, openIdentity, type IdentityOptions } from './identity.ts';
export { normalisedName } from './subject.ts';
export type { Submissions, SubmissionRow } from './submissions.ts';
export type { Meta } from './append-child.ts';
export { OneAtATime } from './one-at-a-time.ts';
export type { Shelf } from './shelf.ts';
