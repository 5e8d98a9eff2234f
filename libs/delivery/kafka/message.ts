import { isUtf8 } from 'node:buffer';
import { fail, ok, parseInstant, parseStrictJson, type Instant, type Outcome } from '#kernel';
import { isSignalEvent, signalEvent } from '../src/cloud-event.ts';
import type { Signal, SignalKind } from '../src/port.ts';

/** A record as it is handed to the producer. */
export interface OutgoingRecord {
  readonly key: string;
  readonly value: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A record as the consumer hands it over: bytes of whoever wrote them. */
export interface IncomingRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: Readonly<Record<string, Buffer | string | (Buffer | string)[] | undefined>> | undefined;
}

/** A signal as its receiver reads it. */
export interface ReceivedSignal {
  /** The same in every copy: what was handled once is dropped. */
  readonly id: string;
  /** The receiver's own pseudonym of the child. */
  readonly key: string;
  readonly kind: SignalKind;
  readonly category: string;
  readonly time: Instant;
  /** Where the hub answers for it, with a token and a purpose of the receiver's. */
  readonly ask: string;
  /** The hub that sent it, as a URI reference. */
  readonly source: string;
}

/** Why a record is no signal. */
export type Unreadable =
  | 'no-key'
  | 'no-value'
  | 'header-missing'
  | 'header-malformed'
  | 'wrong-content-type'
  | 'unknown-version'
  | 'unknown-type'
  | 'value-malformed'
  | 'kind-is-not-type';

/** `tellonce.signal.<kind>.v1` */
const TYPE = /^tellonce\.signal\.(fact-published|fact-corrected|fact-withdrawn)\.v1$/;
const MOST_VALUE = 16 * 1024;

/**
 * A signal in the binary content mode of the CloudEvents Kafka protocol binding 1.0.2 (§3.2): attributes as `ce_` headers, the media type as
 * `content-type`, the data alone as the value. Undefined where it does not keep to the form of a signal: nothing else is sent.
 */
export function recordOf(signal: Signal, source: string): OutgoingRecord | undefined {
  const event = signalEvent(signal, source);
  if (!isSignalEvent(event)) return undefined;
  const { datacontenttype, ...attributes } = event.attributes;
  const named = Object.entries(attributes).map(([name, value]) => [`ce_${name}`, value] as const);
  return {
    key: signal.key,
    value: JSON.stringify(event.data),
    headers: { ...Object.fromEntries(named), 'content-type': datacontenttype },
  };
}

/** Reads a record strictly in what a signal needs, and lets further attributes and members pass: a later hub may say more. */
export function readSignal({ key, value, headers = {} }: IncomingRecord): Outcome<ReceivedSignal, Unreadable> {
  if (key === null || key.length === 0 || key.length > 256 || !isUtf8(key)) return fail('no-key');
  const of = (name: string) => textOf(headers[name]);
  const wanted = ['ce_specversion', 'ce_id', 'ce_source', 'ce_type', 'ce_time', 'content-type'];
  if (wanted.some((name) => headers[name] === undefined)) return fail('header-missing');
  const [version, id, source, type, time] = wanted.map(of);
  const at = parseInstant(time ?? '');
  if (version !== '1.0') return fail('unknown-version');
  if (id === undefined || source === undefined || type === undefined || at === undefined)
    return fail('header-malformed');
  if (!/^application\/json\s*(;|$)/i.test(of('content-type') ?? '')) return fail('wrong-content-type');
  const kind = TYPE.exec(type)?.[1] as SignalKind | undefined;
  if (kind === undefined) return fail('unknown-type');
  if (value === null) return fail('no-value');
  const data = dataOf(value);
  if (data === undefined) return fail('value-malformed');
  if (data.kind !== kind) return fail('kind-is-not-type');
  return ok({ id, key: key.toString('utf8'), kind, category: data.category, time: at, ask: data.ask, source });
}

/** A header once, in UTF-8, not empty and not endless. */
function textOf(header: Buffer | string | (Buffer | string)[] | undefined): string | undefined {
  if (header === undefined || Array.isArray(header) || header.length === 0 || header.length > 1_024) return undefined;
  if (typeof header === 'string') return header;
  return isUtf8(header) ? header.toString('utf8') : undefined;
}

function dataOf(value: Buffer): { readonly kind: string; readonly category: string; readonly ask: string } | undefined {
  const read = parseStrictJson(value, { maxBytes: MOST_VALUE, maxDepth: 8, maxMembers: 64 });
  if (!read.ok || typeof read.value !== 'object' || read.value === null || Array.isArray(read.value)) return undefined;
  const { kind, category, ask } = read.value as Readonly<Record<string, unknown>>;
  if (typeof kind !== 'string' || typeof category !== 'string' || typeof ask !== 'string') return undefined;
  return /^https?:\/\//.test(ask) && URL.canParse(ask) && category !== '' ? { kind, category, ask } : undefined;
}
