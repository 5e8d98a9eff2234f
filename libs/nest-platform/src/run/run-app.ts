import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { describeProblems, loadConfig } from '../config/config.ts';
import type { Config } from '../config/config.ts';
import type { Readiness } from '../health/readiness.ts';
import { createLogger } from '../logging/logger.ts';
import type { AppLogger } from '../logging/logger.ts';
import { drain } from './drain.ts';
import type { Resource } from './drain.ts';
import { openDoor, type Door } from './door.ts';
import { EXIT, StartProblem, ensureFolders, startProblemOf } from './start-problem.ts';

/** An application that a composition has made, not listening yet. */
export interface Composed {
  readonly app: NestFastifyApplication;
  readonly readiness: Readiness;
  /** Closed in this order after the last request; the log and the vault come last. */
  readonly resources: readonly Resource[];
  /** Called once the port is open, with the URL to open. */
  readonly announce?: (publicUrl: string) => void;
}

/** The process as `runApp` sees it; replaced in tests. */
export interface ProcessAround {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly print: (text: string) => void;
  readonly exit: (code: number) => void;
  readonly onSignal: (handler: (signal: string) => void) => void;
}

const realProcess: ProcessAround = {
  env: process.env,
  print: (text) => void process.stderr.write(`${text}\n`),
  exit: (code) => process.exit(code),
  onSignal: (handler) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, handler);
  },
};

/**
 * Runs an application until it is told to stop. Every usual reason not to start is one clear message: wrong configuration (78, all
 * problems), a folder that cannot be written (73), a port that is taken or a folder in use (69), a key file that does not fit (78), a log that is
 * not the signed one (65). While it opens, the port answers the probes. A second signal ends at once.
 */
export async function runApp(
  compose: (config: Config, logger: AppLogger) => Promise<Composed>,
  around: ProcessAround = realProcess,
): Promise<void> {
  const config = loadConfig(around.env);
  if (!config.ok) {
    around.print(`The configuration is not valid. Nothing was started.\n${describeProblems(config.error)}`);
    around.exit(EXIT.config);
    return;
  }
  const settings = config.value;
  const logger = createLogger(settings.logLevel);
  let composed: Composed | undefined;
  let door: Door | undefined;
  // Whatever store makes a file: for this user only, also in a folder that was there before and lets others in.
  process.umask(0o077);
  try {
    ensureFolders(settings);
    door = await openDoor(settings);
    if (settings.demo)
      logger.warn(
        { event: 'demo' },
        'DEMONSTRATION: people sign in without a password. Never with data of real children.',
      );
    composed = await compose(settings, logger);
    await door.close();
    await composed.app.listen({ port: settings.port, host: settings.host });
  } catch (error) {
    await door?.close();
    for (const resource of composed?.resources ?? []) await closeQuietly(resource);
    const problem =
      startProblemOf(error, settings) ??
      new StartProblem('The hub could not start. The log line before this one says where.', EXIT.software);
    if (!(error instanceof StartProblem) && problem.exitCode === EXIT.software)
      logger.fatal({ event: 'start-failed', err: error }, 'start failed');
    around.print(problem.message);
    around.exit(problem.exitCode);
    return;
  }
  const running = composed;
  running.readiness.markStarted();
  logger.info({ event: 'started', host: settings.host, port: settings.port }, 'started');
  running.announce?.(settings.publicUrl);
  let draining = false;
  around.onSignal((signal) => {
    if (draining) {
      around.exit(1);
      return;
    }
    draining = true;
    logger.info({ event: 'stopping', signal }, 'stopping');
    void stop(running, settings, logger).then((clean) => around.exit(clean ? 0 : 1));
  });
}

async function stop(running: Composed, config: Config, logger: AppLogger): Promise<boolean> {
  return await drain(
    {
      readiness: running.readiness,
      stopServing: () => running.app.close(),
      breakConnections: () => running.app.getHttpServer().closeAllConnections(),
      resources: running.resources,
    },
    config.shutdownWaitMs,
    logger,
  );
}

async function closeQuietly(resource: Resource): Promise<void> {
  try {
    await resource.close();
  } catch {
    // The reason not to start is what the operator must see; a failed close after it would hide it.
  }
}
