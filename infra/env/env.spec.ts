import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { describeSettings, loadConfig } from '#nest-platform';
import { PROCESSES, knownNames } from '../deploy/processes.ts';
import { renderEnv } from './render.ts';

const fileOf = (app: string): string => readFileSync(new URL(`${app}.env.example`, import.meta.url), 'utf8');
/** As a process would read it: comments and empty lines left out. */
const parsed = (text: string): Record<string, string> =>
  Object.fromEntries(
    text
      .split('\n')
      .filter((line) => /^[A-Z]/.test(line))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );

/** Something that fits, by the name of the file. */
function secretIn(path: string): string {
  if (path.includes('database_url'))
    return 'postgres://role:password@database.example:5432/tellonce?sslmode=verify-full';
  if (path.endsWith('eventstore_url')) return 'esdb://user:password@log.example:2113?tls=true';
  if (path.endsWith('kafka_sasl')) return 'scram-sha-512:tellonce:password';
  if (path.endsWith('.pem')) return '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n';
  return 'a-long-random-text';
}

describe.each(PROCESSES)('the environment of $app', (process) => {
  it('is what the settings say (else: npx node infra/env/render.ts)', () => {
    expect(fileOf(process.app)).toBe(renderEnv(process));
  });

  it('names settings that there are, and every secret as a file', () => {
    const names = Object.keys(parsed(fileOf(process.app)));
    expect(names.filter((name) => !knownNames().has(name))).toEqual([]);
    const secrets = new Set(describeSettings().flatMap(({ name, secret }) => (secret ? [name] : [])));
    expect(names.filter((name) => secrets.has(name))).toEqual([]);
  });

  it('is valid where the platform reads it, also with everything that may be given', () => {
    const around = { cwd: '/', readFile: secretIn };
    const needed = loadConfig(parsed(fileOf(process.app)), around);
    expect(needed.ok ? [] : needed.error).toEqual([]);
    const all = fileOf(process.app)
      .replace(/^#([A-Z_]+=)(?!witness)/gm, '$1')
      .replace(/^TELLONCE_WITNESSES=.*$/m, '');
    const taken = loadConfig(parsed(all), around);
    expect(taken.ok ? [] : taken.error).toEqual([]);
    expect(Object.keys(parsed(all)).length).toBeGreaterThan(process.needs.length);
  });
});

describe('the processes', () => {
  it('are told of every setting there is, but for the demonstration', () => {
    const told = new Set(PROCESSES.flatMap(({ needs, takes }) => [...needs, ...takes]));
    const names = describeSettings().map(({ name }) => name);
    expect(names.filter((name) => !told.has(name))).toEqual(['TELLONCE_DEMO']);
  });

  it('have ports, roles and databases of their own, and one public address, key and log for all', () => {
    const all = PROCESSES.map(({ app }) => parsed(fileOf(app)));
    const distinct = (name: string): number => new Set(all.map((env) => env[name])).size;
    expect([distinct('TELLONCE_PORT'), distinct('TELLONCE_VAR'), distinct('DATABASE_URL_FILE')]).toEqual([4, 4, 4]);
    expect(
      ['TELLONCE_PUBLIC_URL', 'TELLONCE_KEY_FILE', 'TELLONCE_KEY_BUCKETS', 'EVENTSTORE_URL_FILE'].map(distinct),
    ).toEqual([1, 1, 1, 1]);
    expect(PROCESSES.map(({ role }) => role)).toEqual([
      'tellonce_education',
      'tellonce_health',
      'tellonce_social_care',
      'tellonce_sharing_protocol',
    ]);
  });
});
