import { expect, it } from '@jest/globals';
import { databaseCheck, logCheck, migrationsCheck, policyCheck, viewsCheck } from './checks.ts';
import { Readiness, type ReadinessCheck } from './readiness.ts';

const gone = () => Promise.reject(new Error('gone'));
const version = (is: number, wants: number) => async () => [
  { is: 1, wants: 1 },
  { is, wants },
];

it.each<[string, ReadinessCheck, boolean]>([
  ['a log that answers', logCheck({ head: async () => null }), true],
  ['a log that does not', logCheck({ head: gone }), false],
  ['a database that answers', databaseCheck(async () => 1), true],
  ['a database that does not', databaseCheck(gone), false],
  ['a database that never answers', databaseCheck(() => new Promise(() => undefined)), false],
  ['tables of this version', migrationsCheck(version(3, 3)), true],
  ['tables of an earlier version', migrationsCheck(version(2, 3)), false],
  ['no tables', migrationsCheck(version(0, 1)), false],
  ['tables of the version that is rolled out', migrationsCheck(version(4, 3)), true],
  ['tables whose version cannot be read', migrationsCheck(gone), false],
  ['a registry that can be read', policyCheck(async () => ({})), true],
  ['a registry that cannot', policyCheck(gone), false],
  ['views that are as far as they may', viewsCheck(async () => [0, 60], 60), true],
  ['one view too far behind', viewsCheck(async () => [0, 60.1], 60), false],
  ['no views', viewsCheck(async () => [], 60), true],
])('%s', async (_name, check, ok) => {
  const readiness = new Readiness([], 50);
  readiness.add(check);
  readiness.markStarted();
  expect(await readiness.read()).toEqual({ ready: ok, checks: [{ name: check.name, ok }] });
});
