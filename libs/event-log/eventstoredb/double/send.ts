import { once } from 'node:events';
import type { ServerWritableStream } from '@grpc/grpc-js';

/** The reader has gone; there is nobody to be told. */
export class Gone extends Error {
  override readonly name = 'Gone';
}

/** Writes one message; waits where the reader does not take them as fast, as the real server does. Throws {@link Gone}. */
export async function send<Request, Answer>(
  call: ServerWritableStream<Request, Answer>,
  message: Answer,
): Promise<void> {
  if (call.cancelled || call.destroyed || call.writableEnded) throw new Gone();
  if (call.write(message)) return;
  const gone = new AbortController();
  const stop = () => gone.abort();
  call.once('cancelled', stop);
  call.once('close', stop);
  try {
    await once(call, 'drain', { signal: gone.signal });
  } catch {
    throw new Gone();
  } finally {
    call.off('cancelled', stop);
    call.off('close', stop);
  }
}
