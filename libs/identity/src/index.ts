export * from './port.ts';
export { Identity, openIdentity, type IdentityOptions, type OpenIdentityOptions } from './identity.ts';
export { copyIdentity } from './copy.ts';
export { IDENTITY_STORE } from './tables.ts';
export { normalisedName } from './subject.ts';
export type { Submissions, SubmissionRow } from './submissions.ts';
export type { Meta } from './child-streams.ts';
export { OneAtATime } from './one-at-a-time.ts';
export type { Shelf } from './shelf.ts';
