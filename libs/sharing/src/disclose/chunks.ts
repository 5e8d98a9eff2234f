import { ok, type Outcome } from '#kernel';
import type { Disclose, Disclosure, Refused } from './disclose.ts';
import type { Disclosed } from './disclosed.ts';

/** A disclosure too large for one answer: an export, a stream, a job. */
export interface ChunkedDisclosure<Scope, Found, Value, Cursor> extends Omit<Disclosure<Scope, Found, Value>, 'find'> {
  /** The chunk after the cursor, of what is in scope now; the first where there is none. */
  readonly find: (scope: Scope, after: Cursor | undefined) => Promise<Found>;
  /** Where the next chunk begins; undefined after the last. */
  readonly next: (found: Found) => Cursor | undefined;
}

/**
 * Discloses chunk by chunk, and decides anew for every chunk: each is a look of its own, stored before its words are opened, with both tails
 * read again after it. So a withdrawal, an ended agreement or a relationship that is over holds from the very next chunk; a chunk under way
 * when that happened is aborted in its look and decided again. Ends with a failure where nothing may be read any more or what the decision
 * rests on moved too often; what was yielded before stays disclosed, and the caller must not call the whole complete.
 *
 *     for await (const chunk of discloseInChunks(core.disclose, request)) {
 *       if (!chunk.ok) return incomplete(chunk.error);
 *       write(release(chunk.value));
 *     }
 */
export async function* discloseInChunks<Scope, Found, Value, Cursor>(
  disclose: Disclose,
  request: ChunkedDisclosure<Scope, Found, Value, Cursor>,
): AsyncGenerator<Outcome<Disclosed<Value>, Refused>, undefined, undefined> {
  let after: Cursor | undefined;
  do {
    const from = after;
    let next: Cursor | undefined;
    const chunk = await disclose<Scope, Found, Value>({
      ...request,
      find: (scope) => request.find(scope, from),
      open: (found, scope, decision) => {
        next = request.next(found);
        return request.open(found, scope, decision);
      },
    });
    yield chunk.ok ? ok(chunk.value) : chunk;
    if (!chunk.ok) return;
    after = next;
  } while (after !== undefined);
}
