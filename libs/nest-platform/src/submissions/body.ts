import { Readable } from 'node:stream';
import { unsupportedMediaType } from '../http/body.ts';
import { Problem } from '../problem/problem.ts';

/**
 * The bytes of a request that reached the handler as a stream. The connection is not torn down when reading stops early, so that the answer
 * still arrives. A body that breaks off is the caller's failure, not the hub's.
 */
export async function* bodyOf(payload: unknown): AsyncGenerator<Uint8Array> {
  if (!(payload instanceof Readable)) throw unsupportedMediaType();
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

async function nextOf(pieces: AsyncIterator<Uint8Array>): Promise<IteratorResult<Uint8Array>> {
  try {
    return await pieces.next();
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new Problem({ status: 400, code: 'CALLER_BODY_INCOMPLETE', title: 'The body broke off' });
  }
}
