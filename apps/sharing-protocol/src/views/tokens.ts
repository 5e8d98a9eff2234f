/** Injection tokens of the opened views. */
export const TIMELINE = Symbol('TIMELINE');
/** Looks at children. */
export const USAGE = Symbol('USAGE');
/** Findings and review cases. */
export const REVIEWS = Symbol('REVIEWS');
