import { Type } from '@sinclair/typebox';
import type { Static, TObject } from '@sinclair/typebox';

const described = (description: string, example: string) => ({ description, examples: [example] });

/** Every setting there is. Text from the environment is converted by the schema's kind, then checked against it. */
export const SETTINGS = Type.Object({
  TELLONCE_HOST: Type.String({
    ...described('address to listen on', '127.0.0.1'),
    default: '127.0.0.1',
    pattern: '^[A-Za-z0-9.:_-]{1,253}$',
  }),
  TELLONCE_PORT: Type.Integer({
    ...described('port to listen on, 0 to 65535 (0: any free one)', '8080'),
    default: 8080,
    minimum: 0,
    maximum: 65535,
  }),
  TELLONCE_PUBLIC_URL: Type.Optional(
    Type.String(
      described(
        'http or https URL that people and systems use, without a path; http only for this machine',
        'https://hub.example',
      ),
    ),
  ),
  TELLONCE_VAR: Type.String({
    ...described('folder of the log, the views and the keys', './var'),
    default: './var',
    minLength: 1,
    maxLength: 4096,
  }),
  TELLONCE_KEY_FILE: Type.Optional(
    Type.String({
      ...described('file of the key-encryption key, outside TELLONCE_VAR; beside it unless given', './tellonce.key'),
      maxLength: 4096,
    }),
  ),
  TELLONCE_KEY_BUCKETS: Type.Optional(
    Type.String({
      ...described(
        'folder of the bucket keys that an erasure rolls, outside TELLONCE_VAR and shared by every process; only with DATABASE_URL; beside the key file unless given',
        './tellonce.key.buckets',
      ),
      maxLength: 4096,
    }),
  ),
  TELLONCE_WITNESS_DIR: Type.Optional(
    Type.String({
      ...described('folder outside TELLONCE_VAR that also receives every signed checkpoint', '/mnt/witness'),
      maxLength: 4096,
    }),
  ),
  TELLONCE_WITNESSES: Type.Optional(
    Type.String({
      ...described(
        'witnesses that are asked to cosign every checkpoint (C2SP tlog-witness), parted by commas or lines: vkey, a space, https URL; a third word "private" for one on this machine or its network (then http too); or @ and the path of a file that holds the list',
        'witness.example/w1+0e33dd10+BKi1... https://witness.example',
      ),
      maxLength: 65_536,
    }),
  ),
  TELLONCE_WITNESS_EVERY_MS: Type.Integer({
    ...described('shortest time between two requests to one witness, in milliseconds, 100 to 3600000', '10000'),
    default: 10_000,
    minimum: 100,
    maximum: 3_600_000,
  }),
  TELLONCE_WITNESS_SILENT_MS: Type.Integer({
    ...described(
      'so long a witness may leave a new checkpoint without its cosignature before an alarm, in milliseconds, 1000 to 86400000',
      '900000',
    ),
    default: 900_000,
    minimum: 1_000,
    maximum: 86_400_000,
  }),
  TELLONCE_DEMO: Type.Boolean({
    ...described('1: demonstration people sign in without a password; 0: they do not exist', '1'),
    default: false,
  }),
  TELLONCE_LOG_LEVEL: Type.Union(
    (['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const).map((level) => Type.Literal(level)),
    { ...described('one of fatal, error, warn, info, debug, trace, silent', 'info'), default: 'info' },
  ),
  TELLONCE_BODY_LIMIT_BYTES: Type.Integer({
    ...described('largest JSON body in bytes, 1024 to 67108864', '4194304'),
    default: 4_194_304,
    minimum: 1024,
    maximum: 67_108_864,
  }),
  TELLONCE_UPLOAD_LIMIT_BYTES: Type.Integer({
    ...described('largest file of an organisation in bytes, 1024 to 2147483647', '268435456'),
    default: 268_435_456,
    minimum: 1024,
    maximum: 2_147_483_647,
  }),
  TELLONCE_REQUEST_TIMEOUT_MS: Type.Integer({
    ...described('longest time to receive a request, in milliseconds, 100 to 600000', '30000'),
    default: 30_000,
    minimum: 100,
    maximum: 600_000,
  }),
  TELLONCE_SHUTDOWN_WAIT_MS: Type.Integer({
    ...described('time between answering "not ready" and closing the port, in milliseconds, 0 to 60000', '5000'),
    default: 0,
    minimum: 0,
    maximum: 60_000,
  }),
  TELLONCE_READY_LAG_SECONDS: Type.Integer({
    ...described(
      'oldest event that a view may not have read while /health/ready says 200, in seconds, 1 to 86400',
      '60',
    ),
    default: 300,
    minimum: 1,
    maximum: 86_400,
  }),
  TELLONCE_AUDIT_ROWS_A_DAY: Type.Integer({
    ...described('most decisions that one data-protection officer is handed in a day, 1 to 100000000', '250000'),
    default: 250_000,
    minimum: 1,
    maximum: 100_000_000,
  }),
  EVENTSTORE_URL: Type.Optional(
    Type.String({
      ...described(
        'EventStoreDB or KurrentDB that keeps the log, esdb:// or esdb+discover://; a file in TELLONCE_VAR unless given',
        'esdb+discover://user:password@esdb.example:2113?tls=true',
      ),
      pattern: '^esdb(\\+discover)?://[^ ]+$',
      maxLength: 4096,
      secret: true,
    }),
  ),
  DATABASE_URL: Type.Optional(
    Type.String({
      ...described(
        'PostgreSQL that keeps views, keys, identity, receipts and signals, postgres://; files in TELLONCE_VAR unless given',
        'postgres://tellonce_education:password@postgres.example/tellonce',
      ),
      pattern: '^postgres(ql)?://[^ ]+$',
      maxLength: 4096,
      secret: true,
    }),
  ),
  KAFKA_BROKERS: Type.Optional(
    Type.String({
      ...described(
        'Kafka brokers that signals may go out through, host:port parted by commas; webhooks only unless given',
        'kafka-1.example:9092,kafka-2.example:9092',
      ),
      pattern: '^[A-Za-z0-9.-]+:[0-9]{1,5}(,[A-Za-z0-9.-]+:[0-9]{1,5})*$',
      maxLength: 4096,
    }),
  ),
  KAFKA_TLS: Type.Boolean({
    ...described('1 to speak TLS to the brokers, by the certificate authorities of this machine', '1'),
    default: false,
  }),
  KAFKA_CA: Type.Optional(
    Type.String(
      described(
        'file of the certificate authorities that the brokers are trusted by, PEM; TLS is spoken then',
        '/etc/tellonce/kafka-ca.pem',
      ),
    ),
  ),
  KAFKA_SASL: Type.Optional(
    Type.String({
      ...described(
        'who the hub is to the brokers, mechanism:user:password; plain (only with TLS), scram-sha-256 or scram-sha-512',
        'scram-sha-512:tellonce:password',
      ),
      pattern: '^(plain|scram-sha-256|scram-sha-512):[^: ]+:.+$',
      maxLength: 1024,
      secret: true,
    }),
  ),
  TELLONCE_METRICS_TOKEN: Type.Optional(
    Type.String({
      ...described(
        'bearer token that /metrics asks for, 16 to 256 visible characters; open unless given',
        'a long random text',
      ),
      pattern: '^[\\x21-\\x7e]{16,256}$',
      secret: true,
    }),
  ),
});

/** What the settings say, before paths are resolved. */
export type Settings = Static<typeof SETTINGS>;

/** One row of the table of settings: for the documentation and for `.env.example`. */
export interface SettingDescription {
  readonly name: string;
  readonly description: string;
  readonly example: string;
  readonly default?: string;
  readonly secret: boolean;
}

/** The table of settings, in the order of the schema. A secret may be given as `<NAME>_FILE`, the path of a file that holds it. */
export function describeSettings(schema: TObject = SETTINGS): readonly SettingDescription[] {
  return Object.entries(schema.properties).map(([name, property]) => ({
    name,
    description: property.description ?? name,
    example: (property['examples'] as readonly string[] | undefined)?.[0] ?? '',
    secret: property['secret'] === true,
    ...(property.default === undefined
      ? {}
      : { default: typeof property.default === 'boolean' ? (property.default ? '1' : '0') : String(property.default) }),
  }));
}
