import { setTimeout as wait } from 'node:timers/promises';
import { postgresLeadership } from '#database/postgres';
import { openSqliteLogReader } from '#event-log/sqlite';
import { openView, runView } from '../src/index.ts';
import { stories } from './stories.ts';

/** A projector in a process of its own, for tests that kill it: takes the database's address and the log's file, says when it stands in line. */
const [, , url = '', path = ''] = process.argv;
const log = await openSqliteLogReader({ path, pollMs: 2 });
const leadership = postgresLeadership(url);
const view = await openView({ definition: stories, log, where: { kind: 'postgres', url, leadership }, grace: 50 });
process.stdout.write('ready\n');
for (;;) {
  await runView(view, { signal: new AbortController().signal }).catch((error: unknown) => {
    process.stdout.write(`${error instanceof Error ? error.name : 'unknown'}\n`);
  });
  await wait(50);
}
