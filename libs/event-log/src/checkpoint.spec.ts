import { expect, it } from '@jest/globals';
import { setTimeout as wait } from 'node:timers/promises';
import { lazyCheckpoint, type Checkpoint } from './checkpoint.ts';
import type { LogToken } from './port.ts';

it('writes the latest of many, seldom, and before the end', async () => {
  const written: string[] = [];
  const inner: Checkpoint = { read: () => null, write: (token) => void written.push(token) };
  const checkpoint = lazyCheckpoint(inner, 20);
  for (const token of ['1', '2', '3']) checkpoint.write(token as LogToken);
  expect(written).toEqual([]);
  await wait(60);
  expect(written).toEqual(['3']);
  checkpoint.write('4' as LogToken);
  checkpoint.flush();
  checkpoint.flush();
  expect(written).toEqual(['3', '4']);
});
