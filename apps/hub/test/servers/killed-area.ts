import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { migrateDatabase } from '#database/postgres';
import { ALL_STORES } from '#nest-platform';
import { freePort, startPostgres, type TestPostgres } from '#testing/servers';
import { temporaryFolder } from '#testing';
import { serveGateway, type Gateway } from '../../../../infra/gateway/serve.ts';
import { comes, SupervisedProcess, type Killable } from './killable.ts';
import { WITNESS } from './outsiders.ts';

/** An area of processes that may be killed, behind a gateway that may not. */
export interface KilledArea {
  /** Of the gateway. */
  readonly url: string;
  readonly folder: string;
  readonly keyFile: string;
  readonly eventStoreUrl: string;
  readonly databaseUrl: string;
  /** Where the witness of the area is looked for; nobody listens there yet. */
  readonly witnessPort: number;
  /** The folders of what each process keeps for itself. */
  readonly varDirs: readonly string[];
  /** Everything that may be killed. */
  readonly all: readonly Killable[];
  /** Waits until every process answers that it is ready. */
  ready(): Promise<void>;
  /** Ends the apps as an operator would; the two servers go on. */
  stopApps(): Promise<void>;
  remove(): Promise<void>;
}

const APPS = ['education', 'sharing-protocol-1', 'sharing-protocol-2'] as const;
type App = (typeof APPS)[number];

/**
 * Starts the log server (the double, on a file), a PostgreSQL of its own, education, and the sharing protocol twice: whichever leads works, the
 * other stands by, and the gateway asks both in turn.
 */
export async function killedArea(): Promise<KilledArea> {
  const made = temporaryFolder();
  const folder = made.path;
  const postgres = await startPostgres();
  await migrateDatabase(postgres.url, ALL_STORES);
  const database = killablePostgres(postgres);
  const logPort = await freePort();
  const eventStoreUrl = `esdb://127.0.0.1:${String(logPort)}?tls=false`;
  const double = 'libs/event-log/eventstoredb/double/main.ts';
  const file = join(folder, 'event-store.db');
  const log = new SupervisedProcess({
    name: 'event-store',
    args: ['--conditions=source', double, '--port', String(logPort), '--file', file],
  });
  await comes('the log server', 30_000, async () => log.said.includes('listening'));
  const [gatewayPort, witnessPort] = [await freePort(), await freePort()];
  const url = `http://127.0.0.1:${String(gatewayPort)}`;
  const keyFile = join(folder, 'tellonce.key');
  const urls = new Map<App, string>();
  const started: SupervisedProcess[] = [];
  const varDirOf = (app: App): string => join(folder, `var-${app}`);
  // The sharing protocol first: it makes the key file and the views that education only reads.
  for (const app of APPS.toReversed()) {
    const port = await freePort();
    mkdirSync(varDirOf(app), { recursive: true });
    urls.set(app, `http://127.0.0.1:${String(port)}`);
    const name = app.replace(/-\d$/, '');
    const env = {
      TELLONCE_PORT: String(port),
      TELLONCE_PUBLIC_URL: url,
      TELLONCE_VAR: varDirOf(app),
      TELLONCE_KEY_FILE: keyFile,
      TELLONCE_DEMO: '1',
      TELLONCE_LOG_LEVEL: 'error',
      EVENTSTORE_URL: eventStoreUrl,
      DATABASE_URL: postgres.url,
      ...(name === 'sharing-protocol'
        ? {
            TELLONCE_WITNESS_DIR: join(folder, 'witness'),
            TELLONCE_WITNESSES: `${WITNESS.vkey} http://127.0.0.1:${String(witnessPort)} private`,
            TELLONCE_WITNESS_EVERY_MS: '300',
          }
        : {}),
    };
    started.push(new SupervisedProcess({ name: app, args: [`dist/apps/${name}/src/main.js`], env }));
    await ready(urls, [app]).catch((error: unknown) => {
      throw new Error(`${String(error)}: ${started.at(-1)?.said ?? ''}`);
    });
  }
  const gateway = await gatewayOver(urls, gatewayPort);
  const all = [database, log, ...started];
  return {
    url,
    folder,
    keyFile,
    eventStoreUrl,
    databaseUrl: postgres.url,
    witnessPort,
    varDirs: APPS.map(varDirOf),
    all,
    ready: () => ready(urls, APPS),
    stopApps: async () => {
      await gateway.close();
      await Promise.all(started.map((each) => each.stop()));
    },
    remove: async () => {
      await Promise.all(all.map((each) => each.stop()));
      made.remove();
    },
  };
}

/** A probe that is not answered sooner is as good as none, in milliseconds. */
const ANSWERS_WITHIN = 5_000;

function ready(urls: ReadonlyMap<App, string>, apps: readonly App[]): Promise<void> {
  return comes(`ready: ${apps.join()}`, 300_000, async () => {
    const asked = apps.map(async (app) => {
      const signal = AbortSignal.timeout(ANSWERS_WITHIN);
      return (await fetch(`${urls.get(app) ?? ''}/health/ready`, { signal })).status === 200;
    });
    return (await Promise.all(asked)).every(Boolean);
  });
}

/** The gateway of the area; the two instances of the sharing protocol take requests in turn. */
function gatewayOver(urls: ReadonlyMap<App, string>, port: number): Promise<Gateway> {
  let turn = 0;
  const education = urls.get('education') ?? '';
  const apps = {
    education,
    health: education,
    'social-care': education,
    get 'sharing-protocol'() {
      turn += 1;
      return urls.get(turn % 2 === 0 ? 'sharing-protocol-1' : 'sharing-protocol-2') ?? '';
    },
  };
  return serveGateway(apps, port);
}

/** Down for a moment, as when a machine restarts. */
const DOWN_FOR = 1_000;

function killablePostgres(postgres: TestPostgres): Killable {
  let kills = 0;
  return {
    name: 'postgresql',
    get kills() {
      return kills;
    },
    ends: [],
    kill: async () => {
      kills += 1;
      await postgres.kill();
      await wait(DOWN_FOR);
      await postgres.restart();
    },
    stop: () => postgres.remove(),
  };
}
