import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import type { Instant, OrganisationId } from '#kernel';
import { classListConnector } from './connector.ts';

const ROWS = 1_000_000;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** What is held, in bytes. What is only not collected yet depends on how much memory the machine has left, and says nothing of the reader. */
function held(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

async function* file(): AsyncGenerator<Uint8Array> {
  yield Buffer.from(
    'CHILD_FIRST_NAME,CHILD_LAST_NAME,CHILD_DATE_OF_BIRTH,CHILD_YEAR_GROUP,CHILD_POSTCODE,PARENT_1_NAME,PARENT_1_EMAIL\n',
  );
  const thousand = (from: number): string =>
    Array.from(
      { length: 1_000 },
      (_, at) => `Ann${from + at},Thorne-Smith,02/01/2010,9,SW1A 1AA,John Smith,john@example.com\n`,
    ).join('');
  for (let row = 0; row < ROWS; row += 1_000) yield Buffer.from(thousand(row));
}

describe('a class list of a million rows', () => {
  it('is read in constant memory', async () => {
    const context = {
      organisation: 'oakfield-school' as OrganisationId,
      receivedAt: '2026-09-10T08:00:00.000Z' as Instant,
      statedAt: '2026-09-09T15:00:00.000Z' as Instant,
      setting: '123456',
    };
    const before = held();
    const started = performance.now();
    let rows = 0;
    let most = before;
    for await (const item of classListConnector.translate(file(), context)) {
      if (item.ok) rows += 1;
      if (item.row % 50_000 === 0) most = Math.max(most, held());
    }
    const seconds = (performance.now() - started) / 1_000;
    process.stdout.write(
      `${JSON.stringify({ bench: 'class-list', figure: 'rows per second', value: Math.round(rows / seconds), growthMiB: Math.round((most - before) / 2 ** 20) })}\n`,
    );
    expect(rows).toBe(ROWS);
    expect(most - before).toBeLessThan(16 * 2 ** 20);
  }, 180_000);
});
