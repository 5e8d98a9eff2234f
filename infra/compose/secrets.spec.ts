import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { temporaryFolder } from '#testing';
import { loadKek } from '#vault';
import { describeUrl } from '#event-log/eventstoredb';
import { PROCESSES } from '../deploy/processes.ts';

describe('the secrets of a first start', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  beforeEach(() => {
    folder = temporaryFolder();
  });
  afterEach(() => folder.remove());

  const secrets = (): string => join(folder.path, 'place/secrets');
  const make = (...args: string[]): { status: number | null; stdout: string; stderr: string } =>
    spawnSync(process.execPath, [join(import.meta.dirname, 'secrets.mjs'), secrets(), ...args], { encoding: 'utf8' });
  const read = (name: string): string => readFileSync(join(secrets(), name), 'utf8');

  it('are files for their owner alone, each with a value of its own', () => {
    expect(make().status).toBe(0);
    const names = readdirSync(secrets());
    expect(names.map((name) => [name, statSync(join(secrets(), name)).mode & 0o777])).toEqual(
      names.map((name) => [name, 0o600]),
    );
    expect(statSync(secrets()).mode & 0o777).toBe(0o700);
    expect(new Set(names.map(read)).size).toBe(names.length);
    const env = readFileSync(join(secrets(), '../.env'), 'utf8');
    expect(env).toMatch(/^HUB_UID=[1-9]\d*\nHUB_GID=\d+$/m);
    expect(names.filter((name) => env.includes(read(name).trim()))).toEqual([]);
  });

  it('hold a key that the vault takes, and a URL for the role of each process', () => {
    make();
    expect(
      loadKek(join(secrets(), 'tellonce_key'), { create: false, chance: { bytes: () => new Uint8Array() } }).length,
    ).toBe(32);
    for (const { app, role } of PROCESSES) {
      const url = new URL(read(`database_url_${app.replaceAll('-', '_')}`));
      expect([url.username, url.hostname, url.pathname, url.searchParams.get('sslmode')]).toEqual([
        role,
        'postgres',
        '/tellonce',
        'verify-full',
      ]);
      expect(url.password).toMatch(/^[\w-]{43}$/);
    }
    const owner = new URL(read('database_owner_url'));
    expect([owner.username, owner.password]).toEqual(['tellonce_owner', read('database_owner_password')]);
    expect(read('eventstore_url')).toContain(`esdb://admin:${read('eventstore_admin_password')}@`);
    expect(describeUrl(read('eventstore_url'))).toBe(
      'esdb://***@172.30.240.11:2113,172.30.240.12:2113,172.30.240.13:2113?tls=true',
    );
    // Another who cannot read it would say so.
    expect(describeUrl(read('database_owner_url'))).toBe('esdb://(not readable)');
  });

  it('are never overwritten, and one that is new is added', () => {
    make();
    const before = new Map(readdirSync(secrets()).map((name) => [name, read(name)]));
    writeFileSync(join(secrets(), 'tellonce_key'), 'what somebody put there');
    expect(make().stdout).toContain('kept   tellonce_key');
    expect(read('tellonce_key')).toBe('what somebody put there');
    for (const [name, was] of before) if (name !== 'tellonce_key') expect([name, read(name)]).toEqual([name, was]);
  });

  it('are not made beside one that is empty: something broke off', () => {
    make();
    writeFileSync(join(secrets(), 'metrics_token'), '');
    const again = make();
    expect([again.status, again.stderr]).toEqual([1, expect.stringContaining('metrics_token is empty')]);
  });

  it('point to servers that are there already', () => {
    const made = make(
      '--database',
      'postgres://owner:pass@127.0.0.1:5433/hub',
      '--eventstore',
      'esdb://127.0.0.1:2113?tls=false',
    );
    expect(made.status).toBe(0);
    expect(read('database_owner_url')).toBe('postgres://owner:pass@127.0.0.1:5433/hub');
    expect(read('database_url_social_care')).toMatch(
      /^postgres:\/\/tellonce_social_care:[\w-]{43}@127\.0\.0\.1:5433\/hub$/,
    );
    expect(read('eventstore_url')).toBe('esdb://127.0.0.1:2113?tls=false');
    expect(readdirSync(join(secrets(), '..'))).toEqual(['secrets']);
  });

  it('says which options there are', () => {
    expect(make('--databse', 'x').stderr).toContain('--database');
  });
});
