import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { SealingContext } from '#contracts';
import { canonicalJson } from '#kernel';
import { fakeChance, fakeClock, temporaryFolder } from '#testing';
import {
  grantDisclose,
  grantErase,
  grantMatch,
  grantProcess,
  loadKek,
  openVault,
  OwnerErased,
  sealingOnly,
} from './index.ts';
import type { Grant, Vault, VaultOptions } from './index.ts';
import { associatedData } from './sealing.ts';

const kek = fakeChance('kek').bytes(32);
const context: SealingContext = {
  stream: 'fact-1',
  revision: 0,
  type: 'fact.published.v1',
  schema: 'health.hearing-aid-fitted.v1',
  owner: 'record-1',
};
const words = Buffer.from('canary-plaintext-4711');
let folder: ReturnType<typeof temporaryFolder>;
let chance = fakeChance();
const opened: Vault[] = [];

async function vaultAt(more: Partial<VaultOptions> = {}): Promise<Vault> {
  const path = join(folder.path, 'keys', 'keys.db');
  const ledgerPath = join(folder.path, 'erasures.ledger');
  const vault = await openVault({ path, ledgerPath, kek, chance, clock: fakeClock(), ...more });
  opened.push(vault);
  return vault;
}

function folderHolds(bytes: Uint8Array): boolean {
  const wanted = Buffer.from(bytes);
  return readdirSync(folder.path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .some((entry) => readFileSync(join(entry.parentPath, entry.name)).includes(wanted));
}

beforeEach(() => {
  folder = temporaryFolder();
  chance = fakeChance();
  mkdirSync(join(folder.path, 'keys'));
});
afterEach(async () => {
  for (const vault of opened.splice(0)) await vault.close().catch(() => undefined);
  folder.remove();
});

describe('sealing and opening', () => {
  it('opens what it sealed, also after it was closed and opened again', async () => {
    const first = await vaultAt();
    const key = await first.keyFor('record-1', 'health.screening');
    const sealed = first.seal(key, context, words);
    const mac = first.mac(key, words);
    await first.close();
    const second = await vaultAt();
    expect(second.open(grantDisclose('d'), sealed, context)).toEqual({ ok: true, value: words });
    expect(await second.keyFor('record-1', 'health.screening')).toEqual(key);
    expect(second.mac(key, words)).toBe(mac);
    expect(second.describe(key.id)).toEqual({ ...key, owner: 'record-1', compartment: 'health.screening', version: 1 });
  });

  it('never gives the same text twice and refuses every changed context', async () => {
    const vault = await vaultAt();
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
      expect(vault.open(grantMatch(), sealed, { ...context, ...change })).toEqual({ ok: false, error: 'tampered' });
    }
  });

  it('refuses a text moved under another key', async () => {
    const vault = await vaultAt();
    const key = await vault.keyFor('record-1', 'voice');
    const other = await vault.keyFor('record-2', 'voice');
    const moved = { ...vault.seal(key, context, words), key: other.id };
    expect(vault.open(grantMatch(), moved, { ...context, owner: 'record-2' })).toEqual({
      ok: false,
      error: 'tampered',
    });
    expect(() => vault.seal(other, context, words)).toThrow(TypeError);
  });

  it('tells an unknown key from an erased one', async () => {
    const vault = await vaultAt();
    const key = await vault.keyFor('record-1', 'voice');
    const sealed = vault.seal(key, context, words);
    expect(vault.open(grantMatch(), { ...sealed, key: 'nobody' }, context)).toEqual({
      ok: false,
      error: 'unknown-key',
    });
    await vault.destroy('record-1');
    expect(vault.open(grantMatch(), sealed, context)).toEqual({ ok: false, error: 'erased' });
  });

  it('binds the canonical text of context and key', () => {
    const key = { id: 'k"ü', owner: 'o', compartment: 'c', version: 3 };
    const text = associatedData(key, context);
    expect(text).toBe(canonicalJson({ ...context, key: key.id, keyVersion: key.version }));
  });

  it('reports each grant, and a sealing vault has nothing to open with', async () => {
    const grants: Grant[] = [];
    const vault = await vaultAt({ onOpen: (grant) => grants.push(grant) });
    const sealed = vault.seal(await vault.keyFor('record-1', 'voice'), context, words);
    const all = [grantDisclose('d'), grantMatch(), grantProcess('p'), grantErase()];
    for (const grant of all) vault.open(grant, sealed, context);
    expect(grants).toEqual(all);
    expect(Object.keys(sealingOnly(vault)).sort()).toEqual(['isSuppressed', 'keyFor', 'mac', 'seal']);
  });
});

describe('keys', () => {
  it('makes many at once in one go, the same for the same slot, and finds them by owner and compartment', async () => {
    const vault = await vaultAt({ cached: 50 });
    const asked = Array.from({ length: 200 }, (_, n) =>
      vault.keyFor(`record-${n % 100}`, n < 100 ? 'voice' : 'ehc.plan'),
    );
    const keys = await Promise.all([...asked, vault.keyFor('record-7', 'voice')]);
    expect(keys[200]).toEqual(keys[7]);
    expect(new Set(keys.map(({ id }) => id)).size).toBe(200);
    expect(vault.keyIds(['record-7', 'record-8'], ['voice'])).toEqual([keys[7]?.id, keys[8]?.id]);
    expect(vault.keyIds(['record-7'], ['youth-justice'])).toEqual([]);
    // Far more keys than the cache holds: each is still found.
    expect(keys.map(({ id }) => vault.describe(id))).toEqual(keys);
  });

  it('is durable before it answers', async () => {
    const vault = await vaultAt();
    const { id } = await vault.keyFor('record-1', 'voice');
    const reader = new DatabaseSync(join(folder.path, 'keys', 'keys.db'), { readOnly: true });
    expect(reader.prepare('select count(*) as n from keys where id = ?').get(id)).toEqual({ n: 1 });
    reader.close();
  });

  it('shows neither owner nor compartment at rest', async () => {
    const vault = await vaultAt();
    await vault.keyFor('record-canary', 'social.child-protection');
    expect(folderHolds(Buffer.from('child-protection'))).toBe(false);
    expect(folderHolds(Buffer.from('record-canary'))).toBe(false);
  });

  it('refuses a row moved to another owner', async () => {
    const vault = await vaultAt();
    const key = await vault.keyFor('record-1', 'voice');
    const sealed = vault.seal(key, context, words);
    await vault.close();
    const db = new DatabaseSync(join(folder.path, 'keys', 'keys.db'));
    db.exec(`update keys set owner = 'x'`);
    db.close();
    expect((await vaultAt()).open(grantMatch(), sealed, context)).toEqual({ ok: false, error: 'tampered' });
  });

  it('refuses another key-encryption key', async () => {
    await (await vaultAt()).close();
    await expect(vaultAt({ kek: fakeChance('other').bytes(32) })).rejects.toMatchObject({ code: 'KEK_WRONG' });
  });
});

describe('erasing', () => {
  it('leaves no byte of the wrapped key in the folder, and nothing more is sealed for the owner', async () => {
    const vault = await vaultAt();
    const key = await vault.keyFor('record-1', 'voice');
    await vault.keyFor('record-2', 'voice');
    const reader = new DatabaseSync(join(folder.path, 'keys', 'keys.db'), { readOnly: true });
    const wrapped = reader.prepare('select wrapped from keys where id = ?').get(key.id)?.['wrapped'] as Uint8Array;
    reader.close();
    const [start, end] = [wrapped.subarray(0, 16), wrapped.subarray(-16)];
    expect(folderHolds(start) && folderHolds(end)).toBe(true);
    expect(await vault.destroy('record-1')).toBe(1);
    expect(folderHolds(start) || folderHolds(end)).toBe(false);
    expect(await vault.destroy('record-1')).toBe(0);
    await expect(vault.keyFor('record-1', 'voice')).rejects.toBeInstanceOf(OwnerErased);
    await expect(vault.keyFor('record-1', 'ehc.plan')).rejects.toBeInstanceOf(OwnerErased);
    expect(() => vault.seal(key, context, words)).toThrow(OwnerErased);
    expect(vault.describe(key.id)).toBeUndefined();
    expect(vault.keyIds(['record-1'], ['voice'])).toEqual([]);
    await expect(vault.keyFor('record-2', 'voice')).resolves.toBeDefined();
  });

  it('destroys a key that is just being made', async () => {
    const vault = await vaultAt();
    const asked = vault.keyFor('record-1', 'voice');
    expect(await vault.destroy('record-1')).toBe(1);
    const key = await asked;
    expect(() => vault.seal(key, context, words)).toThrow(OwnerErased);
  });

  it('destroys one compartment and lets a new key begin there', async () => {
    const vault = await vaultAt();
    const old = await vault.keyFor('record-1', 'voice');
    const kept = await vault.keyFor('record-1', 'ehc.plan');
    expect(await vault.destroy('record-1', 'voice')).toBe(1);
    expect((await vault.keyFor('record-1', 'voice')).id).not.toBe(old.id);
    expect(await vault.keyFor('record-1', 'ehc.plan')).toEqual(kept);
  });

  it('destroys again what an older copy of the keys brings back', async () => {
    const [db, copy] = [join(folder.path, 'keys', 'keys.db'), join(folder.path, 'copy.db')];
    const first = await vaultAt();
    const whole = first.seal(await first.keyFor('record-1', 'voice'), context, words);
    const part = first.seal(await first.keyFor('record-2', 'voice'), { ...context, owner: 'record-2' }, words);
    const kept = first.seal(await first.keyFor('record-3', 'voice'), { ...context, owner: 'record-3' }, words);
    await first.close();
    copyFileSync(db, copy);
    const second = await vaultAt();
    await second.destroy('record-1');
    await second.destroy('record-2', 'voice');
    await second.suppress('trust-a', 'local-1', 'erasure-1');
    await second.close();
    copyFileSync(copy, db);
    const third = await vaultAt();
    expect(third.open(grantMatch(), whole, context)).toEqual({ ok: false, error: 'erased' });
    expect(third.open(grantMatch(), part, { ...context, owner: 'record-2' })).toEqual({ ok: false, error: 'erased' });
    expect(third.open(grantMatch(), kept, { ...context, owner: 'record-3' }).ok).toBe(true);
    expect(third.isSuppressed('trust-a', 'local-1')).toBe(true);
    await expect(third.keyFor('record-1', 'voice')).rejects.toBeInstanceOf(OwnerErased);
  });

  it('remembers suppression by hash alone, keeps organisations apart, and drops a torn last line', async () => {
    const ledger = join(folder.path, 'erasures.ledger');
    const vault = await vaultAt();
    await vault.suppress('trust-a', 'local-canary', 'erasure-1');
    await vault.close();
    expect(folderHolds(Buffer.from('local-canary'))).toBe(false);
    writeFileSync(ledger, `${readFileSync(ledger, 'utf8')}{"kind":"supp`);
    const again = await vaultAt();
    expect(again.isSuppressed('trust-a', 'local-canary')).toBe(true);
    expect(again.isSuppressed('trust-b', 'local-canary')).toBe(false);
    await again.suppress('trust-b', 'local-canary', 'erasure-2');
    await again.close();
    expect((await vaultAt()).isSuppressed('trust-b', 'local-canary')).toBe(true);
    writeFileSync(ledger, 'nonsense\n');
    await expect(vaultAt()).rejects.toMatchObject({ name: 'LedgerDamaged' });
  });

  it('hashes for look-up apart by use, the same after a restart', async () => {
    const vault = await vaultAt();
    const hash = vault.lookupHash('nhs-number', '9000000009');
    expect(vault.lookupHash('upn', '9000000009')).not.toBe(hash);
    await vault.close();
    expect((await vaultAt()).lookupHash('nhs-number', '9000000009')).toBe(hash);
  });
});

describe('the file of the key-encryption key', () => {
  it('is made once, for its owner alone, and read back', () => {
    const path = join(folder.path, 'kek');
    const made = loadKek(path, { create: true, chance });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(loadKek(path, { create: true, chance })).toEqual(made);
    expect(loadKek(path, { create: false, chance })).toEqual(made);
  });

  it('is refused when missing, too short or open to others', () => {
    const path = join(folder.path, 'kek');
    expect(() => loadKek(path, { create: false, chance })).toThrow('KEK_MISSING');
    writeFileSync(path, Buffer.alloc(16).toString('base64'), { mode: 0o600 });
    expect(() => loadKek(path, { create: false, chance })).toThrow('KEK_SIZE');
    writeFileSync(path, Buffer.alloc(32).toString('base64'));
    chmodSync(path, 0o640);
    expect(() => loadKek(path, { create: false, chance })).toThrow('KEK_PERMISSIONS');
  });
});
