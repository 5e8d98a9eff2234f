import { expect, it } from '@jest/globals';
import { collected, ids, type Setting } from './setting.ts';

/** Streams, and the whole log by families. */
export function readContract({ log, event, start, stream }: Setting): void {
  it('reads a stream forward, backward, from and up to, and nothing beyond its end', async () => {
    const [a, b, c, name] = [event('a'), event('b'), event('c'), stream('fact', '1')];
    await log().append(name, 'none', [a, b, c]);
    expect(ids(await log().readStream(name, { from: 1, limit: 1 }))).toEqual([b.id]);
    expect(ids(await log().readStream(name, { backward: true, limit: 2 }))).toEqual([c.id, b.id]);
    expect(ids(await log().readStream(name, { backward: true, from: 1 }))).toEqual([b.id, a.id]);
    expect(ids(await log().readStream(name, { backward: true, from: 9, limit: 2 }))).toEqual([c.id, b.id]);
    expect(await log().readStream(name, { from: 3 })).toEqual([]);
    await expect(log().readStream(name, { limit: 0 })).rejects.toBeInstanceOf(RangeError);
    const all = await log().readStream(name);
    expect(all.map(({ stream: of, revision }) => [of, revision])).toEqual([0, 1, 2].map((at) => [name, at]));
  });

  it('reads the families asked for in commit order, after a token exclusively', async () => {
    const [a, b, c] = [event('a'), event('b'), event('c')];
    const first = await log().append(stream('fact', '1'), 'none', [a]);
    await log().append(stream('look', '1'), 'none', [b]);
    const last = await log().append(stream('fact', '2'), 'none', [c]);
    const facts = await collected(log().readAll({ families: ['fact'], after: start(), batch: 1 }));
    expect(ids(facts)).toEqual([a.id, c.id]);
    expect(facts.map(({ token }) => token)).toEqual([first.token, last.token]);
    expect(log().compare(first.token, last.token)).toBeLessThan(0);
    expect(log().compare(last.token, first.token)).toBeGreaterThan(0);
    expect(log().compare(last.token, last.token)).toBe(0);
    const after = await collected(log().readAll({ families: ['fact', 'look'], after: first.token }));
    expect(ids(after)).toEqual([b.id, c.id]);
    expect(await collected(log().readAll({ families: ['fact', 'look'], after: last.token }))).toEqual([]);
    expect(await collected(log().readAll({ families: ['cohort'], after: start() }))).toEqual([]);
  });

  it('tells families apart by the whole word before the first hyphen', async () => {
    const [a, b] = [event('a'), event('b')];
    await log().append(stream('process', '1-fact-2'), 'none', [a]);
    await log().append(stream('protection', '1'), 'none', [b]);
    const of = async (family: 'process' | 'protection' | 'fact') =>
      ids(await collected(log().readAll({ families: [family], after: start() })));
    expect([await of('process'), await of('protection'), await of('fact')]).toEqual([[a.id], [b.id], []]);
  });

  it('reads on from every token it gave out, in batches no larger than asked', async () => {
    for (let n = 0; n < 10; n++) {
      await log().append(stream(n % 3 === 0 ? 'look' : 'fact', `${n}`), 'none', [event(`${n} a`), event(`${n} b`)]);
    }
    const families = ['fact', 'look'] as const;
    const sizes: number[] = [];
    for await (const batch of log().readAll({ families, after: start(), batch: 7 })) sizes.push(batch.length);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(7);
    const all = await collected(log().readAll({ families, after: start() }));
    expect(all).toHaveLength(20);
    for (const [at, { token }] of all.entries()) {
      const rest = await collected(log().readAll({ families, after: token }));
      expect(ids(rest)).toEqual(ids(all.slice(at + 1)));
    }
  });

  it('ends a reading at the head of the moment it began, however much is written meanwhile', async () => {
    for (let n = 0; n < 5; n++) await log().append(stream('fact', `${n}`), 'none', [event(`${n}`)]);
    let seen = 0;
    for await (const batch of log().readAll({ families: ['fact'], after: start(), batch: 1 })) {
      seen += batch.length;
      for (let n = 0; n < 3; n++)
        await log().append(stream('fact', `late-${seen}-${n}`), 'none', [event(`${seen} ${n}`)]);
      expect(seen).toBeLessThanOrEqual(5);
    }
    expect(seen).toBe(5);
  });

  it('knows the tail of a stream at once', async () => {
    const name = stream('protection', '1');
    for (let n = 0; n < 5; n++) {
      await log().append(name, n === 0 ? 'none' : n - 1, [event(`${n}`)]);
      expect(await log().tail(name)).toBe(n);
    }
  });
}
