import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { builtApp, type BuiltApp } from '#testing';

describe('the sharing protocol, alone in its process', () => {
  let app: BuiltApp;
  beforeAll(async () => {
    app = await builtApp(['dist/apps/sharing-protocol/src/main.js']);
  });
  afterAll(() => app.remove());

  it('is alive and ready', async () => {
    for (const probe of ['live', 'ready', 'startup'])
      expect((await fetch(`${app.url}/health/${probe}`)).status).toBe(200);
  });

  it('answers for what may be seen and takes no submissions', async () => {
    const { paths } = (await (await fetch(`${app.url}/openapi.json`)).json()) as { paths: Record<string, object> };
    expect(Object.keys(paths)).toEqual(
      expect.arrayContaining([
        '/v1/children/{childId}/timeline',
        '/v1/child-matches',
        '/v1/agreements',
        '/v1/checkpoint',
        '/v1/signal-subscriptions',
        '/v1/signals/{id}',
      ]),
    );
    expect(Object.keys(paths).filter((path) => /submissions|quarantine/.test(path))).toEqual([]);
    const match = await fetch(`${app.url}/v1/child-matches`, { method: 'POST' });
    const submission = await fetch(`${app.url}/v1/organisations/a-b/submissions`, { method: 'POST', body: 'a,b' });
    expect([match.status, submission.status]).toEqual([401, 404]);
    expect((await fetch(`${app.url}/v1/checkpoint/key`)).status).toBe(200);
  });
});
