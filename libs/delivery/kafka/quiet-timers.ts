import { createRequire } from 'node:module';

/**
 * kafkajs 2.2.4 arms a timer for its queue of waiting requests even where none waits: with a negative time, which Node 24 warns of, and again
 * each millisecond for as long as the connection lives. Nothing is to be looked at later where nothing waits. The client has no maintainer any
 * more, so this is mended here, once, at its own method; a spec counts warnings.
 */
export function quietTimers(): void {
  const Queue: unknown = createRequire(import.meta.url)('kafkajs/src/network/requestQueue/index.js');
  const { prototype } = Queue as { readonly prototype: Waiting };
  const schedule = prototype.scheduleCheckPendingRequests;
  if (mended.has(prototype)) return;
  mended.add(prototype);
  prototype.scheduleCheckPendingRequests = function (this: Waiting) {
    if (this.pending.length > 0) schedule.call(this);
  };
}

interface Waiting {
  readonly pending: readonly unknown[];
  scheduleCheckPendingRequests: (this: Waiting) => void;
}
const mended = new WeakSet();
