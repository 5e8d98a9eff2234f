// Not by way of the library's index: this is run by Node as it stands, and Node reads no decorators.
import { describeSettings } from '../../libs/nest-platform/src/config/settings.ts';
import { APPS, type App } from '../gateway/route.ts';

/** One process of the set-up with servers. */
export interface Process {
  readonly app: App;
  /** Its role in PostgreSQL, which `tellonce migrate` makes. */
  readonly role: string;
  /** Where it listens when all run on one machine without containers. */
  readonly port: number;
  /** Settings it must be given; a secret as `<NAME>_FILE`. */
  readonly needs: readonly string[];
  /** Settings it may be given. */
  readonly takes: readonly string[];
}

/** Names under which a setting may stand in an environment: itself, and `<NAME>_FILE` where it is secret. */
export function knownNames(): ReadonlySet<string> {
  return new Set(describeSettings().flatMap(({ name, secret }) => (secret ? [name, `${name}_FILE`] : [name])));
}

const SHARED = [
  'TELLONCE_HOST',
  'TELLONCE_PORT',
  'TELLONCE_PUBLIC_URL',
  'TELLONCE_VAR',
  'TELLONCE_KEY_FILE',
  'TELLONCE_KEY_BUCKETS',
  'TELLONCE_SHUTDOWN_WAIT_MS',
  'TELLONCE_METRICS_TOKEN',
  'EVENTSTORE_URL',
  'DATABASE_URL',
];
const TUNING = ['TELLONCE_LOG_LEVEL', 'TELLONCE_BODY_LIMIT_BYTES', 'TELLONCE_REQUEST_TIMEOUT_MS'];
const UPLOADS = ['TELLONCE_UPLOAD_LIMIT_BYTES'];

/** The four processes, in the order in which they are listed everywhere. */
export const PROCESSES: readonly Process[] = APPS.map((app, at) => ({
  app,
  role: `tellonce_${app.replaceAll('-', '_')}`,
  port: 8081 + at,
  ...(app === 'sharing-protocol'
    ? {
        needs: [...SHARED, 'KAFKA_BROKERS', 'TELLONCE_WITNESS_DIR'],
        takes: [
          ...TUNING,
          'KAFKA_TLS',
          'KAFKA_CA',
          'KAFKA_SASL',
          'TELLONCE_WITNESSES',
          'TELLONCE_WITNESS_EVERY_MS',
          'TELLONCE_WITNESS_SILENT_MS',
          'TELLONCE_AUDIT_ROWS_A_DAY',
          'TELLONCE_READY_LAG_SECONDS',
        ],
      }
    : { needs: SHARED, takes: [...TUNING, ...UPLOADS] }),
}));

/** Time to answer what is in flight once the port is closed, in milliseconds; `DRAIN_LIMIT_MS` of the platform. */
export const DRAIN_MS = 10_000;
