/** Injection token of what controllers need of the delivery of signals. */
export const SIGNALS = Symbol('SIGNALS');
