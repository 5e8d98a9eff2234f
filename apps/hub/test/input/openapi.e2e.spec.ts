import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { listRoutes } from '#nest-platform';
import { validateOpenApi } from '#testing';
import { runningHub, type RunningHub } from '../running-hub.ts';
import { inOneProcess } from '../one-process.ts';

interface Operation {
  readonly summary?: string;
  readonly security?: readonly unknown[];
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required?: boolean }[];
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { readonly schema: Readonly<Record<string, unknown>> }>>;
  };
  readonly responses: Readonly<Record<string, { readonly content?: object }>>;
}
interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, { properties?: Readonly<Record<string, unknown>>; required?: string[] }>>;
  };
}

/** Not described: a page for machines that measure, and the description itself. */
const UNDESCRIBED = ['/metrics', '/openapi.json'];

/** Routes whose path says everything. */
const NO_BODY =
  /\/(rebuilds|resumptions|reinstatements|(watched-children|detection-suppressions|directions|sharing-decisions)\/\{\w+\}\/endings)$/;

inOneProcess('each process describes its own routes').describe('the API’s description', () => {
  let hub: RunningHub;
  let text: string;
  let description: Description;

  beforeAll(async () => {
    hub = await runningHub();
    text = await (await fetch(`${hub.url}/openapi.json`)).text();
    description = JSON.parse(text) as Description;
  });
  afterAll(() => hub.remove());

  it('is OpenAPI 3.1 by the meta-schema of its specification', async () => {
    expect(await validateOpenApi(description)).toEqual([]);
  });

  it('is the one that is committed: `npm run openapi` writes it', () => {
    const committed: unknown = JSON.parse(
      readFileSync(join(import.meta.dirname, '../../../../docs/openapi.json'), 'utf8'),
    );
    expect(JSON.parse(text.replaceAll(hub.url, 'http://127.0.0.1:8080'))).toEqual(committed);
  });

  it('says of every route what it is for, who may, why, with which body, and how it fails', () => {
    const wrong: string[] = [];
    for (const route of listRoutes(hub.composed.app)) {
      if (UNDESCRIBED.includes(route.path)) continue;
      const path = route.path.replace(/:([A-Za-z0-9_]+)/g, '{$1}');
      const operation = description.paths[path]?.[route.method.toLowerCase()];
      const name = `${route.method} ${path}`;
      if (operation === undefined) {
        wrong.push(`${name} is not described`);
        continue;
      }
      const purpose = operation.parameters?.find((each) => each.name === 'Hub-Purpose');
      const body = Object.values(operation.requestBody?.content ?? {});
      const takesNothing = NO_BODY.test(path);
      if ((operation.summary ?? '').length < 5) wrong.push(`${name} has no summary`);
      if ((operation.security?.length === 1) !== (route.access?.roles !== 'anyone')) wrong.push(`${name}: security`);
      if ((purpose?.required === true) !== (route.access?.purpose === 'required')) wrong.push(`${name}: purpose`);
      if (operation.responses['default']?.content?.hasOwnProperty('application/problem+json') !== true)
        wrong.push(`${name}: problems`);
      if (['POST', 'PATCH', 'PUT'].includes(route.method) !== body.length > 0 && !takesNothing)
        wrong.push(`${name}: body`);
    }
    expect(wrong).toEqual([]);
  });

  it('describes no more than there is', () => {
    const routes = listRoutes(hub.composed.app).map(
      ({ method, path }) => `${method} ${path.replace(/:([A-Za-z0-9_]+)/g, '{$1}')}`,
    );
    const described = Object.entries(description.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(described.filter((each) => !routes.includes(each))).toEqual([]);
  });

  it('names members, rules and what must be there, as input is checked', () => {
    const { schemas } = description.components;
    const empty = Object.entries(schemas).filter(([, { properties }]) => Object.keys(properties ?? {}).length === 0);
    expect(empty).toEqual([]);
    expect(schemas['ChildMatchDto']).toEqual({
      type: 'object',
      properties: {
        nhsNumber: { type: 'string', maxLength: 20 },
        upn: { type: 'string', maxLength: 20 },
        surname: { type: 'string', maxLength: 100 },
        givenName: { type: 'string', maxLength: 100 },
        birthDate: { type: 'string', pattern: '^\\d{4}-\\d{2}-\\d{2}$' },
      },
      required: ['surname', 'birthDate'],
      additionalProperties: false,
    });
    expect(schemas['AgreementVersionDto']?.properties?.['roles']).toEqual({
      type: 'array',
      maxItems: 50,
      items: { type: 'string' },
    });
    const timeline = description.paths['/v1/children/{childId}/timeline']?.['get'];
    expect(timeline?.parameters).toContainEqual(
      expect.objectContaining({
        name: 'limit',
        in: 'query',
        required: false,
        schema: { type: 'integer', minimum: 1, maximum: 200 },
      }),
    );
    const submit = description.paths['/v1/organisations/{organisation}/submissions']?.['post'];
    expect(Object.keys(submit?.requestBody?.content ?? {}).toSorted()).toEqual([
      'application/cloudevents-batch+json',
      'application/fhir+json',
      'application/fhir+xml',
      'application/xml',
      'text/csv',
      'text/xml',
    ]);
  });
});
