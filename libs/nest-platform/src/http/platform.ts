import type { FastifyInstance } from 'fastify';
import type { Config } from '../config/config.ts';
import type { Authenticator, RefusalRecorder } from '../guard/access.guard.ts';
import type { Readiness } from '../health/readiness.ts';
import type { AppLogger } from '../logging/logger.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Reader } from '#sharing';

/** What an application stands on; made by the composition, nothing of it is made by Nest. */
export interface Platform {
  readonly config: Config;
  readonly logger: AppLogger;
  readonly metrics: Metrics;
  readonly readiness: Readiness;
  readonly authenticator: Authenticator;
  readonly refusals: RefusalRecorder;
  /** A keyed hash of who asks, 32 hexadecimal digits, for log lines; they leave the person out unless given. */
  readonly userHash?: (reader: Reader) => string;
  /** What is hung into Fastify beside Nest: the authorisation server, static files. */
  readonly mounts?: readonly ((fastify: FastifyInstance) => void)[];
}

/** Injection token of the {@link Platform}. */
export const PLATFORM = Symbol('platform');
