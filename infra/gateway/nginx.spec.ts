import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { temporaryFolder } from '#testing';
import { onPath } from '../deploy/on-path.ts';
import { COMPOSE, HELM, renderNginx } from './nginx.ts';
import { APPS, ROUTES, appFor, type App } from './route.ts';
import { echo } from './serve.spec-help.ts';
import { freePort } from '#testing/servers';

const nginx = onPath('nginx');
const withNginx = nginx === undefined ? describe.skip : describe;
const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');

describe("nginx's configuration", () => {
  it('is what the table says (else: npx node infra/gateway/render.ts)', () => {
    expect(read('nginx.conf')).toBe(renderNginx(COMPOSE));
    expect(read('../helm/tellonce/files/nginx.conf.tpl')).toBe(renderNginx(HELM));
  });

  it('changes with the table', () => {
    const [first, ...others] = ROUTES.routes;
    if (first === undefined) throw new Error('no routes');
    const other = {
      ...ROUTES,
      routes: [{ ...first, byContentType: { 'text/csv': 'social-care' as const } }, ...others],
    };
    expect(renderNginx(COMPOSE, other)).toContain('"~*^\\s*text/csv\\s*(;|$)" social-care;');
    expect(renderNginx(COMPOSE, { ...ROUTES, private: [] })).not.toContain('/metrics');
  });

  it('writes no path, query, address or agent of anybody to a log', () => {
    const logged = /log_format[^;]+;/.exec(read('nginx.conf'))?.[0] ?? '';
    expect(logged).toContain('$id');
    expect(logged).not.toMatch(/\$(request|uri|request_uri|args|query_string|remote_addr|http_\w+|document_uri)\b/);
    expect(read('nginx.conf')).toContain('error_log stderr emerg;');
  });
});

withNginx('nginx as it runs (needs nginx on the PATH)', () => {
  const CHILD = '0198c0de-dead-7000-8000-00000000beef';
  const folder = temporaryFolder();
  const log = join(folder.path, 'access.log');
  const servers: Server[] = [];
  let url = '';
  let child: ChildProcess;
  let output = '';

  beforeAll(async () => {
    const address = new Map<App, string>();
    for (const app of APPS) {
      const { server, address: at } = await echo(app);
      servers.push(server);
      // Nobody listens there.
      address.set(app, app === 'social-care' ? '127.0.0.1:1' : at);
    }
    const [port, probe] = [await freePort(), await freePort()];
    const conf = renderNginx({
      ...HELM,
      address: Object.fromEntries(address) as Record<App, string>,
      listen: `127.0.0.1:${String(port)}`,
      probe: `127.0.0.1:${String(probe)}`,
      scratch: folder.path,
    });
    const file = join(folder.path, 'nginx.conf');
    // A stand-in for the process that is away.
    writeFileSync(
      file,
      // What Node gives a child as its output cannot be opened by name.
      conf
        .replace('/dev/stdout', log)
        .replace('default sharing-protocol;', 'default sharing-protocol;\n    "~^[^ ]+ /away/" social-care;'),
    );
    child = spawn(nginx ?? '', ['-e', 'stderr', '-p', folder.path, '-c', file, '-g', 'daemon off;']);
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (text: Buffer) => (output += text.toString()));
    url = `http://127.0.0.1:${String(port)}`;
    for (let tries = 0; tries < 100; tries++) {
      const answer = await fetch(`http://127.0.0.1:${String(probe)}/health`).catch(() => undefined);
      if (answer?.status === 204) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`nginx does not answer: ${output}`);
  });
  afterAll(async () => {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    if (child.exitCode === null) {
      child.kill('SIGTERM');
      await ended;
    }
    for (const server of servers) server.close();
    folder.remove();
  });

  const submit = (type: string): Promise<Response> =>
    fetch(`${url}/v1/organisations/a/submissions`, { method: 'POST', headers: { 'content-type': type }, body: '{}' });

  it.each(['text/csv; charset=utf-8', 'application/fhir+xml', 'TEXT/XML', 'application/fhir+json', 'image/png'])(
    'a submission of %s goes where the table says',
    async (type) => {
      expect((await submit(type)).headers.get('x-app')).toBe(appFor('POST', '/v1/organisations/a/submissions', type));
    },
  );

  it.each([
    '/v1/submissions/1',
    '/v1//submissions/1',
    '/v1/%73ubmissions/1',
    '/v1/organisations/a/quarantine?limit=2',
    '/oidc/token',
    '/',
  ])('%s goes where the table says, as it was sent', async (path) => {
    const answer = await fetch(url + path);
    expect(answer.headers.get('x-app')).toBe(appFor('GET', path.split('?')[0] ?? ''));
    expect(await answer.json()).toMatchObject({ url: path });
  });

  it('gives each request one id, a caller’s own if it is a UUID, and hands nobody’s address on', async () => {
    const mine = '0198c0de-0000-4000-8000-00000000cafe';
    const own = await fetch(`${url}/`, { headers: { 'x-request-id': mine, 'x-forwarded-for': '198.51.100.7' } });
    const seen = JSON.parse(own.headers.get('x-seen') ?? '{}') as Record<string, string>;
    expect(seen['x-request-id']).toBe(mine);
    expect(own.headers.get('x-seen')).not.toContain('198.51.100.7');
    const made = await fetch(`${url}/`, { headers: { 'x-request-id': 'Mr Smith' } });
    const given = (JSON.parse(made.headers.get('x-seen') ?? '{}') as Record<string, string>)['x-request-id'];
    expect(given).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it('answers in our form for what is away or not for the outside, and no log line holds a path', async () => {
    const away = await fetch(`${url}/away/${CHILD}?q=${CHILD}`);
    expect([away.status, away.headers.get('content-type'), away.headers.get('retry-after')]).toEqual([
      503,
      'application/problem+json',
      '5',
    ]);
    expect(await away.json()).toMatchObject({ code: 'HUB_UNAVAILABLE', type: 'urn:tellonce:problem:hub-unavailable' });
    for (const path of ['/metrics', '/metrics/', '/%6detrics'])
      expect(await (await fetch(url + path)).json()).toMatchObject({ code: 'CALLER_ROUTE_UNKNOWN', status: 404 });
    await fetch(`${url}/v1/children/${CHILD}/timeline`);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const lines = readFileSync(log, 'utf8') + output;
    expect(lines).toContain('"app":"sharing-protocol","method":"GET","status":200');
    expect(lines).not.toContain('beef');
    expect(lines).not.toContain('children');
  });

  it('finds nothing wrong with what Docker is given, but for addresses and certificates that are there only', () => {
    mkdirSync(join(folder.path, 'c'), { recursive: true });
    const made = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=gateway', '-days', '1'];
    const openssl = spawnSync('openssl', [
      ...made,
      '-keyout',
      join(folder.path, 'c/k'),
      '-out',
      join(folder.path, 'c/c'),
    ]);
    if (openssl.status !== 0) throw new Error('openssl made no certificate');
    const file = join(folder.path, 'compose.conf');
    const here = read('nginx.conf')
      .replaceAll('/tmp', folder.path)
      .replace('/dev/stdout', log)
      .replace(/(ssl_certificate) .*;/, `$1 ${join(folder.path, 'c/c')};`)
      .replace(/(ssl_certificate_key) .*;/, `$1 ${join(folder.path, 'c/k')};`);
    writeFileSync(file, here);
    const tested = spawnSync(nginx ?? '', ['-e', 'stderr', '-t', '-q', '-p', folder.path, '-c', file], {
      encoding: 'utf8',
    });
    expect([tested.status, tested.stderr.replace(/^.*\[warn\].*\n/gm, '')]).toEqual([0, '']);
  });
});
