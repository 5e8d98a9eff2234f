import { expect, it } from '@jest/globals';
import { buildInfo } from './build-info.ts';

const SHA = 'e42e953'.padEnd(40, '0');
const files = (build?: string) => (path: string) => {
  if (path.endsWith('package.json')) return '{"version":"1.2.3"}';
  if (build === undefined) throw new Error('ENOENT');
  return build;
};

it.each([
  ['the build’s commit', `{"sha":"${SHA}"}`, { GIT_SHA: 'f'.repeat(40) }, SHA],
  ['the environment’s where the build knew none', '{"sha":null}', { GIT_SHA: SHA }, SHA],
  ['the environment’s where there is no build', undefined, { GIT_SHA: SHA }, SHA],
  ['none', undefined, {}, 'source'],
  ['none that is no commit', '{"sha":"x; rm"}', { GIT_SHA: 'main' }, 'source'],
  ['none in what is no JSON', 'sha', {}, 'source'],
])('says %s', (_name, build, env, sha) => {
  expect(buildInfo(env, files(build))).toEqual({ version: '1.2.3', sha });
});

it('reads this project', () => {
  expect(buildInfo({})).toEqual({ version: expect.stringMatching(/^\d+\.\d+\.\d+/), sha: 'source' });
});
