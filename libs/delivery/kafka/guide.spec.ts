import { expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { temporaryFolder } from '#testing';
import { sharedKafka } from '#testing/servers';
import { kafkaChannel } from './channel.ts';
import { describeOn } from './test/on-kafka.ts';
import { newOrganisation, signal } from './test/signals.ts';
import { topicOf } from './topic.ts';
import { always } from '../src/test/always.ts';

const ROOT = join(import.meta.dirname, '../../..');
const guide = readFileSync(join(ROOT, 'docs/guides/kafka.md'), 'utf8');
const program = /```js\n([\s\S]*?)```/.exec(guide)?.[1] ?? '';

describeOn(await sharedKafka(), 'the program in the guide', (server) => {
  it('follows signals, sets aside, stops and replays', async () => {
    const folder = temporaryFolder();
    const organisation = newOrganisation();
    const { brokers } = server();
    const channel = kafkaChannel({ brokers, source: '/hub', create: { partitions: 2, replication: 1 } });
    const all = [
      signal(organisation, 0),
      signal(organisation, 1, 1, { kind: 'fact-withdrawn' }),
      signal(organisation, 2),
    ];
    await channel.send({ organisation }, all, always);
    await channel.close();
    const path = join(folder.path, 'receiver.db');
    const child = spawn(process.execPath, ['--conditions=source', '--input-type=module', '-e', program], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { PATH: process.env['PATH'], KAFKA_BROKERS: brokers.join(','), TOPIC: topicOf(organisation), STORE: path },
    });
    const out: string[] = [];
    child.stdout.on('data', (bytes) => out.push(String(bytes)));
    const ended = new Promise((resolve) => child.once('exit', resolve));
    const asked = () => {
      const db = new DatabaseSync(path, { timeout: 1_000 });
      try {
        return db
          .prepare('SELECT url FROM to_ask ORDER BY rowid')
          .all()
          .map(({ url }) => url);
      } finally {
        db.close();
      }
    };
    try {
      for (let found: unknown[] = []; found.length < 2; found = await soon(asked)) expect(child.exitCode).toBeNull();
      child.kill('SIGTERM');
      expect(await ended).toBe(0);
      expect(asked()).toEqual([all[0]?.ask, all[2]?.ask, all[1]?.ask]);
      expect(out.join('')).toBe('replayed handled\n');
    } finally {
      child.kill('SIGKILL');
      folder.remove();
    }
  });
});

/** In a moment; nothing while the table is not there. */
async function soon(asked: () => readonly unknown[]): Promise<unknown[]> {
  await new Promise((resolve) => setTimeout(resolve, 50));
  try {
    return [...asked()];
  } catch {
    return [];
  }
}
