import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { BodyTooLarge, spool } from './spool.ts';

async function* body(pieces: number, size: number): AsyncGenerator<Uint8Array> {
  for (let piece = 0; piece < pieces; piece += 1) yield Buffer.alloc(size, piece);
}

async function hashOf(input: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of input) hash.update(piece);
  return hash.digest('hex');
}

describe('a spooled body', () => {
  it.each([
    ['in memory', 3],
    ['on disk', 90],
  ])('is hashed and read again as it came, %s', async (_where, pieces) => {
    const spooled = await spool(body(pieces, 100_001), 1e9);
    expect(spooled.hash).toBe(await hashOf(body(pieces, 100_001)));
    expect(spooled.bytes).toBe(pieces * 100_001);
    expect(await hashOf(spooled.read())).toBe(spooled.hash);
    expect(await hashOf(spooled.read())).toBe(spooled.hash);
    await spooled.dispose();
  });

  it('stops reading at the limit', async () => {
    let read = 0;
    const endless = (async function* () {
      for (;;) {
        read += 1;
        yield new Uint8Array(1_000);
      }
    })();
    await expect(spool(endless, 10_000)).rejects.toThrow(BodyTooLarge);
    expect(read).toBe(11);
  });
});
