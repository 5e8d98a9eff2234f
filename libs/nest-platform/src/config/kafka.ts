import type { KafkaConnection, KafkaCredentials } from '#delivery/kafka';
import { fail, ok, type Outcome } from '#kernel';
import type { Settings } from './settings.ts';

/** How the brokers of signals are reached: what the channel is opened with. */
export type KafkaSetting = Pick<KafkaConnection, 'brokers' | 'tls' | 'sasl'>;

/** What is wrong with which setting; never what a secret holds. */
export interface KafkaProblem {
  readonly setting: 'KAFKA_BROKERS' | 'KAFKA_CA' | 'KAFKA_SASL';
  readonly given: string;
  readonly wanted: string;
  readonly example: string;
}

type Given = Pick<Settings, 'KAFKA_BROKERS' | 'KAFKA_TLS' | 'KAFKA_CA' | 'KAFKA_SASL'>;

/** Reads the settings of Kafka together; undefined where no broker is named, as no signal leaves through Kafka then. */
export function readKafka(
  { KAFKA_BROKERS: named, KAFKA_TLS: trusted, KAFKA_CA: file, KAFKA_SASL: login }: Given,
  readFile: (path: string) => string,
): Outcome<KafkaSetting | undefined, KafkaProblem> {
  if (named === undefined) {
    if (!trusted && file === undefined && login === undefined) return ok(undefined);
    return fail({
      setting: 'KAFKA_BROKERS',
      given: '',
      wanted: 'given too where KAFKA_TLS, KAFKA_CA or KAFKA_SASL is',
      example: 'kafka-1.example:9093',
    });
  }
  let tls: KafkaSetting['tls'] = trusted ? true : undefined;
  if (file !== undefined) {
    const ca = pemIn(file, readFile);
    if (ca === undefined) {
      const wanted = 'a file that can be read, with certificates in PEM';
      return fail({ setting: 'KAFKA_CA', given: file, wanted, example: '/etc/tellonce/kafka-ca.pem' });
    }
    tls = { ca };
  }
  const sasl = login === undefined ? undefined : credentialsOf(login);
  if (sasl?.mechanism === 'plain' && tls === undefined) {
    const wanted = 'scram-sha-512, or KAFKA_TLS=1 or KAFKA_CA beside it: plain sends the password as it is';
    return fail({ setting: 'KAFKA_SASL', given: '', wanted, example: 'scram-sha-512:tellonce:password' });
  }
  return ok({
    brokers: named.split(','),
    ...(tls === undefined ? {} : { tls }),
    ...(sasl === undefined ? {} : { sasl }),
  });
}

function pemIn(file: string, readFile: (path: string) => string): string | undefined {
  try {
    const text = readFile(file);
    return text.includes('-----BEGIN CERTIFICATE-----') ? text : undefined;
  } catch {
    return undefined;
  }
}

/** `mechanism:user:password`, as the pattern of the setting has it; the password may hold colons. */
function credentialsOf(login: string): KafkaCredentials {
  const [mechanism = '', username = '', ...password] = login.split(':');
  return { mechanism: mechanism as KafkaCredentials['mechanism'], username, password: password.join(':') };
}
