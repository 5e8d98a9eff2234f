import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { OrganisationId } from '#kernel';
import type { Signal } from '../src/port.ts';
import { readSignal, recordOf, type IncomingRecord } from './message.ts';
import { signal } from './test/signals.ts';
import { topicOf } from './topic.ts';

const oakfield = 'oakfield-primary' as OrganisationId;
const sent = signal(oakfield, 7);

function incoming(
  given: Signal,
  change: Partial<IncomingRecord> = {},
  header: IncomingRecord['headers'] = {},
): IncomingRecord {
  const record = recordOf(given, '/hub');
  if (record === undefined) throw new Error('not a signal');
  const bytes = Object.entries(record.headers).map(([name, text]) => [name, Buffer.from(text)] as const);
  const headers = { ...Object.fromEntries(bytes), ...header };
  return { key: Buffer.from(record.key), value: Buffer.from(record.value), headers, ...change };
}

describe('the topic of an organisation', () => {
  it('is named by its id', () => {
    expect(topicOf(oakfield)).toBe('tellonce.oakfield-primary.v1');
  });
  it.each(['', 'Oakfield', 'a.b', '../x', 'a b', 'ada canary', '-a', 'a'.repeat(65)])('is none for "%s"', (id) => {
    expect(topicOf(id)).toBeUndefined();
  });
  it('keeps to what Kafka takes for a name', () => {
    fc.assert(
      fc.property(fc.string(), (id) => {
        const topic = topicOf(id);
        expect(topic === undefined || (/^[a-zA-Z0-9._-]+$/.test(topic) && topic.length <= 249)).toBe(true);
      }),
    );
  });
});

describe('a signal as a record', () => {
  // WIRE FORMAT: receivers parse these.
  it('is in binary mode: attributes in headers, the data alone in the value', () => {
    expect(recordOf(sent, '/hub')).toEqual({
      key: sent.key,
      value: JSON.stringify({ kind: 'fact-published', category: 'health.screening', ask: sent.ask }),
      headers: {
        ce_specversion: '1.0',
        ce_id: sent.id,
        ce_source: '/hub',
        ce_type: 'tellonce.signal.fact-published.v1',
        ce_time: '2026-11-24T09:30:00.007Z',
        ce_subject: sent.key,
        'content-type': 'application/json',
      },
    });
  });

  it('names neither the organisation nor a person', () => {
    expect(JSON.stringify(recordOf(sent, '/hub'))).not.toContain('oakfield');
    expect(recordOf({ ...sent, key: 'Ada Canary' }, '/hub')).toBeUndefined();
    expect(recordOf({ ...sent, category: 'Ada Canary' }, '/hub')).toBeUndefined();
    expect(recordOf({ ...sent, ask: 'https://hub.example/Ada Canary' }, '/hub')).toBeUndefined();
    expect(recordOf({ ...sent, id: 'Ada Canary' }, '/hub')).toBeUndefined();
  });

  it('comes back as it was', () => {
    const { id, key, kind, category, time, ask } = sent;
    expect(readSignal(incoming(sent))).toEqual({
      ok: true,
      value: { id, key, kind, category, time, ask, source: '/hub' },
    });
  });

  it('may hold more than this version knows', () => {
    const value = Buffer.from(JSON.stringify({ kind: sent.kind, category: sent.category, ask: sent.ask, later: 1 }));
    expect(readSignal(incoming(sent, { value }, { ce_later: Buffer.from('x') })).ok).toBe(true);
    expect(readSignal(incoming(sent, {}, { 'content-type': 'application/json; charset=utf-8' })).ok).toBe(true);
  });
});

describe('a record that is no signal', () => {
  const header = (name: string, value: Buffer | string | Buffer[] | undefined) => incoming(sent, {}, { [name]: value });
  const value = (text: string) => incoming(sent, { value: Buffer.from(text) });
  it.each<[string, IncomingRecord]>([
    ['no-key', incoming(sent, { key: null })],
    ['no-key', incoming(sent, { key: Buffer.alloc(0) })],
    ['no-key', incoming(sent, { key: Buffer.from([0xff, 0xfe]) })],
    ['no-value', incoming(sent, { value: null })],
    ['header-missing', incoming(sent, { headers: {} })],
    ['header-missing', incoming(sent, { headers: undefined })],
    ['header-missing', header('ce_id', undefined)],
    ['header-missing', header('content-type', undefined)],
    ['header-malformed', header('ce_id', '')],
    ['header-malformed', header('ce_id', [Buffer.from('a'), Buffer.from('b')])],
    ['header-malformed', header('ce_source', Buffer.from([0xff]))],
    ['header-malformed', header('ce_type', 'x'.repeat(1_025))],
    ['header-malformed', header('ce_time', 'yesterday')],
    ['unknown-version', header('ce_specversion', '0.3')],
    ['wrong-content-type', header('content-type', 'text/plain')],
    ['wrong-content-type', header('content-type', 'application/cloudevents+json')],
    ['unknown-type', header('ce_type', 'tellonce.signal.fact-published.v2')],
    ['unknown-type', header('ce_type', 'education.enrolment-started.v1')],
    ['value-malformed', value('')],
    ['value-malformed', value('not json')],
    ['value-malformed', value('[]')],
    ['value-malformed', value('null')],
    ['value-malformed', value('{"kind":"fact-published","category":"a"}')],
    ['value-malformed', value('{"kind":"fact-published","category":"a","ask":"javascript:alert(1)"}')],
    [
      'value-malformed',
      value(`{"kind":"fact-published","category":"${'a'.repeat(20_000)}","ask":"https://a.example"}`),
    ],
    ['kind-is-not-type', value('{"kind":"fact-withdrawn","category":"a","ask":"https://a.example"}')],
  ])('is set aside for %s', (reason, record) => {
    expect(readSignal(record)).toEqual({ ok: false, error: reason });
  });

  it('is never an exception, whatever its bytes', () => {
    const bytes = fc.uint8Array({ maxLength: 64 }).map((each) => Buffer.from(each));
    const names = fc.constantFrom('ce_id', 'ce_type', 'ce_time', 'ce_source', 'ce_specversion', 'content-type', 'x');
    const headers = fc.dictionary(names, fc.oneof(bytes, fc.array(bytes), fc.constant(undefined)));
    fc.assert(
      fc.property(fc.option(bytes), fc.option(bytes), headers, (key, text, given) => {
        expect(readSignal({ key, value: text, headers: given }).ok).toBe(false);
      }),
    );
  });
});
