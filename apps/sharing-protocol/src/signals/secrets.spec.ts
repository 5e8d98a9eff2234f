import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { toInstant, type OrganisationId } from '#kernel';
import type { Subscribed } from '#delivery';
import { newWebhookSecret } from '#delivery/webhook';
import { fakeChance, fakeClock } from '#testing';
import { openVault, type Grant, type Vault } from '#vault';
import { destroySecrets, openSecrets, sealSecret } from './secrets.ts';

const organisation = 'oakfield-primary' as OrganisationId;
const chance = fakeChance('secrets');
const [old, secret] = [newWebhookSecret(chance), newWebhookSecret(chance)];
let vault: Vault;
let grants: Grant[];
let subscribed: Subscribed;

beforeEach(async () => {
  grants = [];
  const onOpen = (grant: Grant) => void grants.push(grant);
  vault = await openVault({ path: ':memory:', kek: new Uint8Array(32), chance, clock: fakeClock(), onOpen });
  const until = toInstant(1_000);
  subscribed = {
    subscription: 's1',
    organisation,
    channel: 'webhook',
    purpose: 'sen-support',
    categories: null,
    url: 'https://school.example/',
    by: 'system',
    status: 'on',
    because: null,
    secret: await sealSecret(vault, organisation, 's1', secret),
    oldSecret: { sealed: await sealSecret(vault, organisation, 's1', old), until },
  };
});
afterEach(() => vault.close());

it('open for the subscription they were sealed for, the newest first, under the grant of the delivery', async () => {
  expect(await openSecrets(vault, subscribed)).toEqual([
    { kind: 'hmac', bytes: Buffer.from(secret.bytes) },
    { kind: 'hmac', bytes: Buffer.from(old.bytes), until: toInstant(1_000) },
  ]);
  expect(grants).toEqual(Array.from({ length: 2 }, () => ({ use: 'process', name: 'delivery' })));
});

it('open for no other subscription, no other organisation, and not once it is over', async () => {
  expect(await openSecrets(vault, { ...subscribed, subscription: 's2' })).toEqual([]);
  expect(await openSecrets(vault, { ...subscribed, organisation: 'elsewhere' as OrganisationId })).toEqual([]);
  await destroySecrets(vault, organisation, 's1');
  expect(await openSecrets(vault, subscribed)).toEqual([]);
});

it('of a way that signs nothing there are none', async () => {
  expect(await openSecrets(vault, { ...subscribed, channel: 'kafka', secret: null, oldSecret: null })).toEqual([]);
});
