import type { ProposedEvent } from '../double/index.ts';

/** Events of others, each in a stream of its own. */
export function foreign(count: number): { readonly stream: string; readonly event: ProposedEvent }[] {
  return Array.from({ length: count }, (_, n) => ({ stream: `other-${n}-${crypto.randomUUID()}`, event: binary('x') }));
}

/** An event with any id. */
export function binary(data: string, type = 'probe.v1'): ProposedEvent {
  return { id: crypto.randomUUID(), type, json: false, data: Buffer.from(data), metadata: new Uint8Array() };
}
