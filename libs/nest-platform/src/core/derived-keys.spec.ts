import { createHash } from 'node:crypto';
import { expect, it } from '@jest/globals';
import { importJWK, SignJWT } from 'jose';
import { tokenKey } from './derived-keys.ts';

it('makes a key that signs from every key file, those with a number that begins with zeros too', async () => {
  let short = 0;
  for (let file = 0; file < 3000; file++) {
    const key = tokenKey(createHash('sha256').update(String(file)).digest());
    const secret = Buffer.from(key.d ?? '', 'base64url');
    if (secret[0] === 0) short += 1;
    else if (file > 20) continue;
    const signed = await new SignJWT({}).setProtectedHeader({ alg: 'ES256' }).sign(await importJWK(key, 'ES256'));
    expect(signed.split('.')).toHaveLength(3);
    expect(secret).toHaveLength(32);
  }
  expect(short).toBeGreaterThan(0);
});
