import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { storeBackends, type TestStore } from '#testing/servers';
import type { Database } from '#database';
import { headBook, HEADS_STORE } from './head-book.ts';

describe.each(storeBackends(HEADS_STORE))('the heads that outsiders know, on %s', (_name, begin) => {
  let under: TestStore;
  let processes: readonly Database[];
  beforeEach(async () => {
    under = await begin();
    processes = [await under.open(), await under.open()];
  });
  afterEach(async () => {
    for (const database of processes) await database.close();
    await under.remove();
  });
  const books = () => processes.map(headBook);
  const head = (size: number, note = `note ${String(size)}`) => ({ size: BigInt(size), note });

  it('are none at first, then the same to every process, each kind its own', async () => {
    const [one, two] = books();
    expect(await one?.read('shown')).toBeUndefined();
    await one?.keep('shown', head(7));
    await two?.keep('cosigned', head(5));
    expect([await two?.read('shown'), await one?.read('cosigned')]).toEqual([head(7), head(5)]);
  });

  it('only grow, whoever writes; of as many events the last written stays', async () => {
    const [one, two] = books();
    await one?.keep('shown', head(9));
    await two?.keep('shown', head(8));
    expect(await two?.read('shown')).toEqual(head(9));
    await two?.keep('shown', head(9, 'with a line more'));
    expect(await one?.read('shown')).toEqual(head(9, 'with a line more'));
  });
});
