import type { Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { APPS, type App } from './route.ts';
import { serveGateway, type Gateway } from './serve.ts';
import { echo } from './serve.spec-help.ts';

describe('the gateway for one machine', () => {
  const servers: Server[] = [];
  let gateway: Gateway;

  beforeAll(async () => {
    const urls = new Map<App, string>();
    for (const app of APPS) {
      const { server, address } = await echo(app);
      servers.push(server);
      // Nobody listens there.
      urls.set(app, app === 'health' ? 'http://127.0.0.1:1' : `http://${address}`);
    }
    gateway = await serveGateway(Object.fromEntries(urls) as Record<App, string>, 0);
  });
  afterAll(async () => {
    await gateway.close();
    for (const server of servers) server.close();
  });

  it('hands on by path and content type, query and body included', async () => {
    const csv = { method: 'POST', headers: { 'content-type': 'text/csv' }, body: 'x'.repeat(300_000) };
    const submitted = await fetch(`${gateway.url}/v1/organisations/a/submissions?setting=1`, csv);
    expect(await submitted.json()).toEqual({
      app: 'education',
      url: '/v1/organisations/a/submissions?setting=1',
      bytes: 300_000,
    });
    expect((await fetch(`${gateway.url}/openapi.json`)).headers.get('x-app')).toBe('sharing-protocol');
  });

  it('answers for a process that is away, and shows no numbers', async () => {
    const headers = { 'content-type': 'application/fhir+json' };
    const away = await fetch(`${gateway.url}/v1/organisations/a/submissions`, { method: 'POST', headers, body: '{}' });
    expect([away.status, away.headers.get('retry-after')]).toEqual([503, '5']);
    expect(await away.json()).toMatchObject({ code: 'HUB_UNAVAILABLE', status: 503 });
    expect((await fetch(`${gateway.url}/metrics`)).status).toBe(404);
  });
});
