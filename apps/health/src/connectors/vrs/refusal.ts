import type { Reason } from '#contracts';

/** A role that can be read but not used; caught at the connector's edge and made a quarantined item. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly reason: Reason;
  constructor(code: string, pointer: string) {
    super(code);
    this.reason = { code, pointer };
  }
}

/** The value, or a refusal naming the place where it should be. */
export function required<T>(value: T | undefined, code: string, pointer: string): T {
  if (value === undefined) throw new Refusal(code, pointer);
  return value;
}
