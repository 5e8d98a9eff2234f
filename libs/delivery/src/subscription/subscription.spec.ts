import { describe, expect, it } from '@jest/globals';
import type { Instant } from '#kernel';
import {
  decideSubscription,
  evolveSubscriptions,
  MOST_SUBSCRIPTIONS,
  NO_SUBSCRIPTIONS,
  type SubscriptionChange,
  type SubscriptionCommand,
  type SubscriptionMade,
} from './subscription.ts';

const secret = { key: 'k', iv: 'i', text: 't' };
const other = { ...secret, text: 'u' };
const webhook: SubscriptionMade = {
  subscription: 's1',
  channel: 'webhook',
  purpose: 'sen-support',
  categories: null,
  url: 'https://school.example/hooks',
  secret,
  by: 'system-x',
};
const kafka: SubscriptionMade = { ...webhook, subscription: 's2', channel: 'kafka', url: null, secret: null };
const made = (data: SubscriptionMade = webhook): SubscriptionChange => ({ type: 'subscription.made.v1', data });
const off = (because: 'gone' | 'asked' = 'gone'): SubscriptionChange => ({
  type: 'subscription.switched-off.v1',
  data: { subscription: 's1', because },
});
const ended: SubscriptionChange = { type: 'subscription.ended.v1', data: { subscription: 's1', by: 'x' } };
const given = (...changes: readonly SubscriptionChange[]) => changes.reduce(evolveSubscriptions, NO_SUBSCRIPTIONS);
const when = (command: SubscriptionCommand, ...before: readonly SubscriptionChange[]) =>
  decideSubscription(command, given(...before));
const make = (data: SubscriptionMade): SubscriptionCommand => ({ type: 'make', data });

describe('a subscription', () => {
  it('is made for a webhook or for the topic of the organisation', () => {
    expect(when(make(webhook))).toEqual({ ok: true, value: [made()] });
    expect(when(make(kafka), made())).toEqual({ ok: true, value: [made(kafka)] });
  });

  it.each<[string, SubscriptionCommand, readonly SubscriptionChange[]]>([
    ['SUBSCRIPTION_ID_TAKEN', make(webhook), [made()]],
    ['SUBSCRIPTION_ID_TAKEN', make(webhook), [made(), ended]],
    ['PURPOSE_NOT_OF_A_SYSTEM', make({ ...webhook, purpose: 'safeguarding' }), []],
    ['CATEGORIES_EMPTY', make({ ...webhook, categories: [] }), []],
    ['URL_REQUIRED', make({ ...webhook, url: null }), []],
    ['URL_NOT_OF_THIS_CHANNEL', make({ ...kafka, url: 'https://school.example' }), []],
    ['KAFKA_SUBSCRIBED_ALREADY', make({ ...kafka, subscription: 's3' }), [made(kafka)]],
    [
      'TOO_MANY_SUBSCRIPTIONS',
      make(webhook),
      Array.from({ length: MOST_SUBSCRIPTIONS }, (_, at) => made({ ...webhook, subscription: `w${at}` })),
    ],
    ['SUBSCRIPTION_UNKNOWN', { type: 'switch-on', data: { subscription: 's9', by: 'x' } }, [made()]],
    [
      'CHANNEL_HAS_NO_SECRET',
      {
        type: 'roll-secret',
        data: { subscription: 's2', secret, oldUntil: '2026-11-25T00:00:00.000Z' as Instant, by: 'x' },
      },
      [made(kafka)],
    ],
  ])('is refused with %s', (code, command, before) => {
    expect(when(command, ...before)).toMatchObject({ ok: false, error: { code } });
  });

  it('signs with both secrets for a while once rolled', () => {
    const oldUntil = '2026-11-25T00:00:00.000Z' as Instant;
    const rolled = when(
      { type: 'roll-secret', data: { subscription: 's1', secret: other, oldUntil, by: 'x' } },
      made(),
    );
    if (!rolled.ok) throw new Error(rolled.error.code);
    expect(given(made(), ...rolled.value).active.get('s1')).toMatchObject({
      secret: other,
      oldSecret: { sealed: secret, until: oldUntil },
    });
  });

  it('is switched off once, on again, and ended once', () => {
    const command: SubscriptionCommand = { type: 'switch-off', data: { subscription: 's1', because: 'gone' } };
    expect(when(command, made())).toEqual({ ok: true, value: [off()] });
    expect(when(command, made(), off())).toEqual({ ok: true, value: [] });
    expect(given(made(), off()).active.get('s1')).toMatchObject({ status: 'off', because: 'gone' });
    const on: SubscriptionCommand = { type: 'switch-on', data: { subscription: 's1', by: 'x' } };
    expect(when(on, made(), off())).toMatchObject({ ok: true, value: [{ type: 'subscription.switched-on.v1' }] });
    const end: SubscriptionCommand = { type: 'end', data: { subscription: 's1', by: 'x' } };
    expect(when(end, made())).toMatchObject({ ok: true, value: [{ type: 'subscription.ended.v1' }] });
    expect(when(end, made(), ended)).toEqual({ ok: true, value: [] });
    expect(given(made(), ended).active.size).toBe(0);
  });

  it('stops the fold at an event nobody knows', () => {
    expect(() => evolveSubscriptions(NO_SUBSCRIPTIONS, { type: 'subscription.moved.v9', data: {} } as never)).toThrow();
  });
});
