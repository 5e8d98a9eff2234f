import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { chmodSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { grantMatch, giveUpLostBuckets, OwnerErased, type KeyHandle, type Vault } from '../src/index.ts';
import {
  bucketOfOwner,
  chance,
  context,
  kek,
  keysOnDisk,
  of,
  rowOfKey,
  underPostgres,
  words,
  type Server,
} from './backends.ts';

let under: Server;
let [one, two]: Vault[] = [];
const names = (count: number): readonly string[] => Array.from({ length: count }, (_, n) => `record-${n}`);
const bucketFiles = () => readdirSync(join(under.folder, 'buckets'));

beforeEach(async () => {
  under = await underPostgres();
  [one, two] = [await under.open(), await under.open()];
});
afterEach(() => under.remove());

function both(): readonly [Vault, Vault] {
  if (one === undefined || two === undefined) throw new Error('not open');
  return [one, two];
}

/** Records by the bucket that their lasting keys go to. */
const crowds = [...Map.groupBy(names(300), bucketOfOwner).values()];

/** Two records whose keys lie in one bucket, and one of another, with their keys. */
async function neighbours(vault: Vault): Promise<readonly [KeyHandle, KeyHandle, KeyHandle]> {
  const crowd = crowds.find(({ length }) => length > 1) ?? [];
  const [a = '', b = ''] = crowd;
  const [far = ''] = crowds.find((each) => each !== crowd) ?? [];
  return [await vault.keyFor(a, 'voice'), await vault.keyFor(b, 'voice'), await vault.keyFor(far, 'voice')];
}

const seal = (vault: Vault, key: KeyHandle) => vault.seal(key, of(key.owner), words);
const open = (vault: Vault, key: KeyHandle, sealed: ReturnType<typeof seal>) =>
  vault.open(grantMatch(), sealed, of(key.owner));

describe('two processes on one database', () => {
  it('what one destroys, the other refuses from its next refresh on', async () => {
    const [a, b] = both();
    const key = await a.keyFor('record-1', 'voice');
    const other = await a.keyFor('record-1', 'quarantine');
    const sealed = a.seal(key, context, words);
    expect((await b.open(grantMatch(), sealed, context)).ok).toBe(true);
    const held = await b.keyFor('record-1', 'voice');
    await b.keyFor('record-1', 'quarantine');
    await a.destroy('record-1', 'quarantine');
    await a.destroy('record-1');
    await b.refresh();
    expect(await b.open(grantMatch(), sealed, context)).toEqual({ ok: false, error: 'erased' });
    expect(() => b.seal(held, context, words)).toThrow(OwnerErased);
    expect(() => b.mac(held, words)).toThrow(OwnerErased);
    await expect(b.keyFor('record-1', 'voice')).rejects.toBeInstanceOf(OwnerErased);
    expect(await Promise.all([b.describe(key.id), b.describe(other.id)])).toEqual([undefined, undefined]);
    expect(await b.keyIds(['record-1'], ['voice', 'quarantine'])).toEqual([]);
  });

  it('one compartment destroyed by one begins anew for both', async () => {
    const [a, b] = both();
    const old = await b.keyFor('record-1', 'quarantine');
    await a.destroy('record-1', 'quarantine');
    await b.refresh();
    const again = await b.keyFor('record-1', 'quarantine');
    expect(again.id).not.toBe(old.id);
    expect(await a.keyFor('record-1', 'quarantine')).toEqual(again);
  });

  it('a record suppressed by one is suppressed for the other at once', async () => {
    const [a, b] = both();
    expect(await b.isSuppressed('trust-a', 'local-1')).toBe(false);
    await a.suppress('trust-a', 'local-1', 'erasure-1');
    expect(await b.isSuppressed('trust-a', 'local-1')).toBe(true);
  });

  it('make one key for one slot, in whatever order they ask', async () => {
    const [a, b] = both();
    const all = names(400);
    const asked = await Promise.all([
      ...all.map((name) => a.keyFor(name, 'voice')),
      ...all.toReversed().map((name) => b.keyFor(name, 'voice')),
    ]);
    const [ours, theirs] = [asked.slice(0, 400), asked.slice(400).toReversed()];
    expect(theirs).toEqual(ours);
    expect(await under.sql('select count(*) as n from keys')).toEqual([{ n: 400 }]);
    const sealed = theirs.map((key) => seal(b, key));
    const opened = await Promise.all(ours.map((key, n) => open(a, key, sealed[n] ?? { key: '', iv: '', text: '' })));
    expect(opened.every(({ ok }) => ok)).toBe(true);
  });

  it('leave no live key where one destroys while the other makes', async () => {
    const [a, b] = both();
    for (const name of names(25)) {
      const making = ['voice', 'ehc.plan', 'quarantine'].map((compartment) => b.keyFor(name, compartment));
      const [, ...made] = await Promise.allSettled([a.destroy(name), ...making]);
      await b.refresh();
      for (const each of made) {
        if (each.status === 'fulfilled') expect(() => seal(b, each.value)).toThrow(OwnerErased);
        else expect(each.reason).toBeInstanceOf(OwnerErased);
      }
      await expect(b.keyFor(name, 'voice')).rejects.toBeInstanceOf(OwnerErased);
    }
    expect(await under.sql('select * from keys')).toEqual([]);
  });

  it('open keys of a bucket that the other has rolled, whichever they had in memory', async () => {
    const [a, b] = both();
    const [gone, kept] = await neighbours(a);
    const sealed = seal(a, kept);
    // B knows the bucket's key before the roll, and its row only after.
    await b.describe(gone.id);
    await a.destroy(gone.owner);
    expect((await open(b, kept, sealed)).ok).toBe(true);
    expect((await open(await under.open(), kept, sealed)).ok).toBe(true);
  });

  it('open a key whose row was read before the other rolled its bucket', async () => {
    const [a] = both();
    const [gone, kept] = await neighbours(a);
    const sealed = seal(a, kept);
    let rolled = false;
    const asked = async (text: string): Promise<void> => {
      if (rolled || !text.includes('from keys where id')) return;
      rolled = true;
      await a.destroy(gone.owner);
    };
    const late = await under.open({ asked });
    expect((await open(late, kept, sealed)).ok).toBe(true);
    expect(rolled).toBe(true);
  });
});

describe('how often the database is asked', () => {
  it('once for many keys that are not in memory, and for those that are not at all', async () => {
    const [a] = both();
    const keys = await Promise.all(names(200).map((name) => a.keyFor(name, 'voice')));
    const sealed = keys.map((key) => [key, seal(a, key)] as const);
    const asked: string[] = [];
    const cold = await under.open({ asked: async (text) => void asked.push(text) });
    asked.length = 0;
    const openAll = async () => (await Promise.all(sealed.map(([key, text]) => open(cold, key, text)))).length;
    expect(await openAll()).toBe(200);
    expect(asked).toHaveLength(1);
    expect(await openAll()).toBe(200);
    await Promise.all(keys.map(({ owner, compartment }) => cold.keyFor(owner, compartment)));
    expect(asked).toHaveLength(1);
    await Promise.all(keys.map(() => cold.refresh()));
    expect(asked).toHaveLength(2);
  });
});

describe('an erasure', () => {
  it('leaves no key on disk that opens what dumps and logs of the database have of the destroyed one', async () => {
    const [a] = both();
    const [gone, kept] = await neighbours(a);
    const [before, neighbour] = [await rowOfKey(under, gone.id), await rowOfKey(under, kept.id)];
    expect([before, neighbour].map((row) => keysOnDisk(under.folder, row))).toEqual([1, 1]);
    await a.destroy(gone.owner);
    expect(keysOnDisk(under.folder, before)).toBe(0);
    expect(keysOnDisk(under.folder, neighbour)).toBe(0);
    expect(keysOnDisk(under.folder, await rowOfKey(under, kept.id))).toBe(1);
    expect(bucketFiles()).toHaveLength((await under.sql('select distinct bucket_key from keys')).length);
  });

  it('rolls a bucket of their own for keys that are made to be destroyed soon', async () => {
    const [a] = both();
    await a.keyFor('item-1', 'voice');
    await a.keyFor('item-1', 'quarantine');
    const keys = 'select key from bucket where key is not null order by id';
    const [lasting, brief] = await under.sql(keys);
    await a.destroy('item-1', 'quarantine');
    const [same, rolled] = await under.sql(keys);
    expect(same).toEqual(lasting);
    expect(rolled).not.toEqual(brief);
  });

  it.each(['rolled', 'noted', 'committed'] as const)(
    'that is cut short when %s is finished by a later one',
    async (at) => {
      const [a] = both();
      const [gone, kept] = await neighbours(a);
      const sealed = [seal(a, gone), seal(a, kept)] as const;
      const before = await rowOfKey(under, gone.id);
      const files = bucketFiles().length;
      const dying = await under.open({
        stage: async (stage) => {
          if (stage === at) throw new Error('killed');
        },
      });
      await expect(dying.destroy(gone.owner)).rejects.toThrow('killed');
      // The new key beside the old one, whichever of them is the bucket's.
      expect(bucketFiles()).toHaveLength(files + 1);
      const later = await under.open();
      expect(bucketFiles()).toHaveLength(files);
      expect((await open(later, kept, sealed[1])).ok).toBe(true);
      // From `noted` on it is in the file of the process, which starts by carrying it out.
      if (at === 'rolled') await later.destroy(gone.owner);
      expect(await open(later, gone, sealed[0])).toEqual({ ok: false, error: 'erased' });
      await expect(later.keyFor(gone.owner, 'voice')).rejects.toBeInstanceOf(OwnerErased);
      expect((await open(later, kept, sealed[1])).ok).toBe(true);
      expect(keysOnDisk(under.folder, before)).toBe(0);
      expect(bucketFiles()).toHaveLength(files);
    },
  );

  it('that was cut short is finished by asking again in the same process', async () => {
    const [a] = both();
    const [gone, kept] = await neighbours(a);
    const sealed = seal(a, kept);
    const before = await rowOfKey(under, gone.id);
    let failing = true;
    const failed = await under.open({
      stage: async (stage) => {
        if (failing && stage === 'committed') throw new Error('no answer');
      },
    });
    await expect(failed.destroy(gone.owner)).rejects.toThrow('no answer');
    expect(keysOnDisk(under.folder, before)).toBe(1);
    failing = false;
    expect(await failed.destroy(gone.owner)).toBe(0);
    expect(keysOnDisk(under.folder, before)).toBe(0);
    expect((await open(failed, kept, sealed)).ok).toBe(true);
  });

  it('that died while it overwrote the old key is finished at the next start', async () => {
    const [a] = both();
    const key = await a.keyFor('record-1', 'voice');
    const [name = ''] = bucketFiles();
    const old = join(under.folder, 'buckets', name.replace(/\.[^.]+\.key$/, `.${'x'.repeat(22)}.key`));
    writeFileSync(old, 'half overwritten', { mode: 0o600 });
    const later = await under.open();
    expect(bucketFiles()).toEqual([name]);
    expect(await later.describe(key.id)).toEqual(key);
  });
});

describe('a database that was restored from before an erasure', () => {
  it('brings nothing back: lost buckets are given up, and the ledger beside the key file is carried out again', async () => {
    const [a] = both();
    const [gone, kept, far] = await neighbours(a);
    const sealed = [seal(a, gone), seal(a, kept), seal(a, far)] as const;
    const restore = await under.dump();
    await a.destroy(gone.owner);
    await a.destroy('record-without-a-key');
    await a.suppress('trust-a', 'local-1', 'erasure-1');
    await restore();
    await expect(under.open()).rejects.toMatchObject({ code: 'KEK_BUCKETS' });
    expect(await giveUpLostBuckets({ ...under.place, kek, chance })).toBe(2);
    const after = await under.open();
    expect(await open(after, gone, sealed[0])).toEqual({ ok: false, error: 'erased' });
    // What lay in the same bucket can't be opened by anybody: the price of a dump from before.
    expect(await open(after, kept, sealed[1])).toEqual({ ok: false, error: 'unknown-key' });
    expect((await open(after, far, sealed[2])).ok).toBe(true);
    for (const owner of [gone.owner, 'record-without-a-key'])
      await expect(after.keyFor(owner, 'voice')).rejects.toBeInstanceOf(OwnerErased);
    expect(await after.isSuppressed('trust-a', 'local-1')).toBe(true);
    // For every process, not only the one whose file said so.
    const elsewhere = await under.open({ ledgerPath: ':memory:' });
    await expect(elsewhere.keyFor(gone.owner, 'voice')).rejects.toBeInstanceOf(OwnerErased);
    expect(await elsewhere.isSuppressed('trust-a', 'local-1')).toBe(true);
    // The bucket takes new keys.
    expect(await after.keyFor(kept.owner, 'voice')).toBeDefined();
  });

  it('is noticed by a process that was running', async () => {
    const [a, b] = both();
    const restore = await under.dump();
    await a.destroy('record-1');
    await b.refresh();
    await restore();
    await expect(b.refresh()).rejects.toMatchObject({ name: 'LedgerDamaged' });
  });
});

describe('the folder of bucket keys', () => {
  it('is refused where keys are missing or open to others', async () => {
    const [a] = both();
    await a.keyFor('record-1', 'voice');
    const [name = ''] = bucketFiles();
    const path = join(under.folder, 'buckets', name);
    renameSync(path, `${path}.away`);
    await expect(under.open()).rejects.toMatchObject({ code: 'KEK_BUCKETS' });
    renameSync(`${path}.away`, path);
    chmodSync(path, 0o644);
    const careless = await under.open();
    await expect(careless.keyFor('record-1', 'voice')).rejects.toMatchObject({ code: 'KEK_PERMISSIONS' });
    chmodSync(path, 0o600);
    writeFileSync(path, 'no key');
    await expect(careless.keyFor('record-1', 'voice')).rejects.toMatchObject({ code: 'KEK_BUCKETS' });
  });
});
