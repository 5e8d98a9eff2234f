import { expect, it } from '@jest/globals';
import type { AuditSearch } from '../views/audit/query.ts';
import { Counting, type CountMeans } from './counting.ts';

const search = (pin: string) => ({ scope: { of: 'everybody' }, filters: {}, pin }) as unknown as AuditSearch;
const settled = () => new Promise((resolve) => setTimeout(resolve, 5));

it('counts four at a time; whoever waits gets the next turn, and closing lets nobody wait', async () => {
  const waiting = new Map<string, () => void>();
  const counting = new Counting({
    waitUntil: ({ pin }: AuditSearch) =>
      new Promise<boolean>((resolve) => waiting.set(String(pin), () => resolve(true))),
    most: 1,
    alarm: () => undefined,
  } as unknown as CountMeans);
  for (const query of ['1', '2', '3', '4', '5', '6']) expect(counting.of(query, search(query)).state).toBe('waiting');
  await settled();
  expect([...waiting.keys()]).toEqual(['1', '2', '3', '4']);
  waiting.get('2')?.();
  await settled();
  expect([...waiting.keys()]).toEqual(['1', '2', '3', '4', '5']);
  const closed = counting.close();
  for (let turn = 0; turn < 3; turn++) {
    for (const go of waiting.values()) go();
    await settled();
  }
  await closed;
  expect(waiting.has('6')).toBe(false);
});

it('begins anew what failed, and tells of it', async () => {
  const told: unknown[] = [];
  let broken = true;
  const counting = new Counting({
    waitUntil: async () => {
      if (broken) throw new Error('no view');
      return true;
    },
    view: {
      get db(): never {
        throw new Error('no view');
      },
    },
    most: 1,
    alarm: (error: unknown) => told.push(error),
  } as unknown as CountMeans);
  counting.of('1', search('1'));
  await settled();
  expect(told).toHaveLength(1);
  broken = false;
  expect(counting.of('1', search('1'))).toMatchObject({ state: 'waiting' });
  await settled();
  expect(told).toHaveLength(2);
  await counting.close();
});
