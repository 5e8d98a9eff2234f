import { describe, expect, it } from '@jest/globals';
import { Ajv } from 'ajv';
import fc from 'fast-check';
import { CATEGORIES } from '#contracts';
import { toInstant, type OrganisationId } from '#kernel';
import { isSignalEvent, signalEvent, STRUCTURED_SIGNAL, structuredJson } from './cloud-event.ts';
import type { Signal, SignalKind } from './port.ts';

const signal: Signal = {
  id: '7c6ebd15-5296-4e95-9529-246a1ccba86a',
  organisation: 'oakfield-primary' as OrganisationId,
  key: 'p_2Jx9',
  kind: 'fact-published',
  category: 'health.screening',
  time: toInstant(Date.parse('2026-11-24T09:30:00Z')),
  ask: 'https://hub.example/v1/signals/7c6ebd15-5296-4e95-9529-246a1ccba86a',
};
const kinds: readonly SignalKind[] = ['fact-published', 'fact-corrected', 'fact-withdrawn'];

describe('the CloudEvent of a signal', () => {
  // WIRE FORMAT: receivers parse these bytes.
  it('is these bytes in structured JSON mode', () => {
    expect(structuredJson(signalEvent(signal, 'https://hub.example/'))).toBe(
      '{"specversion":"1.0","id":"7c6ebd15-5296-4e95-9529-246a1ccba86a","source":"https://hub.example/",' +
        '"type":"tellonce.signal.fact-published.v1","time":"2026-11-24T09:30:00.000Z","subject":"p_2Jx9",' +
        '"datacontenttype":"application/json","data":{"kind":"fact-published","category":"health.screening",' +
        '"ask":"https://hub.example/v1/signals/7c6ebd15-5296-4e95-9529-246a1ccba86a"}}',
    );
  });

  it('keeps to its schema for every kind and category, and names the organisation nowhere', () => {
    const schema = new Ajv({ strict: true }).compile(JSON.parse(JSON.stringify(STRUCTURED_SIGNAL)) as object);
    for (const kind of kinds) {
      for (const category of [...Object.keys(CATEGORIES), 'restricted']) {
        const event = signalEvent({ ...signal, kind, category }, '/hub');
        expect([isSignalEvent(event), schema(JSON.parse(structuredJson(event)))]).toEqual([true, true]);
        expect(structuredJson(event)).not.toContain('oakfield');
      }
    }
  });

  it.each<[string, Partial<Signal>]>([
    ['a full stop in the id, which would move what is signed', { id: 'a.b' }],
    ['a new line in the id, which would be a header of its own', { id: 'a\r\nx: y' }],
    ['no id', { id: '' }],
    ['an id longer than 64', { id: 'a'.repeat(65) }],
    ['words in the subject', { key: 'Ada Canary' }],
    ['a subject longer than 128', { key: 'a'.repeat(129) }],
    ['a quote in the subject', { key: 'a"b' }],
    ['a category with a capital', { category: 'Health' }],
    ['a place that is no URL', { ask: 'javascript:alert(1)' }],
    ['a place longer than 2,000', { ask: `https://hub.example/${'a'.repeat(2_000)}` }],
    ['a time with another offset', { time: '2026-11-24T09:30:00.000+01:00' as Signal['time'] }],
    ['a kind there is not', { kind: 'fact-read' as SignalKind }],
  ])('is not sent with %s', (_what, change) => {
    expect(isSignalEvent(signalEvent({ ...signal, ...change }, '/hub'))).toBe(false);
  });

  it('is not sent where type and kind differ, a member was added, or the source is empty', () => {
    const event = signalEvent(signal, '/hub');
    const other = { ...event.attributes, type: 'tellonce.signal.fact-withdrawn.v1' };
    const named = { ...event.data, childName: 'Ada Canary' };
    expect(isSignalEvent(event)).toBe(true);
    expect(isSignalEvent({ ...event, attributes: other })).toBe(false);
    expect(isSignalEvent({ ...event, data: named })).toBe(false);
    expect(isSignalEvent(signalEvent(signal, ''))).toBe(false);
  });

  it('has less than 4 KiB at its longest, and keeps every plain text as it is', () => {
    const plain = (most: number) => fc.stringMatching(new RegExp(`^[\\x21\\x23-\\x5b\\x5d-\\x7e]{1,${String(most)}}$`));
    fc.assert(
      fc.property(
        fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/),
        plain(128),
        plain(200),
        plain(256),
        (id, key, rest, source) => {
          const event = signalEvent({ ...signal, id, key, ask: `https://${rest}` }, source);
          expect(isSignalEvent(event)).toBe(true);
          expect(JSON.parse(structuredJson(event))).toEqual({ ...event.attributes, data: event.data });
        },
      ),
    );
    const longest = { ...signal, id: 'a'.repeat(64), key: '~'.repeat(128), ask: `https://${'~'.repeat(2_000)}` };
    const event = signalEvent({ ...longest, category: 'a'.repeat(60) }, '~'.repeat(256));
    expect([isSignalEvent(event), Buffer.byteLength(structuredJson(event)) < 4_096]).toEqual([true, true]);
  });
});
