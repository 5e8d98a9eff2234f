import { expect, it } from '@jest/globals';
import { startPostgres } from '#testing/servers';
import { killedOften, killing } from '../test/killing.ts';

const KILLS = 20;

it(`has the rows that a fold over the log has after ${String(KILLS)} kills of whoever projects`, async () => {
  const server = await startPostgres();
  const killed = await killing(server.url);
  try {
    await killedOften(killed, KILLS);
    const { rows, fold, events, told } = await killed.settled();
    expect(rows).toEqual(fold);
    expect(events).toBe(told);
    // The rebuild that was asked for half-way was ended by one of those that were left.
    for (let tries = 0; tries < 600 && (await killed.view.rebuildAsked()); tries++)
      await new Promise((resolve) => setTimeout(resolve, 100));
    expect((await killed.view.status()).generation).toBe(2);
    const again = await killed.settled();
    expect(again.rows).toEqual(again.fold);
  } finally {
    await killed.remove();
    await server.remove();
  }
}, 480_000);
