import { writeSync } from 'node:fs';
import { encodeRecord } from '#contracts';
import { openSqliteLog } from '#event-log/sqlite';
import type { Instant, OrganisationId } from '#kernel';

/*
 * Appends numbered events until it is killed, or so many a lane: each lane has one in flight and a stream of its own. Prints `lane revision
 * id` once an event is acknowledged, never before. Usage: append-child.ts <file> <lanes> [<events a lane>]
 */
const [path = '', lanes = '32', most = 'Infinity'] = process.argv.slice(2);
const log = await openSqliteLog({ path });
writeSync(1, 'ready\n');

async function run(lane: number): Promise<void> {
  const stream = `process-lane-${lane}`;
  const first = (await log.tail(stream)) + 1;
  for (let revision = first; revision < first + Number(most); revision++) {
    const event = encodeRecord({
      format: 1,
      stream,
      revision,
      type: 'tests.numbered.v1',
      recordedAt: '2026-01-01T00:00:00.000Z' as Instant,
      by: 'hub' as OrganisationId,
      correlationId: `lane-${lane}`,
      data: { number: revision, padding: 'x'.repeat((revision * 37) % 700) },
    });
    await log.append(stream, revision === 0 ? 'none' : revision - 1, [event]);
    writeSync(1, `${lane} ${revision} ${event.id}\n`);
  }
}
await Promise.all(Array.from({ length: Number(lanes) }, (_, lane) => run(lane)));
await log.close();
