/** Injection tokens of the opened views. */
export const TIMELINE = Symbol('TIMELINE');
/** Looks at children. */
export const USAGE = Symbol('USAGE');
/** Requests for erasure and subject access, and legal holds. */
export const REQUESTS = Symbol('REQUESTS');
/** What carries out erasures. */
export const ERASURE_WORKS = Symbol('ERASURE_WORKS');
/** What says which records are no longer to be kept. */
export const RETENTION = Symbol('RETENTION');
/** Subject access requests. */
export const SUBJECT_ACCESS = Symbol('SUBJECT_ACCESS');
/** What makes their releases. */
export const PACKS = Symbol('PACKS');
