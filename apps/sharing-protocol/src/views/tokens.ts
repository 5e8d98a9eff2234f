/** Injection tokens of the opened views. */
export const TIMELINE = Symbol('TIMELINE');
/** Looks at children. */
export const USAGE = Symbol('USAGE');
/** Questions about decisions across children. */
export const AUDIT = Symbol('AUDIT');
