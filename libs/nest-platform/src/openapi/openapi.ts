import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import type { OpenAPIObject } from '@nestjs/swagger';
import { PURPOSES } from '#contracts';
import { listRoutes } from '../guard/routes.ts';

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

/** OpenAPI 3.1 of all controllers; what the guard demands (sign-in, Hub-Purpose, problems) is added from the declared access. */
export function buildOpenApi(app: INestApplication, publicUrl: string): OpenAPIObject {
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
  document.components = { ...document.components, schemas: { ...document.components?.schemas, Problem: PROBLEM } };
  for (const route of listRoutes(app)) {
    const operation =
      document.paths[route.path.replace(/:([A-Za-z0-9_]+)/g, '{$1}')]?.[route.method.toLowerCase() as 'get'];
    if (operation === undefined || route.access === undefined) continue;
    operation.responses['default'] = {
      description: 'What went wrong (RFC 9457)',
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
    };
    if (route.access.roles === 'anyone') continue;
    operation.security = [{ accessToken: [] }];
    if (route.access.purpose === 'required') {
      operation.parameters = [
        ...(operation.parameters ?? []),
        {
          name: 'Hub-Purpose',
          in: 'header',
          required: true,
          description: 'Why the caller looks',
          schema: { type: 'string', enum: [...PURPOSES] },
        },
      ];
    }
  }
  return document;
}
