import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { temporaryFolder } from '#testing';
import { startPostgres, type TestPostgres } from '#testing/servers';
import { PROCESSES } from './processes.ts';

describe('role-logins', () => {
  const folder = temporaryFolder();
  let server: TestPostgres;
  const at = (name: string): string => join(folder.path, name);
  const run = (...files: string[]): { status: number | null; stdout: string; stderr: string } =>
    spawnSync(process.execPath, [join(import.meta.dirname, 'role-logins.mjs'), ...files.map(at)], { encoding: 'utf8' });
  const urlOf = (role: string, password: string): string => {
    const url = new URL(server.url);
    url.username = role;
    url.password = encodeURIComponent(password);
    return url.href;
  };
  const asOwner = async <T>(ask: (client: pg.Client) => Promise<T>): Promise<T> => signedIn(server.url, ask);

  beforeAll(async () => {
    server = await startPostgres();
    writeFileSync(at('owner'), `${server.url}\n`);
    for (const { role } of PROCESSES)
      writeFileSync(at(role), urlOf(role, `a pass/word of ${role}`.replaceAll(' ', '+')));
    const hba = await asOwner(
      async (client) => (await client.query<{ hba_file: string }>('show hba_file')).rows[0]?.hba_file ?? '',
    );
    const rules = `host all owner 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n`;
    writeFileSync(hba, rules);
    await asOwner((client) => client.query('select pg_reload_conf()'));
  });
  afterAll(async () => {
    await server.remove();
    folder.remove();
  });

  it('wants the roles to be there first', () => {
    const { status, stderr } = run('owner', ...PROCESSES.map(({ role }) => role));
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/no role tellonce_education, .*"tellonce migrate" first/),
    ]);
  });

  it('lets each role sign in with the password of its URL and with no other, and again with a new one', async () => {
    await asOwner((client) => client.query(PROCESSES.map(({ role }) => `create role ${role}`).join(';')));
    const files = PROCESSES.map(({ role }) => role);
    expect(run('owner', ...files)).toMatchObject({
      status: 0,
      stdout: files.map((role) => `${role} may sign in\n`).join(''),
    });
    for (const { role } of PROCESSES) {
      const who = await signedIn(
        readFileSync(at(role), 'utf8'),
        async (client) => (await client.query<{ me: string }>('select current_user as me')).rows[0]?.me,
      );
      expect(who).toBe(role);
    }
    const [{ role } = { role: '' }] = PROCESSES;
    await expect(signedIn(urlOf(role, 'another-password-of-length'), () => Promise.resolve())).rejects.toThrow(
      /authentication failed/,
    );
    writeFileSync(at(role), urlOf(role, 'another-password-of-length'));
    expect(run('owner', role).status).toBe(0);
    await signedIn(urlOf(role, 'another-password-of-length'), () => Promise.resolve());
    const stored = await asOwner(
      async (client) =>
        (await client.query<{ rolpassword: string }>('select rolpassword from pg_authid where rolname = $1', [role]))
          .rows[0]?.rolpassword,
    );
    expect(stored).toMatch(/^SCRAM-SHA-256\$4096:/);
  });

  it('gives no other role a password, and none that is short', () => {
    writeFileSync(at('other'), urlOf('owner', 'a-password-of-some-length'));
    expect(run('owner', 'other').stderr).toContain('its user is none of');
    writeFileSync(at('short'), urlOf('tellonce_health', 'short'));
    expect(run('owner', 'short').stderr).toContain('16 to 128');
  });

  it('tells neither password nor words of the server where it cannot sign in', () => {
    writeFileSync(at('wrong'), urlOf('nobody', 'canary-password-of-the-owner'));
    const { status, stderr } = run('wrong', 'tellonce_health');
    expect([status, stderr]).toEqual([1, 'PostgreSQL: 28P01\n']);
  });
});

async function signedIn<T>(url: string, ask: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await ask(client);
  } finally {
    await client.end();
  }
}
