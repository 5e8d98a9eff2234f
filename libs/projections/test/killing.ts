import { spawn, type ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { migrateDatabase, postgresLeadership } from '#database/postgres';
import { openSqliteLog } from '#event-log/sqlite';
import { openView, VIEWS_STORE, type View } from '../src/index.ts';
import { folded, stories, tell } from './stories.ts';

const CHILD = join(import.meta.dirname, 'projector-child.ts');

/** A projector that a test may kill. */
export interface Projector {
  /** What it printed, a line each: `ready`, then the errors it began anew after. */
  readonly lines: readonly string[];
  /** SIGKILL; resolves when it has ended. */
  kill(): Promise<void>;
}

/** A log, a database, and projectors in processes of their own that stand in line for one view. */
export interface Killing {
  /** As this process reads it; it never projects. */
  readonly view: View;
  start(): Promise<Projector>;
  /** Appends so many events. */
  tell(count: number): Promise<void>;
  /** Waits until the view has read everything, and answers its rows beside a fold over the log. */
  settled(): Promise<{
    readonly rows: unknown;
    readonly fold: unknown;
    readonly events: number;
    readonly told: number;
  }>;
  remove(): Promise<void>;
}

/** Opens it on this server's database, which is empty. */
export async function killing(url: string): Promise<Killing> {
  const dir = mkdtempSync(join(tmpdir(), 'killing-'));
  const path = join(dir, 'log.db');
  await migrateDatabase(url, [VIEWS_STORE]);
  const log = await openSqliteLog({ path });
  const leadership = postgresLeadership(url);
  const view = await openView({ definition: stories, log, where: { kind: 'postgres', url, leadership } });
  const running = new Set<Projector>();
  let told = 0;
  return {
    view,
    start: async () => {
      const projector = await started(url, path);
      running.add(projector);
      return projector;
    },
    tell: async (count) => {
      told = await tell(log, told, count);
    },
    settled: async () => {
      const head = await log.head();
      if (head !== null && !(await view.waitUntil(head, 60_000))) throw new Error('the view does not catch up');
      const last = await view.db.selectFrom('last').selectAll().execute();
      const rows = await view.db.selectFrom('told').selectAll().execute();
      const text = (row: Readonly<Record<string, unknown>>) => Object.values(row).map(String).join(' ');
      return {
        rows: { last: last.map(text).toSorted(), told: rows.map(text).toSorted() },
        fold: await folded(log),
        events: await eventsIn(url),
        told,
      };
    },
    remove: async () => {
      for (const each of running) await each.kill();
      await view.close();
      await leadership.close();
      await log.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Kills one projector after another at random moments while events come in and another stands by; half-way somebody asks for a rebuild. */
export async function killedOften(world: Killing, kills: number): Promise<void> {
  let [first, second] = [await world.start(), await world.start()];
  for (let kill = 0; kill < kills; kill++) {
    if (kill === Math.floor(kills / 2)) await world.view.askRebuild();
    const telling = world.tell(400);
    await wait(randomInt(5, 120));
    await first.kill();
    await telling;
    // The one that stood by has the turn now, and is the next to go.
    [first, second] = [second, await world.start()];
  }
  await world.tell(50);
}

/** How many events the live generation has read, as it is stored. */
async function eventsIn(url: string): Promise<number> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ events: string }>(
    `select g.events from views.generation g join views.projection p on p.view = g.view and p.live = g.number`,
  );
  await client.end();
  return Number(rows[0]?.events);
}

async function started(url: string, path: string): Promise<Projector> {
  const options = ['--conditions=source', '--disable-warning=ExperimentalWarning', CHILD, url, path];
  const child: ChildProcess = spawn(process.execPath, options, { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines: string[] = [];
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    child.stdout?.on('data', (text: Buffer) => {
      lines.push(...text.toString().trimEnd().split('\n'));
      resolve();
    });
    child.once('close', () => reject(new Error('the projector ended by itself')));
  });
  return {
    lines,
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
