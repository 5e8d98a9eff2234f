import { sign, verify } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { strictBase64 } from './base64.ts';
import { ed25519Bytes, ed25519Private, ed25519Public } from './ed25519.ts';

describe('Ed25519 keys from their bytes', () => {
  // RFC 8032 §7.1, test 2.
  const seed = Buffer.from('4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb', 'hex');
  const known = '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c';
  const signature =
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00';

  it('are those of RFC 8032', () => {
    const key = ed25519Private(seed);
    expect(ed25519Bytes(key).toString('hex')).toBe(known);
    expect(sign(null, Buffer.from('72', 'hex'), key).toString('hex')).toBe(signature);
    const publicKey = ed25519Public(Buffer.from(known, 'hex'));
    expect(verify(null, Buffer.from('72', 'hex'), publicKey, Buffer.from(signature, 'hex'))).toBe(true);
    expect(ed25519Bytes(publicKey).toString('hex')).toBe(known);
  });

  it.each([0, 31, 33, 64])('are not %i bytes', (length) => {
    expect(() => ed25519Private(new Uint8Array(length))).toThrow(RangeError);
    expect(() => ed25519Public(new Uint8Array(length))).toThrow(RangeError);
  });
});

describe('base64', () => {
  it('has one spelling', () => {
    expect(strictBase64('AAE=')).toEqual(Buffer.of(0, 1));
    expect(['AAE', 'AAF=', 'AAE= ', 'AA-_', 'A'].map(strictBase64)).toEqual(Array(5).fill(undefined));
  });
});
