import { parseInstant } from '#kernel';
import type { Signal, SignalKind } from '../src/port.ts';

/** A signal as a CloudEvent in its two parts: binary mode sends the attributes as headers and the data as the value. */
export interface SignalEvent {
  readonly attributes: Readonly<
    Record<'specversion' | 'id' | 'source' | 'type' | 'time' | 'datacontenttype', string>
  > & {
    readonly subject?: string;
  };
  readonly data: { readonly kind: SignalKind; readonly category: string; readonly ask: string };
}

/** The CloudEvent of a signal (CloudEvents 1.0.2 §3.1); `source` is a URI reference that names the hub. */
export function signalEvent({ id, key, kind, category, time, ask }: Signal, source: string): SignalEvent {
  const datacontenttype = 'application/json';
  const type = `tellonce.signal.${kind}.v1`;
  return {
    attributes: { specversion: '1.0', id, source, type, time, subject: key, datacontenttype },
    data: { kind, category, ask },
  };
}

const ATTRIBUTES: Readonly<Record<string, RegExp>> = {
  specversion: /^1\.0$/,
  id: /^[A-Za-z0-9_-]{1,64}$/,
  source: /^[\x21\x23-\x5b\x5d-\x7e]{1,256}$/,
  subject: /^[\x21\x23-\x5b\x5d-\x7e]{1,128}$/,
  datacontenttype: /^application\/json$/,
};
const DATA: Readonly<Record<string, RegExp>> = {
  kind: /^fact-(published|corrected|withdrawn)$/,
  category: /^(?=.{1,60}$)[a-z]+(-[a-z]+)*(\.[a-z]+(-[a-z]+)*)*$/,
  ask: /^https?:\/\/[\x21\x23-\x5b\x5d-\x7e]{1,2000}$/,
};

/** True where each part has its form, and the type is its kind's: nothing else is sent. */
export function isSignalEvent({ attributes, data }: SignalEvent): boolean {
  const keeps = (values: object, forms: Readonly<Record<string, RegExp>>) =>
    Object.entries(forms).every(([name, form]) => form.test(String((values as Record<string, unknown>)[name])));
  const timely = parseInstant(attributes.time) === attributes.time;
  return (
    keeps(attributes, ATTRIBUTES) &&
    keeps(data, DATA) &&
    timely &&
    attributes.type === `tellonce.signal.${data.kind}.v1`
  );
}
