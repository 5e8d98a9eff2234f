import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fakeClock, temporaryFolder, type FakeClock } from '#testing';
import { sqliteOffsetStore } from './sqlite-store.ts';

let folder: ReturnType<typeof temporaryFolder>;
let clock: FakeClock;
let db: DatabaseSync;
const path = () => join(folder.path, 'receiver.db');
beforeEach(() => {
  folder = temporaryFolder();
  clock = fakeClock();
  db = new DatabaseSync(path());
  db.exec('CREATE TABLE effect (n INTEGER NOT NULL) STRICT');
});
afterEach(() => {
  db.close();
  folder.remove();
});
const store = (on = db, follower = 'topic/group') => sqliteOffsetStore(on, follower, clock);
const effects = () =>
  db
    .prepare('SELECT n FROM effect ORDER BY rowid')
    .all()
    .map(({ n }) => n);
const effect = (on: DatabaseSync, n: number) => void on.prepare('INSERT INTO effect VALUES (?)').run(n);
const letter = { partition: 0, offset: 3, reason: 'no-key', noted: false, key: null };

describe('offsets with their effect', () => {
  it('are stored together, and once', async () => {
    const ours = store();
    expect(await ours.next(0)).toBeUndefined();
    expect(await ours.transaction(0, 7, async ({ tx }) => effect(tx, 7))).toBe(true);
    expect(await ours.transaction(0, 7, async ({ tx }) => effect(tx, 7))).toBe(false);
    expect(await ours.transaction(0, 6, async ({ tx }) => effect(tx, 6))).toBe(false);
    expect(await ours.transaction(1, 6, async ({ tx }) => effect(tx, 6))).toBe(true);
    expect([await ours.next(0), await ours.next(1), effects()]).toEqual([8, 7, [7, 6]]);
  });

  it('are both undone where the effect fails, the id and what was set aside too', async () => {
    const ours = store();
    const failing = ours.transaction(0, 0, async ({ tx, first, setAside }) => {
      effect(tx, 0);
      await first('a');
      await setAside({ ...letter, value: null, headers: [] });
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect([await ours.next(0), effects(), await ours.letters(0, 9)]).toEqual([undefined, [], []]);
    await ours.transaction(0, 0, async ({ first }) => expect(await first('a')).toBe(true));
  });

  it('wait for one another, however long an effect takes', async () => {
    const ours = store();
    const gate = Promise.withResolvers<undefined>();
    const slow = ours.transaction(0, 0, async ({ tx }) => {
      await gate.promise;
      effect(tx, 0);
    });
    const quick = ours.transaction(1, 0, async ({ tx }) => effect(tx, 1));
    gate.resolve(undefined);
    expect(await Promise.all([slow, quick])).toEqual([true, true]);
    expect(effects()).toEqual([0, 1]);
  });

  it('are passed by one of two processes only', async () => {
    const other = new DatabaseSync(path(), { timeout: 1_000 });
    try {
      const [ours, theirs] = [store(), store(other)];
      for (let n = 0; n < 20; n++) {
        const [first, second] = n % 2 === 0 ? [ours, theirs] : [theirs, ours];
        expect(await first.transaction(0, n, async ({ tx }) => effect(tx, n))).toBe(true);
        expect(await second.transaction(0, n, async ({ tx }) => effect(tx, n))).toBe(false);
      }
      expect(effects()).toEqual(Array.from({ length: 20 }, (_, n) => n));
    } finally {
      other.close();
    }
  });

  it('are kept apart for other followers, and begin anew where they are reset; ids stay', async () => {
    const [ours, others] = [store(), store(db, 'other/group')];
    await ours.transaction(0, 0, async ({ first }) => {
      await first('a');
    });
    expect(await others.next(0)).toBeUndefined();
    await others.transaction(0, 0, async ({ first }) => expect(await first('a')).toBe(true));
    await ours.reset(0);
    expect(await ours.next(0)).toBeUndefined();
    await ours.transaction(0, 0, async ({ first }) => expect(await first('a')).toBe(false));
  });

  it('outlive their process', async () => {
    await store().transaction(3, 41, async () => undefined);
    db.close();
    db = new DatabaseSync(path());
    expect(await store().next(3)).toBe(42);
  });

  it('forget ids that are older than asked', async () => {
    const ours = store();
    await ours.transaction(0, 0, async ({ first }) => {
      await first('old');
    });
    clock.advance(1_000);
    await ours.transaction(0, 1, async ({ first }) => {
      await first('new');
    });
    expect(ours.forgetBefore(clock.now())).toBe(1);
    await ours.transaction(0, 2, async ({ first }) =>
      expect([await first('old'), await first('new')]).toEqual([true, false]),
    );
  });
});

describe('what was set aside', () => {
  const whole = { ...letter, value: Buffer.from([0, 255]), headers: [['x', Buffer.from([1])] as const] };
  it('is listed by page, whole, oldest first', async () => {
    const ours = store();
    for (const offset of [0, 1, 2]) await ours.transaction(0, offset, ({ setAside }) => setAside({ ...whole, offset }));
    const [first, ...others] = await ours.letters(0, 2);
    expect(others).toHaveLength(1);
    expect(first).toMatchObject({ partition: 0, offset: 0, reason: 'no-key', noted: false, key: null });
    expect(first?.at).toBe('2026-09-01T09:00:00.000Z');
    expect([...(first?.value ?? [])]).toEqual([0, 255]);
    expect(first?.headers.map(([name, value]) => [name, ...value])).toEqual([['x', 1]]);
    expect((await ours.letters(others[0]?.id ?? 0, 2)).map(({ offset }) => offset)).toEqual([2]);
  });

  it('is settled with its effect, once', async () => {
    const ours = store();
    await ours.transaction(0, 3, ({ setAside }) => setAside(whole));
    const id = (await ours.letters(0, 1))[0]?.id ?? 0;
    const failing = ours.settle(id, async (_, { tx }) => {
      effect(tx, 3);
      throw new Error('still not');
    });
    await expect(failing).rejects.toThrow('still not');
    expect([effects(), (await ours.letters(0, 9)).length]).toEqual([[], 1]);
    expect(await ours.settle(id, async ({ offset }, { tx }) => effect(tx, offset))).toBe(true);
    expect(await ours.settle(id, async (_, { tx }) => effect(tx, 9))).toBe(false);
    expect(await ours.settle(id + 1, async (_, { tx }) => effect(tx, 9))).toBe(false);
    expect([effects(), await ours.letters(0, 9)]).toEqual([[3], []]);
  });
});
