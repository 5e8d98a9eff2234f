import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Instant, OrganisationId } from '#kernel';
import { UnreadableFile } from '#contracts';
import type { TranslationContext } from '#contracts';
import { classListConnector } from './connector.ts';

const context: TranslationContext = {
  organisation: 'oakfield-school' as OrganisationId,
  receivedAt: '2026-09-10T08:00:00.000Z' as Instant,
  statedAt: '2026-09-09T15:00:00.000Z' as Instant,
  setting: '123456',
};
const HEADER = 'CHILD_FIRST_NAME,CHILD_LAST_NAME,CHILD_DATE_OF_BIRTH,__proto__,CHILD_NHS_NUMBER\n';

async function outcome(chunks: readonly Uint8Array[]): Promise<string> {
  const input = (async function* () {
    yield* chunks;
  })();
  const seen: unknown[] = [];
  try {
    for await (const item of classListConnector.translate(input, context)) seen.push(item);
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error;
    seen.push(error.reason);
  }
  return JSON.stringify(seen);
}

describe('any bytes as a class list', () => {
  const token = fc.constantFrom(
    '"',
    ',',
    '\n',
    '\r\n',
    'Ann',
    'Required: x',
    '2010-01-01',
    '9990000018',
    '\u00e9',
    '\ud83d',
    ' ',
  );
  const noise = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.array(token, { maxLength: 60 }).map((tokens) => new Uint8Array(Buffer.from(tokens.join('')))),
  );

  it('are rows, refusals or an unreadable file, and nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(noise, fc.boolean(), async (bytes, headed) => {
        await outcome(headed ? [Buffer.from(HEADER), bytes] : [bytes]);
      }),
      { numRuns: 500 },
    );
  });

  it('mean the same however they are cut: also a quote out of place before a byte that is no text', async () => {
    const bytes = Uint8Array.from([1, 34, 1, 0]);
    const whole = Buffer.concat([Buffer.from(HEADER), bytes]);
    const cut = Array.from(whole, (byte) => Uint8Array.of(byte));
    expect(await outcome(cut)).toBe(await outcome([whole]));
  });

  it('mean the same however they are cut', async () => {
    await fc.assert(
      fc.asyncProperty(noise, fc.integer({ min: 1, max: 9 }), async (bytes, size) => {
        const whole = Buffer.concat([Buffer.from(HEADER), bytes]);
        const cut: Uint8Array[] = [];
        for (let from = 0; from < whole.length; from += size) cut.push(whole.subarray(from, from + size));
        expect(await outcome(cut)).toBe(await outcome([whole]));
      }),
      { numRuns: 200 },
    );
  });
});
