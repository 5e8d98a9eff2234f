/** Injection tokens of the opened views. */
export const TIMELINE = Symbol('TIMELINE');
/** Looks at children. */
export const USAGE = Symbol('USAGE');
/** Questions about decisions across children. */
export const AUDIT = Symbol('AUDIT');
/** Notices to people. */
export const NOTICES = Symbol('NOTICES');
/** Emergency accesses and how their reviews stand. */
export const BREAK_GLASS = Symbol('BREAK_GLASS');
/** The emergency books themselves. */
export const BREAK_GLASS_BOOKS = Symbol('BREAK_GLASS_BOOKS');
/** Findings and review cases. */
export const REVIEWS = Symbol('REVIEWS');
