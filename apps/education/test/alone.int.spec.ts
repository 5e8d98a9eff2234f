import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { builtApp, type BuiltApp } from '#testing';

interface Description {
  readonly paths: Readonly<Record<string, { readonly post?: { readonly requestBody?: { readonly content: object } } }>>;
}

describe('the education service, alone in its process', () => {
  let app: BuiltApp;
  beforeAll(async () => {
    app = await builtApp(['dist/apps/education/src/main.js']);
  });
  afterAll(() => app.remove());

  it('is alive and ready', async () => {
    for (const probe of ['live', 'ready', 'startup'])
      expect((await fetch(`${app.url}/health/${probe}`)).status).toBe(200);
  });

  it('answers for submissions in its own formats and for nothing else', async () => {
    const { paths } = (await (await fetch(`${app.url}/openapi.json`)).json()) as Description;
    const submissions = '/v1/organisations/{organisation}/submissions';
    expect(
      Object.keys(paths)
        .filter((path) => path.startsWith('/v1/'))
        .toSorted(),
    ).toEqual([
      '/v1/organisations/{organisation}/quarantine',
      '/v1/organisations/{organisation}/quarantine/{factId}/resolutions',
      submissions,
      '/v1/submissions/{id}',
      '/v1/submissions/{id}/receipts/{factId}',
    ]);
    expect(Object.keys(paths[submissions]?.post?.requestBody?.content ?? {}).toSorted()).toEqual([
      'application/cloudevents-batch+json',
      'text/csv',
    ]);
    const asked = await fetch(`${app.url}/v1/organisations/a-b/submissions`, { method: 'POST', body: 'a,b' });
    const elsewhere = await fetch(`${app.url}/v1/child-matches`, { method: 'POST' });
    expect([asked.status, elsewhere.status]).toEqual([401, 404]);
  });
});
