import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { APPS, ROUTES, appFor, isPrivate, type App } from './route.ts';

const ROOT = join(import.meta.dirname, '../..');
const SUBMISSIONS = '/v1/organisations/oak-lane-school/submissions';
const QUARANTINE = '/v1/organisations/oak-lane-school/quarantine';

/** What the connectors of each app say they take, read from the apps themselves. */
async function connectors(): Promise<readonly { readonly app: App; readonly mediaTypes: readonly string[] }[]> {
  const found: { app: App; mediaTypes: readonly string[] }[] = [];
  for (const app of APPS) {
    const folder = join(ROOT, 'apps', app, 'src/connectors');
    for (const name of existsSync(folder) ? readdirSync(folder) : []) {
      const module = (await import(join(folder, name, 'connector.ts'))) as Record<string, { mediaTypes?: string[] }>;
      for (const { mediaTypes } of Object.values(module)) if (mediaTypes !== undefined) found.push({ app, mediaTypes });
    }
  }
  return found;
}

describe('which process answers what', () => {
  it('a submission goes to the app whose connector takes its content type, and every type of a connector has a row', async () => {
    const taken = (await connectors()).flatMap(({ app, mediaTypes }) => mediaTypes.map((type) => [type, app] as const));
    expect(taken.length).toBeGreaterThanOrEqual(5);
    for (const [type, app] of taken) expect([type, appFor('POST', SUBMISSIONS, type)]).toEqual([type, app]);
    const rows = Object.keys(ROUTES.routes[0]?.byContentType ?? {});
    const batch = 'application/cloudevents-batch+json';
    expect(rows.toSorted()).toEqual([...new Set([...taken.map(([type]) => type), batch])].toSorted());
  });

  it.each([
    ['text/csv; charset=utf-8', 'education'],
    ['TEXT/CSV', 'education'],
    [' application/fhir+xml ;fhirVersion=4.0', 'health'],
    ['application/fhir+xmlx', 'education'],
    ['application/cloudevents-batch+json', 'education'],
    ['image/png', 'education'],
    [undefined, 'education'],
  ])('the content type %s goes to %s', (type, app) => {
    expect(appFor('POST', SUBMISSIONS, type)).toBe(app);
  });

  it('receipts and quarantine are answered by one of those that share the database', () => {
    expect([
      appFor('GET', '/v1/submissions/0198c0de-0000-7000-8000-000000000001'),
      appFor('GET', '/v1/submissions/1/receipts/2'),
      appFor('GET', QUARANTINE),
      appFor('POST', `${QUARANTINE}/0198c0de-0000-7000-8000-000000000001/resolutions`, 'application/json'),
    ]).toEqual(['education', 'education', 'education', 'education']);
  });

  it('everything else is the sharing protocol', () => {
    const paths = [
      '/',
      '/oidc/token',
      '/openapi.json',
      '/health/ready',
      '/v1/organisations',
      '/v1/organisations/a',
      '/v1/children/1/timeline',
      '/v1/submissions-of',
    ];
    expect(new Set(paths.map((path) => appFor('GET', path)))).toEqual(new Set(['sharing-protocol']));
    expect(appFor('GET', SUBMISSIONS, 'text/csv')).toBe('sharing-protocol');
  });

  it('only what the sector apps answer goes to them', () => {
    const { paths } = JSON.parse(readFileSync(join(ROOT, 'docs/openapi.json'), 'utf8')) as {
      readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
    };
    const routed = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods)
        .filter((method) => appFor(method.toUpperCase(), path.replace(/[{}]/g, '')) !== 'sharing-protocol')
        .map((method) => `${method} ${path}`),
    );
    expect(routed.toSorted()).toEqual([
      'get /v1/organisations/{organisation}/quarantine',
      'get /v1/submissions/{id}',
      'get /v1/submissions/{id}/receipts/{factId}',
      'post /v1/organisations/{organisation}/quarantine/{factId}/resolutions',
      'post /v1/organisations/{organisation}/submissions',
    ]);
  });

  it('a path is read as nginx reads it: decoded, slashes merged; one that cannot be decoded goes where all else goes', () => {
    expect(appFor('GET', '/v1//submissions/1')).toBe('education');
    expect(appFor('GET', '/v1/%73ubmissions/1')).toBe('education');
    expect(appFor('GET', '/v1/submissions/%zz')).toBe('sharing-protocol');
  });

  it('the numbers of each process are not for the outside', () => {
    expect(['/metrics', '/metrics/', '/%6detrics', '//metrics'].map((path) => isPrivate(path))).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(['/', '/metric', '/v1/metrics', '/metricsx'].some((path) => isPrivate(path))).toBe(false);
  });
});
