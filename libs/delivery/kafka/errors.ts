/** Why Kafka did not take something, as a code; and whether the same can succeed later without being changed. */
export interface Trouble {
  readonly code: string;
  readonly again: boolean;
  /** Somebody has to change a setting first: asking every second does not help. */
  readonly settings?: true;
}

/** Protocol errors by the names of https://kafka.apache.org/protocol#protocol_error_codes (as kafkajs spells them) and names of kafkajs. */
const CODES: Readonly<Record<string, string>> = {
  KafkaJSRequestTimeoutError: 'timed-out',
  REQUEST_TIMED_OUT: 'timed-out',
  KafkaJSLockTimeout: 'timed-out',
  KafkaJSTimeout: 'timed-out',
  KafkaJSConnectionError: 'unreachable',
  KafkaJSConnectionClosedError: 'unreachable',
  KafkaJSBrokerNotFound: 'unreachable',
  KafkaJSNoBrokerAvailableError: 'unreachable',
  BROKER_NOT_AVAILABLE: 'unreachable',
  NETWORK_EXCEPTION: 'unreachable',
  COORDINATOR_LOAD_IN_PROGRESS: 'starting',
  GROUP_LOAD_IN_PROGRESS: 'starting',
  GROUP_COORDINATOR_NOT_AVAILABLE: 'starting',
  COORDINATOR_NOT_AVAILABLE: 'starting',
  NOT_COORDINATOR_FOR_GROUP: 'starting',
  NOT_CONTROLLER: 'no-leader',
  LEADER_NOT_AVAILABLE: 'no-leader',
  NOT_LEADER_FOR_PARTITION: 'no-leader',
  REPLICA_NOT_AVAILABLE: 'no-leader',
  NOT_ENOUGH_REPLICAS: 'too-few-replicas',
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: 'too-few-replicas',
  INVALID_REPLICATION_FACTOR: 'too-few-brokers',
  KAFKA_STORAGE_ERROR: 'broker-storage',
  THROTTLING_QUOTA_EXCEEDED: 'throttled',
  OUT_OF_ORDER_SEQUENCE_NUMBER: 'producer-superseded',
  DUPLICATE_SEQUENCE_NUMBER: 'producer-superseded',
  UNKNOWN_PRODUCER_ID: 'producer-superseded',
  INVALID_PRODUCER_EPOCH: 'producer-superseded',
  UNKNOWN_TOPIC_OR_PARTITION: 'unknown-topic',
  KafkaJSMetadataNotLoaded: 'unknown-topic',
  KafkaJSTopicMetadataNotLoaded: 'unknown-topic',
  KafkaJSSASLAuthenticationError: 'not-authenticated',
  SASL_AUTHENTICATION_FAILED: 'not-authenticated',
  UNSUPPORTED_SASL_MECHANISM: 'not-authenticated',
  ILLEGAL_SASL_STATE: 'not-authenticated',
  TOPIC_AUTHORIZATION_FAILED: 'not-authorised',
  CLUSTER_AUTHORIZATION_FAILED: 'not-authorised',
  GROUP_AUTHORIZATION_FAILED: 'not-authorised',
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: 'not-authorised',
  // Of what kafkajs can't read, compression other than gzip is what happens.
  KafkaJSNotImplemented: 'unsupported',
  POLICY_VIOLATION: 'against-policy',
  MESSAGE_TOO_LARGE: 'too-large',
  RECORD_LIST_TOO_LARGE: 'too-large',
  INVALID_RECORD: 'invalid-record',
};
/** What is wrong with the message itself: no repetition helps. */
const NEVER = new Set(['too-large', 'invalid-record']);
const SETTINGS = new Set([
  ...['unknown-topic', 'not-trusted', 'not-authenticated', 'not-authorised', 'against-policy', 'too-few-brokers'],
]);

/**
 * The code of whatever kafkajs threw, found at the bottom of its causes. An error that is not known is tried again: a signal is not given up
 * for something nobody thought of.
 */
export function troubleOf(error: unknown): Trouble {
  const code = codeOf(error, 0) ?? 'unknown';
  return { code, again: !NEVER.has(code), ...(SETTINGS.has(code) && { settings: true }) };
}

function codeOf(error: unknown, depth: number): string | undefined {
  if (typeof error !== 'object' || error === null || depth > 8) return undefined;
  const { type, name, code, cause, errors } = error as Readonly<Record<string, unknown>>;
  const below = [cause, ...(Array.isArray(errors) ? (errors as unknown[]) : [])];
  for (const each of below) {
    const found = codeOf(each, depth + 1);
    if (found !== undefined) return found;
  }
  // Codes of OpenSSL and Node for a certificate that does not hold.
  if (typeof code === 'string' && /CERT|SELF_SIGNED|^ERR_(TLS|SSL)_/.test(code)) return 'not-trusted';
  return known(type) ?? known(name);
}

function known(name: unknown): string | undefined {
  return typeof name === 'string' && Object.hasOwn(CODES, name) ? CODES[name] : undefined;
}
