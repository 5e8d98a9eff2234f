import { randomBytes } from 'node:crypto';
import { Module } from '@nestjs/common';
import type { DynamicModule, Type } from '@nestjs/common';
import { LogFailed } from '#event-log';
import { toInstant, type Chance, type Clock } from '#kernel';
import { openView, runView } from '#projections';
import { recordRefusal } from '#sharing';
import { createAuthorisationServer, mountAuthorisationServer } from '../auth/authorisation-server.ts';
import { onceStore, USED_IDS_STORE } from '../auth/once-store.ts';
import { systemClientId, type DemoPerson } from '../auth/model.ts';
import { TokenVerifier } from '../auth/token-verifier.ts';
import type { Config } from '../config/config.ts';
import { logCheck, policyCheck } from '../health/checks.ts';
import { Readiness, type ReadinessCheck } from '../health/readiness.ts';
import { createApp } from '../http/create-app.ts';
import type { AppLogger } from '../logging/logger.ts';
import { Metrics } from '../metrics/metrics.ts';
import { decisionObserver, logObserver } from '../metrics/observers.ts';
import { noteDecision } from '../trace/request-context.ts';
import type { Resource } from '../run/drain.ts';
import { EXIT } from '../run/start-problem.ts';
import type { Composed } from '../run/run-app.ts';
import { openReceipts, RECEIPTS_STORE } from '../submissions/receipts-store.ts';
import { checkedStores } from './checked-stores.ts';
import { CoreModule } from './core.module.ts';
import { tokenKey, userHashOf } from './derived-keys.ts';
import { expireSurely } from './expiry.ts';
import { followSurely, type Follower } from './follow.ts';
import { openCore, type CoreOptions, type OpenedCore } from './open-core.ts';
import { quarantineDesk, quarantineView } from './quarantine-view.ts';
import { openStores } from './stores.ts';

/** What an app adds to the platform: its modules, and what they hold open. */
export interface AppParts {
  readonly modules: readonly (Type | DynamicModule)[];
  readonly resources: readonly Resource[];
  /** What must hold, besides the log and the policy, for this process to get requests. */
  readonly checks?: readonly ReadinessCheck[];
}

/** How a process is put together; clock and chance are the machine's unless a test says otherwise. */
export interface Composition {
  readonly version: string;
  /** The commit that was built; `source` unless given. */
  readonly sha?: string;
  /** Asked only where TELLONCE_DEMO is 1. */
  readonly demoPeople: () => readonly DemoPerson[];
  /**
   * False for a process that leaves the area's background work (views, processes, expiry) to another where both share servers. A process on
   * files of its own does its own.
   */
  readonly background?: boolean;
  readonly parts: (opened: OpenedCore, config: Config, logger: AppLogger, metrics: Metrics) => Promise<AppParts>;
  readonly clock?: Clock;
  readonly chance?: Chance;
  readonly stage?: CoreOptions['stage'];
  readonly openLog?: CoreOptions['openLog'];
  /** Ends the process with a code of sysexits.h; a test notes that it would. */
  readonly endProcess?: (code: number) => void;
  readonly announce?: (publicUrl: string, opened: OpenedCore) => void;
}

/** What a test, or who starts the process, may say otherwise. */
export type CompositionExtras = Pick<
  Composition,
  'clock' | 'chance' | 'stage' | 'announce' | 'openLog' | 'endProcess' | 'background'
>;

/** What a test may reach besides the application. */
export interface ComposedHub extends Composed {
  readonly opened: OpenedCore;
}

/** The machine's clock. */
export const systemClock: Clock = { now: () => toInstant(Date.now()) };
/** The machine's chance. */
export const systemChance: Chance = { bytes: (count) => randomBytes(count) };

@Module({})
class RootModule {}

/** Composes one process: everything is made here, once, and handed down. */
export function compose(composition: Composition): (config: Config, logger: AppLogger) => Promise<ComposedHub> {
  return async (config, logger) => {
    const { clock = systemClock, chance = systemChance, endProcess = exit } = composition;
    const { version, sha = 'source' } = composition;
    const metrics = new Metrics({ version, sha });
    const readiness = new Readiness([]);
    let ending = false;
    const alarm = (what: string, error: unknown): void => {
      metrics.count('tellonce_alarms_total', { what });
      logger.error({ event: 'alarm', what, err: error }, 'alarm');
      if (!(error instanceof LogFailed) || ending) return;
      ending = true;
      endAfterFailure(readiness, logger, endProcess);
    };
    const { stores, checks } = checkedStores(openStores(config));
    const alone = stores.kind === 'sqlite';
    const works = alone || composition.background !== false;
    const opened = await openCore({
      varDir: config.varDir,
      stores,
      background: works,
      keyFile: config.keyFile,
      keyBuckets: config.keyBuckets,
      ...(config.eventStoreUrl === undefined ? {} : { eventStoreUrl: config.eventStoreUrl }),
      ...(config.witnessDir === undefined ? {} : { witnessDir: config.witnessDir }),
      ...(config.witnesses.length === 0
        ? {}
        : {
            witnesses: {
              settings: config.witnesses,
              everyMs: config.witnessEveryMs,
              silentMs: config.witnessSilentMs,
            },
          }),
      clock,
      chance,
      timer: { after: (milliseconds, run) => cancellable(setTimeout(run, milliseconds)) },
      alarm,
      observers: { log: logObserver(metrics), decisions: decisionObserver(metrics, noteDecision) },
      ...(composition.stage === undefined ? {} : { stage: composition.stage }),
      ...(composition.openLog === undefined ? {} : { openLog: composition.openLog }),
    });
    const { core } = opened;
    watchWitnesses(metrics, opened);
    readiness.add(logCheck(core.log));
    readiness.add(policyCheck(() => opened.tails.registry()));
    const receipts = await openReceipts(await stores.open(RECEIPTS_STORE, 'receipts.db'), { clock, alone });
    const waiting = await openView({ definition: quarantineView, where: stores.views, log: core.log });
    const background: readonly Resource[] = works
      ? [
          {
            name: 'quarantine-expiry',
            close: stopped(expireSurely(opened.publishing, clock, alarm)),
          },
          {
            name: 'quarantine-view',
            close: stopped(followSurely('quarantine', (signal) => runView(waiting, { signal }), alarm)),
          },
        ]
      : [];
    const parts = await composition.parts(opened, config, logger, metrics);
    for (const check of [...checks, ...(parts.checks ?? [])]) readiness.add(check);

    const once = onceStore(await stores.open(USED_IDS_STORE, 'jti.db'));
    const keys = [tokenKey(opened.master)] as const;
    const authorisation = createAuthorisationServer({
      publicUrl: config.publicUrl,
      keys,
      clients: { findClient: (id) => clientOf(opened, id) },
      once,
      clock,
      demoPeople: config.demo ? composition.demoPeople() : [],
      onFault: (error) => alarm('sign-in', error),
    });
    const root: DynamicModule = {
      module: RootModule,
      imports: [CoreModule.of(opened, receipts, quarantineDesk(waiting, opened.publishing)), ...parts.modules],
    };
    const app = await createApp(root, {
      config,
      logger,
      metrics,
      readiness,
      authenticator: new TokenVerifier({
        publicUrl: config.publicUrl,
        keys,
        speaksFor: async (_issuer, organisation) =>
          organisation === 'hub' || (await registryFor(opened)).organisations.has(organisation),
        once,
        clock,
      }),
      refusals: {
        record: async ({ reader, code, purpose, route, requestId, correlationId }) =>
          recordRefusal(
            core.looks,
            { reader, purpose: purpose ?? 'system-support', requestId, correlationId },
            route,
            code,
          ),
      },
      userHash: userHashOf(opened.master),
      mounts: [(fastify) => mountAuthorisationServer(fastify, authorisation, config.publicUrl)],
    });
    const resources: Resource[] = [
      ...parts.resources,
      ...background,
      { name: 'quarantine', close: () => waiting.close() },
      { name: 'receipts', close: () => receipts.close() },
      { name: 'core', close: () => opened.close() },
      { name: 'stores', close: () => stores.close() },
    ];
    const { announce } = composition;
    return {
      app,
      readiness,
      resources,
      opened,
      ...(announce === undefined ? {} : { announce: (url: string) => announce(url, opened) }),
    };
  };
}

const stopped = (follower: Follower) => (): Promise<void> => follower.stop();

function watchWitnesses(metrics: Metrics, { witnesses }: OpenedCore): void {
  metrics.read('tellonce_witness_size', () => [{ labels: {}, value: witnesses().size }]);
  metrics.read('tellonce_witness_behind_seconds', () => [{ labels: {}, value: witnesses().behindSeconds }]);
  metrics.read('tellonce_witness_conflicts', () => [{ labels: {}, value: witnesses().conflicts }]);
}

function cancellable(timer: NodeJS.Timeout): () => void {
  timer.unref();
  return () => clearTimeout(timer);
}

/** After a failed commit nothing may be acknowledged any more; whoever supervises starts us again on what the disk really holds. */
function endAfterFailure(readiness: Readiness, logger: AppLogger, end: (code: number) => void): void {
  readiness.markDraining();
  logger.fatal({ event: 'log-failed' }, 'the log cannot be written; the process ends');
  // Time for the 503s that are on their way.
  setTimeout(() => end(EXIT.ioError), 500).unref();
}

const exit = (code: number): void => process.exit(code);

/**
 * At its tail: another process may have registered somebody a moment ago. Where it can't be read, as last read: whoever is let in so is refused
 * by every decision, with an alarm.
 */
async function registryFor({ tails }: OpenedCore) {
  try {
    return await tails.registry();
  } catch {
    return tails.known();
  }
}

async function clientOf(opened: OpenedCore, clientId: string) {
  const { organisations } = await opened.tails.registry();
  for (const found of organisations.values()) {
    if (systemClientId(found.organisation) !== clientId) continue;
    const keys = found.keys.filter(({ kid }) => !found.revokedKeys.has(kid));
    return { organisation: found.organisation, jwks: { keys: keys.map((key) => ({ ...key })) } };
  }
  return undefined;
}
