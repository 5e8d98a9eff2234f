import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { epochMs, toInstant, type Instant } from '#kernel';
import { fakeChance } from '#testing';
import {
  newWebhookKeyPair,
  newWebhookSecret,
  readWebhookSecret,
  readWebhookVerifier,
  verifierOf,
  webhookSecretText,
  type WebhookSecret,
} from './secrets.ts';
import { verifyWebhook, webhookSigner } from './signature.ts';
import { believes } from './test/independent.ts';

const secretOf = (text: string): WebhookSecret => {
  const read = readWebhookSecret(text);
  if (!read.ok) throw new Error(read.error);
  return read.value;
};
/** Published with the specification's libraries (libraries/javascript/src/webhook.test.ts, and the same in each language). */
const VECTOR = {
  id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  at: toInstant(1_614_265_330_000),
  body: '{"test": 2432232314}',
  hmac: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  v1: 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  /** The `v1a` of the specification's own example header; its key is published with the server of Svix (worker.rs). */
  ed25519: 'whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==',
  v1a: 'v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==',
};
const now = '2026-11-24T09:30:00.500Z' as Instant;
const signed = (secrets: readonly WebhookSecret[], body: string, id = 'msg_1', at = now) => {
  const headers = webhookSigner(secrets, at)?.(id, at, body);
  if (headers === undefined) throw new Error('no secret');
  return { ...headers };
};
const later = (seconds: number): Instant => toInstant(epochMs(now) + seconds * 1_000);
const hmac = newWebhookSecret(fakeChance('a'));
const other = newWebhookSecret(fakeChance('b'));
const pair = newWebhookKeyPair(fakeChance('c'));
const known = verifierOf(hmac);

describe('the published vectors', () => {
  const headers = (signature: string) => ({
    'webhook-id': VECTOR.id,
    'webhook-timestamp': '1614265330',
    'webhook-signature': signature,
  });

  it('are what is signed', () => {
    const sign = webhookSigner([secretOf(VECTOR.hmac), secretOf(VECTOR.ed25519)], VECTOR.at);
    expect(sign?.(VECTOR.id, VECTOR.at, VECTOR.body)).toEqual(headers(`${VECTOR.v1} ${VECTOR.v1a}`));
  });

  it('are believed, here and by the other implementation', async () => {
    const publicKey = verifierOf(secretOf(VECTOR.ed25519));
    for (const [signature, verifier] of [
      [VECTOR.v1, verifierOf(secretOf(VECTOR.hmac))],
      [VECTOR.v1a, publicKey],
    ] as const) {
      expect(verifyWebhook(headers(signature), VECTOR.body, [verifier], VECTOR.at).ok).toBe(true);
      expect(await believes(headers(signature), VECTOR.body, webhookSecretText(verifier))).toBe(true);
      expect(await believes(headers(signature), `${VECTOR.body} `, webhookSecretText(verifier))).toBe(false);
    }
    expect(webhookSecretText(publicKey)).toBe('whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=');
  });

  it('are believed among others, as their libraries test it', () => {
    const wrong = 'Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc=';
    const several = headers(`v1,${wrong} v2,${wrong} ${VECTOR.v1} v1,${wrong}`);
    expect(verifyWebhook(several, VECTOR.body, [verifierOf(secretOf(VECTOR.hmac))], VECTOR.at).ok).toBe(true);
  });
});

describe('a signature', () => {
  const body = fc.oneof(fc.string({ unit: 'binary' }), fc.json());
  const secret = fc
    .record({ kind: fc.constantFrom('hmac', 'ed25519'), seed: fc.string() })
    .map(({ kind, seed }) =>
      kind === 'hmac' ? newWebhookSecret(fakeChance(seed)) : newWebhookKeyPair(fakeChance(seed)).secret,
    );
  const id = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/);

  it('is believed by whoever has the secret or the public key, and agrees with the other implementation', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(secret, { minLength: 1, maxLength: 3 }), id, body, async (secrets, name, text) => {
        const headers = signed(secrets, text, name);
        for (const each of secrets) {
          const verifier = verifierOf(each);
          expect(verifyWebhook(headers, text, [verifier], now)).toEqual({
            ok: true,
            value: { id: name, timestamp: Math.floor(epochMs(now) / 1_000) },
          });
          expect(await believes(headers, text, webhookSecretText(verifier))).toBe(true);
        }
      }),
    );
  });

  it('is believed no more after any change of id, time, body or signature, nor by another secret', () => {
    fc.assert(
      fc.property(
        secret,
        secret,
        id,
        body,
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (mine, theirs, name, text, at, flip) => {
          const headers = signed([mine], text, name);
          const verifier = verifierOf(mine);
          const refused = (changed: Readonly<Record<string, string>>, what: string | Uint8Array = text): void =>
            expect(verifyWebhook({ ...headers, ...changed }, what, [verifier], now, 1e9).ok).toBe(false);
          const bytes = Buffer.from(`${text}.`);
          bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ flip;
          refused({}, bytes);
          refused({ 'webhook-id': `${name}x` });
          refused({ 'webhook-timestamp': String(Number(headers['webhook-timestamp']) - 1 - (at % 1_000)) });
          const [version = '', encoded = ''] = headers['webhook-signature'].split(',');
          const changed = Buffer.from(encoded, 'base64');
          changed[at % changed.length] = (changed[at % changed.length] ?? 0) ^ flip;
          refused({ 'webhook-signature': `${version},${changed.toString('base64')}` });
          refused({ 'webhook-signature': `${version},${encoded.slice(0, -1)}` });
          if (!Buffer.from(mine.bytes).equals(theirs.bytes) || mine.kind !== theirs.kind)
            expect(verifyWebhook(headers, text, [verifierOf(theirs)], now).ok).toBe(false);
        },
      ),
    );
  });

  it('can not be moved between the id and the body', () => {
    const headers = signed([hmac], 'b.c', 'a');
    expect(verifyWebhook({ ...headers, 'webhook-id': 'a.b' }, 'c', [known], now)).toEqual({
      ok: false,
      error: 'headers',
    });
    expect(() => webhookSigner([hmac], now)?.('a.b', now, 'c')).toThrow(RangeError);
  });

  it('is of both secrets during a rotation, and of the new one alone afterwards', () => {
    const old = { ...other, until: later(60) };
    const during = signed([hmac, old], '{}');
    expect(during['webhook-signature']).toMatch(/^v1,\S{44} v1,\S{44}$/);
    for (const secrets of [[known], [verifierOf(other)], [verifierOf(other), known]])
      expect(verifyWebhook(during, '{}', secrets, now).ok).toBe(true);
    const after = signed([hmac, old], '{}', 'msg_1', later(60));
    expect(after['webhook-signature']).toMatch(/^v1,\S{44}$/);
    expect(verifyWebhook(after, '{}', [verifierOf(other)], later(60))).toEqual({ ok: false, error: 'signature' });
    expect(webhookSigner([old], later(60))).toBeUndefined();
    expect(webhookSigner([], now)).toBeUndefined();
  });

  it('is no HMAC under a public key', () => {
    const forged = signed([{ kind: 'hmac', bytes: pair.verifier.bytes }], '{}');
    expect(verifyWebhook(forged, '{}', [pair.verifier], now)).toEqual({ ok: false, error: 'signature' });
    const relabelled = { ...forged, 'webhook-signature': forged['webhook-signature'].replace('v1,', 'v1a,') };
    expect(verifyWebhook(relabelled, '{}', [pair.verifier], now)).toEqual({ ok: false, error: 'signature' });
  });

  it('is of the bytes that came, not of what they mean', () => {
    const headers = signed([hmac], '{"a":1}');
    expect(verifyWebhook(headers, '{"a": 1}', [known], now).ok).toBe(false);
    expect(verifyWebhook(headers, Buffer.from('{"a":1}'), [known], now).ok).toBe(true);
  });
});

describe('what is refused', () => {
  const headers = signed([hmac], '{}');
  const check = (changed: object, at = now, tolerance?: number) => {
    const judged = verifyWebhook({ ...headers, ...changed }, '{}', [known], at, tolerance);
    return judged.ok ? 'believed' : judged.error;
  };

  it('is an attempt from more than five minutes ago or ahead', () => {
    expect([-301, -300, 0, 300, 301].map((seconds) => check({}, later(seconds)))).toEqual([
      'too-new',
      'believed',
      'believed',
      'believed',
      'too-old',
    ]);
    expect([check({}, later(11), 10), check({}, later(10), 10)]).toEqual(['too-old', 'believed']);
  });

  it.each([
    ['no id', { 'webhook-id': undefined }, 'headers'],
    ['an empty id', { 'webhook-id': '' }, 'headers'],
    ['an id given twice', { 'webhook-id': ['msg_1', 'msg_1'] }, 'headers'],
    ['two spellings of one header', { 'Webhook-Id': 'msg_2' }, 'headers'],
    ['no time', { 'webhook-timestamp': undefined }, 'headers'],
    ['a time in words', { 'webhook-timestamp': 'hello' }, 'timestamp'],
    ['a negative time', { 'webhook-timestamp': '-1' }, 'timestamp'],
    ['a time with a fraction', { 'webhook-timestamp': '1614265330.5' }, 'timestamp'],
    ['a time in another base', { 'webhook-timestamp': '0x6037' }, 'timestamp'],
    ['no signature', { 'webhook-signature': undefined }, 'headers'],
    ['an empty signature', { 'webhook-signature': 'v1,' }, 'signature'],
    ['a signature without its version', { 'webhook-signature': headers['webhook-signature'].slice(3) }, 'signature'],
    ['another version', { 'webhook-signature': headers['webhook-signature'].replace('v1', 'v2') }, 'signature'],
    ['a comma in place of the space', { 'webhook-signature': `v1,x,${headers['webhook-signature']}` }, 'signature'],
    [
      'the right one behind ten others',
      { 'webhook-signature': `${'v1,AA== '.repeat(10)}${headers['webhook-signature']}` },
      'signature',
    ],
    [
      'a header of two thousand and more',
      { 'webhook-signature': `${headers['webhook-signature']} ${'a'.repeat(2_000)}` },
      'signature',
    ],
  ])('is %s', (_what, changed, error) => {
    expect(check(changed)).toBe(error);
  });

  it('is everything, where no secret is known or the one known is too short to be one', () => {
    expect(verifyWebhook(headers, '{}', [], now)).toEqual({ ok: false, error: 'signature' });
    const empty = { kind: 'hmac', bytes: new Uint8Array() } as const;
    expect(verifyWebhook(headers, '{}', [empty], now)).toEqual({ ok: false, error: 'signature' });
  });

  it('is not a header in capitals', () => {
    const loud = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toUpperCase(), value]));
    expect(verifyWebhook(loud, '{}', [known], now).ok).toBe(true);
  });
});

describe('the text of a secret', () => {
  it('comes back as it was, and says by its prefix what it is', () => {
    for (const secret of [hmac, pair.secret]) expect(secretOf(webhookSecretText(secret))).toEqual(secret);
    expect(readWebhookVerifier(webhookSecretText(pair.verifier))).toEqual({ ok: true, value: pair.verifier });
    expect(readWebhookVerifier(webhookSecretText(hmac))).toEqual({ ok: true, value: hmac });
    expect([hmac, pair.secret, pair.verifier].map((each) => webhookSecretText(each).split('_')[0])).toEqual([
      'whsec',
      'whsk',
      'whpk',
    ]);
    const seedAlone = `whsk_${Buffer.from(pair.secret.bytes).toString('base64')}`;
    expect(secretOf(seedAlone)).toEqual(pair.secret);
  });

  const of = (prefix: string, length: number): string => `${prefix}_${Buffer.alloc(length, 7).toString('base64')}`;
  it.each([
    ['no prefix', VECTOR.hmac.slice(6), 'prefix'],
    ['the prefix of a public key', of('whpk', 32), 'prefix'],
    ['another prefix', of('whatever', 32), 'prefix'],
    ['what is no base64', 'whsec_%%%%', 'base64'],
    ['base64url', `whsec_${'-_'.repeat(16)}`, 'base64'],
    ['23 bytes', of('whsec', 23), 'length'],
    ['65 bytes', of('whsec', 65), 'length'],
    ['nothing', 'whsec_', 'length'],
    ['a seed of 31 bytes', of('whsk', 31), 'length'],
    ['a seed with the public key of another', of('whsk', 64), 'halves'],
  ])('is not %s', (_what, text, error) => {
    expect(readWebhookSecret(text)).toEqual({ ok: false, error });
  });

  it('of a receiver is no secret key', () => {
    expect(readWebhookVerifier(webhookSecretText(pair.secret))).toEqual({ ok: false, error: 'prefix' });
    expect(readWebhookVerifier(of('whpk', 31))).toEqual({ ok: false, error: 'length' });
    expect([24, 64].map((length) => readWebhookVerifier(of('whsec', length)).ok)).toEqual([true, true]);
  });

  it('is in no error: bytes that are none are refused by their length', () => {
    const short = { kind: 'hmac', bytes: Buffer.from('s3cret') } as const;
    expect(() => webhookSigner([short], now)).toThrow(new RangeError('a webhook secret has 24 to 64 bytes'));
    expect(() => webhookSigner([{ ...short, kind: 'ed25519' }], now)).toThrow(
      new RangeError('an Ed25519 key has 32 bytes'),
    );
  });
});
