import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  createLogger,
  loadConfig,
  ALL_STORES,
  type ComposedHub,
  type Config,
  type CompositionExtras,
} from '#nest-platform';
import { migrateDatabase } from '#database/postgres';
import { freePort, testDatabase, type TestDatabase } from '#testing/servers';
import { education } from '../../education/src/education.ts';
import { health } from '../../health/src/health.ts';
import { sharingProtocol } from '../../sharing-protocol/src/sharing-protocol.ts';
import { socialCare } from '../../social-care/src/social-care.ts';
import { EventStoreDouble } from '../../../libs/event-log/eventstoredb/double/index.ts';
import { APPS, type App } from '../../../infra/gateway/route.ts';
import { serveGateway, type Gateway } from '../../../infra/gateway/serve.ts';
import { dumpTables, rowsOnServer, type Row, type StoredTable } from './stored.ts';
import type { HubOptions } from './running-hub.ts';

const PROTOCOL: App = 'sharing-protocol';
const COMPOSITIONS = { education, health, 'social-care': socialCare, 'sharing-protocol': sharingProtocol };

/** What the processes of one area share: the servers, for as long as its folder is used. */
interface Servers {
  readonly database: TestDatabase;
  readonly log: EventStoreDouble;
}
const byFolder = new Map<string, Servers>();

/** The four apps of an area, each composed as in a process of its own, behind one gateway. */
export interface RunningArea {
  /** The sharing protocol, which has the views. */
  readonly composed: ComposedHub;
  /** Every app, the sharing protocol first. */
  readonly all: readonly ComposedHub[];
  /** URLs of the processes themselves, the sharing protocol's first. */
  readonly processes: readonly string[];
  /** See {@link RunningHub}. */
  dump(): Promise<void>;
  /** See {@link RunningHub}. */
  rows(table: StoredTable): Promise<readonly Row[]>;
  /** Stops the apps; the servers and the folder stay. */
  stop(): Promise<void>;
  /** Stops the servers too. */
  remove(): Promise<void>;
}

/**
 * The same area as `runningHub` starts, as four apps that share nothing but a PostgreSQL, an event store (the double) and the key file, with
 * the gateway's table of routes in front at `port`. Where there are several processes of an app they answer in turns.
 */
export async function runningArea(folder: string, port: number, options: HubOptions): Promise<RunningArea> {
  const servers = byFolder.get(folder) ?? (await startServers(folder));
  byFolder.set(folder, servers);
  const { clock, chance, stage, openLog, endProcess } = options;
  const extras: CompositionExtras = {
    ...(clock === undefined ? {} : { clock }),
    ...(chance === undefined ? {} : { chance }),
    ...(stage === undefined ? {} : { stage }),
    ...(openLog === undefined ? {} : { openLog }),
    ...(endProcess === undefined ? {} : { endProcess }),
  };
  const running: ComposedHub[] = [];
  const processes: string[] = [];
  const urls = new Map<App, string[]>();
  // The sharing protocol first: it makes what the others only read.
  const apps = [PROTOCOL, ...APPS.filter((app) => app !== PROTOCOL)].flatMap((app) =>
    Array.from({ length: options.each ?? 1 }, (_, nth) => ({ app, nth })),
  );
  for (const { app, nth } of apps) {
    const own = await freePort();
    const first = app === PROTOCOL ? 'var' : `var-${app}`;
    const varDir = join(folder, nth === 0 ? first : `var-${app}${String(nth)}`);
    const config = configOf(app, { folder, varDir, port, own, servers, options });
    const composed = await COMPOSITIONS[app](extras)(config, options.logger ?? createLogger('silent'));
    await composed.app.listen({ port: own, host: '127.0.0.1' });
    composed.readiness.markStarted();
    running.push(composed);
    const url = `http://127.0.0.1:${String(own)}`;
    processes.push(url);
    urls.set(app, [...(urls.get(app) ?? []), url]);
  }
  const gateway = await serveGateway(inTurns(urls), port);
  const [composed] = running;
  if (composed === undefined) throw new Error('no app runs');
  const stop = async (): Promise<void> => stopAll(gateway, running.toReversed());
  return {
    composed,
    all: running,
    processes,
    stop,
    rows: (table) => rowsOnServer(servers.database.url, table),
    dump: () => dumpTables(servers.database.url, join(folder, 'servers')),
    remove: async () => {
      byFolder.delete(folder);
      servers.log.stop();
      await servers.database.remove();
    },
  };
}

/** Each app's processes in turns, as a service of a cluster hands requests on. */
function inTurns(urls: ReadonlyMap<App, readonly string[]>): Readonly<Record<App, string>> {
  const asked = new Map<string | symbol, number>();
  return new Proxy({} as Readonly<Record<App, string>>, {
    get: (_target, app) => {
      const all = urls.get(app as App) ?? [];
      const turn = asked.get(app) ?? 0;
      asked.set(app, turn + 1);
      return all[turn % all.length];
    },
  });
}

async function startServers(folder: string): Promise<Servers> {
  mkdirSync(folder, { recursive: true });
  const database = await testDatabase();
  await migrateDatabase(database.url, ALL_STORES);
  return { database, log: await EventStoreDouble.start({ file: join(folder, 'event-store.db') }) };
}

function configOf(
  app: App,
  given: {
    readonly folder: string;
    readonly varDir: string;
    readonly port: number;
    readonly own: number;
    readonly servers: Servers;
    readonly options: HubOptions;
  },
): Config {
  const { folder, varDir, port, own, servers, options } = given;
  const config = loadConfig({
    TELLONCE_PORT: String(own),
    TELLONCE_PUBLIC_URL: `http://127.0.0.1:${String(port)}`,
    TELLONCE_VAR: varDir,
    TELLONCE_KEY_FILE: join(folder, 'tellonce.key'),
    TELLONCE_DEMO: '1',
    TELLONCE_LOG_LEVEL: 'silent',
    EVENTSTORE_URL: servers.log.url(),
    DATABASE_URL: servers.database.url,
    ...(options.witness === true && app === PROTOCOL ? { TELLONCE_WITNESS_DIR: join(folder, 'witness') } : {}),
    ...options.env,
  });
  if (!config.ok) throw new Error(JSON.stringify(config.error));
  return config.value;
}

async function stopAll(gateway: Gateway, running: readonly ComposedHub[]): Promise<void> {
  await gateway.close();
  for (const { app, resources } of running) {
    app.getHttpServer().closeAllConnections();
    await app.close();
    for (const resource of resources) await resource.close();
  }
}
