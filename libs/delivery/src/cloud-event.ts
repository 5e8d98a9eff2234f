import { Type, type Static } from '@sinclair/typebox';
import { Ajv } from 'ajv';
import type { Signal } from './port.ts';

/** No quote, backslash, space or control: such a text is the same in JSON, in an HTTP header and in a Kafka header. */
const plain = (most: number) => Type.String({ pattern: `^[\\x21\\x23-\\x5b\\x5d-\\x7e]{1,${String(most)}}$` });

/** What a signal says: what happened, to which kind of information, and where to ask. Never what a fact says. */
export const SIGNAL_DATA = Type.Object(
  {
    kind: Type.Union([Type.Literal('fact-published'), Type.Literal('fact-corrected'), Type.Literal('fact-withdrawn')]),
    category: Type.String({ pattern: '^[a-z]+(-[a-z]+)*(\\.[a-z]+(-[a-z]+)*)*$', maxLength: 60 }),
    ask: Type.String({ pattern: '^https?://[\\x21\\x23-\\x5b\\x5d-\\x7e]{1,2000}$' }),
  },
  { additionalProperties: false },
);

/** The context attributes of a signal (CloudEvents 1.0.2 §3.1); no extensions. */
export const SIGNAL_ATTRIBUTES = Type.Object(
  {
    specversion: Type.Literal('1.0'),
    // No full stop: Standard Webhooks signs `id.timestamp.body`.
    id: Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$' }),
    source: plain(256),
    type: Type.String({ pattern: '^tellonce\\.signal\\.fact-(published|corrected|withdrawn)\\.v1$' }),
    time: Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}Z$' }),
    subject: plain(128),
    datacontenttype: Type.Literal('application/json'),
  },
  { additionalProperties: false },
);

/** JSON Schema of a signal in structured JSON mode (CloudEvents JSON format 1.0.2 §3): what a webhook's body is. */
export const STRUCTURED_SIGNAL = Type.Object(
  { ...SIGNAL_ATTRIBUTES.properties, data: SIGNAL_DATA },
  { additionalProperties: false },
);

/** Media type of {@link structuredJson}. */
export const STRUCTURED_TYPE = 'application/cloudevents+json; charset=utf-8';

/** A signal as a CloudEvent in its two parts: binary mode sends the attributes as headers and the data as the body. */
export interface SignalEvent {
  readonly attributes: Readonly<Static<typeof SIGNAL_ATTRIBUTES>>;
  readonly data: Readonly<Static<typeof SIGNAL_DATA>>;
}

/**
 * The CloudEvent of a signal, the same for every channel. `source` is a URI reference that names the hub (CloudEvents §3.1.1); with the id it
 * is unique. The subject is the organisation's own pseudonym, which means nothing to anybody else.
 */
export function signalEvent({ id, key, kind, category, time, ask }: Signal, source: string): SignalEvent {
  return {
    attributes: {
      specversion: '1.0',
      id,
      source,
      type: `tellonce.signal.${kind}.v1`,
      time,
      subject: key,
      datacontenttype: 'application/json',
    },
    data: { kind, category, ask },
  };
}

/** The text of structured JSON mode; one spelling for one event, so every attempt sends the same bytes. */
export function structuredJson({ attributes, data }: SignalEvent): string {
  return JSON.stringify({ ...attributes, data });
}

const validate = new Ajv({ strict: true }).compile(STRUCTURED_SIGNAL);

/** True where the event keeps to the schema, and its type to its kind. Channels send nothing else, which also bounds its size: below 4 KiB. */
export function isSignalEvent({ attributes, data }: SignalEvent): boolean {
  return validate({ ...attributes, data }) && attributes.type === `tellonce.signal.${data.kind}.v1`;
}
