/** What the Kafka client tells of itself: a level and a code of a closed list. Never a topic, a key, an address or a message. */
export interface KafkaLogEntry {
  readonly level: 'error' | 'warn';
  readonly code: string;
}
export type KafkaLog = (entry: KafkaLogEntry) => void;

/** Of kafkajs's own LogEntry, only what is looked at. */
interface Said {
  readonly namespace: string;
  readonly level: number;
  readonly log: { readonly message: string };
}

/** The sentences of kafkajs 2.2.4 at levels warning and error; whatever it puts into them, names and contents included, stays behind. */
const SENTENCES: readonly (readonly [RegExp, string | null])[] = [
  // True of any producer that ever gives up; ours is thrown away when it does (producer.ts).
  [/^Limiting retries for the idempotent producer/, null],
  // Each of our own calls answers with its code; the line beside it would say less.
  [/^Failed to send messages/, null],
  [/^Response without match/, 'late-answer'],
  [/^Response /, 'broker-refused'],
  [/^Connection timeout/, 'connection-timed-out'],
  [/^Connection error/, 'connection-failed'],
  [/^(Failed to connect to (seed )?broker|Closed connection|Failed to find)/, 'connection-failed'],
  [/^SASL /, 'not-authenticated'],
  [/^The group is rebalancing/, 'rebalancing'],
  [/^The coordinator is not aware of this member/, 'membership-lost'],
  [/^Offset out of range/, 'offset-out-of-range'],
  [/^Topic has been updated/, 'partitions-changed'],
  [/^Consumer (group received unsubscribed|is not aware of all)/, 'partitions-changed'],
  [/^Crash: /, 'consumer-ended'],
  [/^Could not /, 'administration-failed'],
  [/^Error when calling/, 'handler-failed'],
];

/** Turns what kafkajs says into codes; to be given to it as its `logCreator`. */
export function codesOnly(log: KafkaLog): () => (said: Said) => void {
  return () =>
    ({ level, log: { message } }) => {
      // 1 is ERROR and 2 WARN in kafkajs; what is below is not asked for, whatever KAFKAJS_LOG_LEVEL says.
      if (level > 2) return;
      const found = SENTENCES.find(([pattern]) => pattern.test(message));
      if (found?.[1] === null) return;
      log({ level: level === 1 ? 'error' : 'warn', code: found?.[1] ?? 'other' });
    };
}
