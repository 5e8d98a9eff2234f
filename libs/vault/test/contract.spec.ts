import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { canonicalJson } from '#kernel';
import { fakeChance } from '#testing';
import { grantDisclose, grantErase, grantMatch, grantProcess, OwnerErased, sealingOnly } from '../src/index.ts';
import type { Grant, Vault } from '../src/index.ts';
import { associatedData } from '../src/sealing.ts';
import { backends, context, folderHolds, of, words, type Under } from './backends.ts';

let under: Under;
let vault: Vault;

describe.each(backends)('a vault on %s', (_name, begin) => {
  beforeEach(async () => {
    under = await begin();
    vault = await under.open();
  });
  afterEach(() => under.remove());

  describe('sealing and opening', () => {
    it('opens what it sealed, also after it was closed and opened again', async () => {
      const key = await vault.keyFor('record-1', 'health.screening');
      const sealed = vault.seal(key, context, words);
      const mac = vault.mac(key, words);
      await vault.close();
      const second = await under.open();
      expect(await second.open(grantDisclose('d'), sealed, context)).toEqual({ ok: true, value: words });
      expect(await second.keyFor('record-1', 'health.screening')).toEqual(key);
      expect(second.mac(key, words)).toBe(mac);
      expect(await second.describe(key.id)).toEqual({ ...key, compartment: 'health.screening', version: 1 });
    });

    it('never gives the same text twice and refuses every changed context', async () => {
      const key = await vault.keyFor('record-1', 'health.screening');
      const sealed = vault.seal(key, context, words);
      expect(vault.seal(key, context, words).text).not.toBe(sealed.text);
      for (const change of [
        { stream: 'fact-2' },
        { revision: 1 },
        { type: 'x' },
        { schema: 'x' },
        { owner: 'record-2' },
      ]) {
        const opened = await vault.open(grantMatch(), sealed, { ...context, ...change });
        expect(opened).toEqual({ ok: false, error: 'tampered' });
      }
    });

    it('refuses a text moved under another key', async () => {
      const key = await vault.keyFor('record-1', 'voice');
      const other = await vault.keyFor('record-2', 'voice');
      const moved = { ...vault.seal(key, context, words), key: other.id };
      expect(await vault.open(grantMatch(), moved, of('record-2'))).toEqual({ ok: false, error: 'tampered' });
      expect(() => vault.seal(other, context, words)).toThrow(TypeError);
    });

    it('tells an unknown key from an erased one', async () => {
      const key = await vault.keyFor('record-1', 'voice');
      const sealed = vault.seal(key, context, words);
      const unknown = await vault.open(grantMatch(), { ...sealed, key: 'nobody' }, context);
      expect(unknown).toEqual({ ok: false, error: 'unknown-key' });
      await vault.destroy('record-1');
      expect(await vault.open(grantMatch(), sealed, context)).toEqual({ ok: false, error: 'erased' });
    });

    it('binds the canonical text of context and key', () => {
      const key = { id: 'k"ü', owner: 'o', compartment: 'c', version: 3 };
      const text = associatedData(key, context);
      expect(text).toBe(canonicalJson({ ...context, key: key.id, keyVersion: key.version }));
    });

    it('reports each grant, and a sealing vault has nothing to open with', async () => {
      const grants: Grant[] = [];
      const told = await under.open({ onOpen: (grant) => grants.push(grant) });
      const sealed = told.seal(await told.keyFor('record-1', 'voice'), context, words);
      const all = [grantDisclose('d'), grantMatch(), grantProcess('p'), grantErase()];
      for (const grant of all) await told.open(grant, sealed, context);
      expect(grants).toEqual(all);
      expect(Object.keys(sealingOnly(told)).sort()).toEqual(['isSuppressed', 'keyFor', 'mac', 'refresh', 'seal']);
      await expect(told.open(undefined as unknown as Grant, sealed, context)).rejects.toThrow(TypeError);
    });
  });

  describe('keys', () => {
    it('makes many at once in one go, the same for the same slot, and finds them by owner and compartment', async () => {
      const small = await under.open({ cached: 50 });
      const asked = Array.from({ length: 200 }, (_, n) =>
        small.keyFor(`record-${n % 100}`, n < 100 ? 'voice' : 'ehc.plan'),
      );
      const keys = await Promise.all([...asked, small.keyFor('record-7', 'voice')]);
      expect(keys[200]).toEqual(keys[7]);
      expect(new Set(keys.map(({ id }) => id)).size).toBe(200);
      expect(await small.keyIds(['record-7', 'record-8'], ['voice'])).toEqual([keys[7]?.id, keys[8]?.id]);
      expect(await small.keyIds(['record-7'], ['youth-justice'])).toEqual([]);
      // Far more keys than the cache holds: each is still found, and seals for whoever was given it.
      expect(await Promise.all(keys.map(({ id }) => small.describe(id)))).toEqual(keys);
      const opened = await Promise.all(
        keys.map((key) => small.open(grantMatch(), small.seal(key, of(key.owner), words), of(key.owner))),
      );
      expect(opened.every(({ ok }) => ok)).toBe(true);
    });

    it('is durable before it answers', async () => {
      const { id } = await vault.keyFor('record-1', 'voice');
      expect(await under.sql('select id from keys')).toEqual([{ id }]);
    });

    it('shows neither owner nor compartment at rest', async () => {
      await vault.keyFor('record-canary', 'social.child-protection');
      const rows = JSON.stringify(await under.sql('select * from keys'));
      for (const canary of ['child-protection', 'record-canary']) {
        expect(folderHolds(under.folder, Buffer.from(canary))).toBe(false);
        expect(rows).not.toContain(canary);
        expect(rows).not.toContain(Array.from(Buffer.from(canary)).join());
      }
    });

    it('refuses a row moved to another owner', async () => {
      const key = await vault.keyFor('record-1', 'voice');
      const sealed = vault.seal(key, context, words);
      await under.sql(`update keys set owner = 'x'`);
      const second = await under.open();
      expect(await second.open(grantMatch(), sealed, context)).toEqual({ ok: false, error: 'tampered' });
      await expect(second.describe(key.id)).rejects.toThrow(TypeError);
    });

    it('refuses another key-encryption key', async () => {
      const other = under.open({ kek: fakeChance('other').bytes(32) });
      await expect(other).rejects.toMatchObject({ code: 'KEK_WRONG' });
    });
  });

  describe('erasing', () => {
    it('destroys what there is, and nothing more is sealed for the owner', async () => {
      const key = await vault.keyFor('record-1', 'voice');
      const sealed = vault.seal(key, context, words);
      await vault.keyFor('record-2', 'voice');
      expect(await vault.destroy('record-1')).toBe(1);
      expect(await vault.destroy('record-1')).toBe(0);
      await expect(vault.keyFor('record-1', 'voice')).rejects.toBeInstanceOf(OwnerErased);
      await expect(vault.keyFor('record-1', 'ehc.plan')).rejects.toBeInstanceOf(OwnerErased);
      expect(() => vault.seal(key, context, words)).toThrow(OwnerErased);
      expect(await vault.describe(key.id)).toBeUndefined();
      expect(await vault.keyIds(['record-1'], ['voice'])).toEqual([]);
      await expect(vault.keyFor('record-2', 'voice')).resolves.toBeDefined();
      await vault.close();
      const second = await under.open();
      await expect(second.keyFor('record-1', 'voice')).rejects.toBeInstanceOf(OwnerErased);
      expect(await second.open(grantMatch(), sealed, context)).toEqual({ ok: false, error: 'erased' });
    });

    it('destroys a key that is just being made', async () => {
      const asked = vault.keyFor('record-1', 'voice');
      expect(await vault.destroy('record-1')).toBe(1);
      const key = await asked;
      expect(() => vault.seal(key, context, words)).toThrow(OwnerErased);
    });

    it('seals nothing under a key that went from the cache and was destroyed then', async () => {
      const small = await under.open({ cached: 1 });
      const key = await small.keyFor('record-1', 'voice');
      await small.keyFor('record-2', 'voice');
      expect(small.seal(key, context, words).key).toBe(key.id);
      await small.destroy('record-1');
      expect(() => small.seal(key, context, words)).toThrow(OwnerErased);
      expect(() => small.mac(key, words)).toThrow(OwnerErased);
    });

    it('destroys one compartment and lets a new key begin there', async () => {
      const old = await vault.keyFor('record-1', 'voice');
      const kept = await vault.keyFor('record-1', 'ehc.plan');
      const text = vault.seal(kept, context, words);
      expect(await vault.destroy('record-1', 'voice')).toBe(1);
      expect((await vault.keyFor('record-1', 'voice')).id).not.toBe(old.id);
      expect(await vault.keyFor('record-1', 'ehc.plan')).toEqual(kept);
      await vault.close();
      expect((await (await under.open()).open(grantMatch(), text, context)).ok).toBe(true);
    });

    it('remembers suppression by hash alone, and keeps organisations apart', async () => {
      await vault.suppress('trust-a', 'local-canary', 'erasure-1');
      await vault.close();
      expect(folderHolds(under.folder, Buffer.from('local-canary'))).toBe(false);
      const again = await under.open();
      expect(await again.isSuppressed('trust-a', 'local-canary')).toBe(true);
      expect(await again.isSuppressed('trust-b', 'local-canary')).toBe(false);
    });

    it('hashes for look-up apart by use, the same after a restart', async () => {
      const hash = vault.lookupHash('nhs-number', '9000000009');
      expect(vault.lookupHash('upn', '9000000009')).not.toBe(hash);
      await vault.close();
      expect((await under.open()).lookupHash('nhs-number', '9000000009')).toBe(hash);
    });
  });
});
