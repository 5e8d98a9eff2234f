import { Readable } from 'node:stream';
import { Problem } from '../problem/problem.ts';

/**
 * The bytes of a request whose content-type parser left it unread. The connection is not torn down when reading stops early, so that the answer
 * still arrives. A body that breaks off is the caller's failure, not the hub's.
 */
export async function* bodyOf(payload: unknown): AsyncGenerator<Uint8Array> {
  if (!(payload instanceof Readable)) throw unsupported();
  const pieces = payload.iterator({ destroyOnReturn: false }) as AsyncIterator<Uint8Array>;
  try {
    for (;;) {
      const piece = await nextOf(pieces);
      if (piece.done === true) return;
      yield piece.value;
    }
  } finally {
    await pieces.return?.();
  }
}

/** The media type is one no connector of this process takes. */
export function unsupported(): Problem {
  return new Problem({ status: 415, code: 'CALLER_MEDIA_TYPE_UNSUPPORTED', title: 'The media type is not taken here' });
}

async function nextOf(pieces: AsyncIterator<Uint8Array>): Promise<IteratorResult<Uint8Array>> {
  try {
    return await pieces.next();
  } catch {
    throw new Problem({ status: 400, code: 'CALLER_BODY_INCOMPLETE', title: 'The body broke off' });
  }
}
