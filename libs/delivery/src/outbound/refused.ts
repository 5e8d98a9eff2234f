/** Why nothing was sent, or what came back was not taken. */
export type OutboundReason =
  'not-configured' | 'unresolved' | 'address' | 'redirect' | 'too-large' | 'time-out' | 'unreachable';

/** A request that was refused or failed; the message has the reason and the host, nothing of what came back. */
export class OutboundRefused extends Error {
  override readonly name = 'OutboundRefused';
  readonly code: OutboundReason;
  constructor(code: OutboundReason, host: string) {
    super(`${host}: ${code}`);
    this.code = code;
  }
}
