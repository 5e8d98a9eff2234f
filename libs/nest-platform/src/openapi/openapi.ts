import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import type { OpenAPIObject } from '@nestjs/swagger';
import { PURPOSES } from '#contracts';
import { listRoutes, type DeclaredRoute } from '../guard/routes.ts';
import { describeDto, dtosOf } from './dto-schema.ts';

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;
type Parameter = NonNullable<Operation['parameters']>[number];
type Schemas = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>;

/** Problem body of every error answer, as a schema. */
const PROBLEM = {
  type: 'object' as const,
  required: ['type', 'title', 'status', 'code', 'instance'],
  properties: {
    type: { type: 'string' as const, format: 'uri' },
    title: { type: 'string' as const },
    status: { type: 'integer' as const },
    code: { type: 'string' as const, pattern: '^(CALLER|HUB|SOURCE)_[A-Z0-9_]+$' },
    detail: { type: 'string' as const },
    instance: { type: 'string' as const, format: 'uri' },
    errors: {
      type: 'array' as const,
      items: {
        type: 'object' as const,
        required: ['code'],
        properties: {
          code: { type: 'string' as const },
          pointer: { type: 'string' as const },
          row: { type: 'integer' as const },
          column: { type: 'string' as const },
        },
      },
    },
  },
};

/**
 * OpenAPI 3.1 of all controllers. What the guard demands (sign-in, Hub-Purpose) comes from the declared access, members of bodies and queries
 * from the rules they are checked with. `fileTypes`: media types of files that submissions are taken in.
 */
export function buildOpenApi(
  app: INestApplication,
  publicUrl: string,
  fileTypes: readonly string[] = [],
): OpenAPIObject {
  const settings = new DocumentBuilder()
    .setTitle('Tellonce')
    .setDescription(
      'Tell it once: an information-sharing hub for children with special educational needs and disabilities.',
    )
    .setVersion('1')
    .setOpenAPIVersion('3.1.0')
    .addServer(publicUrl)
    .addSecurity('accessToken', {
      type: 'http',
      scheme: 'dpop',
      description: `Access token of ${publicUrl}/oidc bound to the caller's key (RFC 9449), valid for five minutes.`,
    })
    .build();
  const document = SwaggerModule.createDocument(app, settings, { autoTagControllers: false });
  const schemas: Schemas = { ...document.components?.schemas, Problem: PROBLEM };
  document.components = { ...document.components, schemas };
  for (const route of listRoutes(app)) {
    const operation =
      document.paths[route.path.replace(/:([A-Za-z0-9_]+)/g, '{$1}')]?.[route.method.toLowerCase() as 'get'];
    if (operation === undefined || route.access === undefined) continue;
    operation.responses['default'] = {
      description: 'What went wrong (RFC 9457)',
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
    };
    takes(operation, route, schemas);
    if (route.handler === 'SubmissionsController.submit') takesFiles(operation, fileTypes);
    if (route.access.roles !== 'anyone') demands(operation, route.access.purpose === 'required');
  }
  return document;
}

function takes(operation: Operation, route: DeclaredRoute, schemas: Schemas): void {
  const { body, query } = dtosOf(route);
  if (body !== undefined) {
    const { properties, required } = describeDto(body);
    const schema = { type: 'object', properties, required: [...required], additionalProperties: false };
    schemas[body.name] = schema;
  }
  if (query === undefined) return;
  const { properties, required } = describeDto(query);
  const parameters = Object.entries(properties).map(([name, schema]): Parameter => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema,
  }));
  operation.parameters = [...(operation.parameters ?? []), ...parameters];
}

/** A file in one of the connectors' formats, besides what the controller itself says it takes. */
function takesFiles(operation: Operation, fileTypes: readonly string[]): void {
  const body = operation.requestBody;
  if (body === undefined || !('content' in body)) return;
  for (const type of fileTypes) body.content[type] ??= { schema: { type: 'string', format: 'binary' } };
}

function demands(operation: Operation, purpose: boolean): void {
  operation.security = [{ accessToken: [] }];
  if (!purpose) return;
  const emergency: Parameter = {
    name: 'Hub-Break-Glass',
    in: 'header',
    required: false,
    description: 'The emergency access the request is made under, from POST /v1/break-glass-grants',
    schema: { type: 'string', format: 'uuid' },
  };
  const header: Parameter = {
    name: 'Hub-Purpose',
    in: 'header',
    required: true,
    description: 'Why the caller looks',
    schema: { type: 'string', enum: [...PURPOSES] },
  };
  operation.parameters = [...(operation.parameters ?? []), header, emergency];
}
