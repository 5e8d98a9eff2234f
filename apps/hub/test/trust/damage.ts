import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { leafHash, uuidOfHash } from '#kernel';
import { runApp } from '#nest-platform';
import { hub } from '../../src/hub.ts';
import { freePort } from '#testing/servers';

/** The file of the log below a hub's folder. */
export const logOf = (folder: string): string => join(folder, 'var', 'log.db');

/** What the operator reads where the hub does not start on a folder; undefined where it does (it is stopped again). */
export async function startRefusal(
  folder: string,
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: number; readonly text: string } | undefined> {
  const printed: string[] = [];
  let signal: (name: string) => void = () => undefined;
  const ended = Promise.withResolvers<number>();
  await runApp(hub(), {
    env: {
      TELLONCE_PORT: String(await freePort()),
      TELLONCE_VAR: join(folder, 'var'),
      TELLONCE_LOG_LEVEL: 'silent',
      ...env,
    },
    print: (text) => printed.push(text),
    exit: ended.resolve,
    onSignal: (handler) => void (signal = handler),
  });
  signal('SIGTERM');
  const code = await ended.promise;
  return code === 0 ? undefined : { code, text: printed.join('\n') };
}

/** Changes the log as somebody with the file and a hub that is stopped could. */
export function changeLog(folder: string, sql: string): void {
  const database = new DatabaseSync(logOf(folder));
  database.exec(sql);
  database.close();
}

/** SQL that changes the words of one event and not its id. */
export function flip(position: string): string {
  return `update event set data = cast(replace(cast(data as text), '"format":1', '"format":3') as blob) where position = ${position}`;
}

/** SQL that swaps the places of two events; each is an expression of a position. */
export function swapped(one: string, other: string): string {
  return `
    create temp table places as select ${one} as one, ${other} as other;
    update event set position = -1 where position = (select one from places);
    update event set position = (select one from places) where position = (select other from places);
    update event set position = (select other from places) where position = -1;
  `;
}

/** Rewrites an event consistently, as somebody would who knows the format but not the signing key. */
export function forgeEvent(folder: string, position: number): void {
  const database = new DatabaseSync(logOf(folder));
  const { data } = database.prepare('select data from event where position = ?').get(position) as { data: Uint8Array };
  const forged = Buffer.from(
    Buffer.from(data)
      .toString('utf8')
      .replace(/"recordedAt":"\d{4}/, '"recordedAt":"2001'),
  );
  const id = uuidOfHash(leafHash(forged));
  database.prepare('update event set data = ?, id = ? where position = ?').run(forged, id, position);
  database.close();
}
