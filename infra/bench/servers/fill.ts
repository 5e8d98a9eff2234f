import { encodeRecord } from '#contracts';
import { openSqliteLog } from '#event-log/sqlite';
import { toInstant, type OrganisationId } from '#kernel';
import { EventStoreDouble } from '../../../libs/event-log/eventstoredb/double/index.ts';
import { binary } from '../../../libs/event-log/eventstoredb/test/seeding.ts';

const BYTES = 600;
const A_STREAM = 500;
const AT_ONCE = 20;

/** Writes so many events of 600 bytes into a new SQLite log, 500 in each stream. */
export async function fillSqlite(path: string, events: number): Promise<void> {
  const log = await openSqliteLog({ path });
  const stream = async (n: number): Promise<void> => {
    const name = `fact-${crypto.randomUUID()}`;
    const about = { format: 1, stream: name, type: 'tests.happened.v1', by: 'hub' as OrganisationId } as const;
    const records = Array.from({ length: Math.min(A_STREAM, events - n) }, (_, revision) =>
      encodeRecord({
        ...about,
        revision,
        recordedAt: toInstant(n),
        correlationId: name,
        data: { text: 'x'.repeat(330) },
      }),
    );
    await log.append(name, 'none', records);
  };
  const starts = Array.from({ length: Math.ceil(events / A_STREAM) }, (_, at) => at * A_STREAM);
  for (let at = 0; at < starts.length; at += AT_ONCE) await Promise.all(starts.slice(at, at + AT_ONCE).map(stream));
  await log.close();
}

/** Writes as many into a file that a double goes on with, each in a stream of its own, which it is fastest with. */
export async function fillDouble(file: string, events: number): Promise<void> {
  const double = await EventStoreDouble.start({ file });
  const part = 10_000;
  for (let from = 0; from < events; from += part) {
    const some = Array.from({ length: Math.min(part, events - from) }, (_, n) => from + n);
    await double.seed(some.map((n) => ({ stream: `fact-${String(n)}`, event: binary(String(n).padEnd(BYTES)) })));
  }
  double.stop();
}
