import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { leafHash } from '#kernel';
import { encodeRecord, readRecord, type StoredRecord } from '#contracts';
import { evolveSubscriptions, NO_SUBSCRIPTIONS, type SubscriptionChange } from './subscription/subscription.ts';

/** One sample of every event of subscriptions, byte for byte as the first release wrote it; never written again. New types get new files. */
const folder = new URL('../golden/', import.meta.url);
const bytesOf = (name: string): Uint8Array => readFileSync(new URL(`${name}.json`, folder));
const PINNED = JSON.parse(Buffer.from(bytesOf('leaf-hashes')).toString('utf8')) as Readonly<Record<string, string>>;

/** Which the compiler holds to be all of them, in the order of the samples' stream. */
const TYPES = Object.keys({
  'subscription.made.v1': true,
  'subscription.secret-rolled.v1': true,
  'subscription.switched-off.v1': true,
  'subscription.switched-on.v1': true,
  'subscription.ended.v1': true,
} satisfies Record<SubscriptionChange['type'], true>);

const samples = readdirSync(folder)
  .map((file) => file.replace(/\.json$/, ''))
  .filter((name) => name !== 'leaf-hashes');
const recordOf = (type: string): StoredRecord => readRecord(bytesOf(type));

describe('golden bytes of subscriptions', () => {
  it('are of every type and of no other', () => {
    expect(samples.toSorted()).toEqual(TYPES.toSorted());
  });

  it.each(TYPES)('of %s have the leaf hash they always had, and are written again as they were', (type) => {
    const bytes = bytesOf(type);
    expect(Buffer.from(leafHash(bytes)).toString('hex')).toBe(PINNED[type]);
    expect(recordOf(type).type).toBe(type);
    expect(Buffer.from(encodeRecord(recordOf(type)).data).equals(bytes)).toBe(true);
  });

  it('fold to what they say', () => {
    const after = (count: number) =>
      TYPES.slice(0, count).reduce(
        (state, type) => evolveSubscriptions(state, recordOf(type) as unknown as SubscriptionChange),
        NO_SUBSCRIPTIONS,
      );
    const [made] = after(1).active.values();
    expect(made).toMatchObject({ channel: 'webhook', purpose: 'sen-support', status: 'on', oldSecret: null });
    const [off] = after(3).active.values();
    expect(off).toMatchObject({
      status: 'off',
      because: 'gone',
      oldSecret: { sealed: made?.secret, until: '2026-11-26T09:00:00.000Z' },
    });
    expect([...after(4).active.values()]).toMatchObject([{ status: 'on', because: null }]);
    expect([after(5).active.size, after(5).ended.size]).toEqual([0, 1]);
  });
});
