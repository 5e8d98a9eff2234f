import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Body, Controller, Get, Module, Param, Post } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { ApiProperty } from '@nestjs/swagger';
import type { OpenAPIObject } from '@nestjs/swagger';
import { IsString } from 'class-validator';
import { loadConfig } from '../config/config.ts';
import { Access } from '../guard/access.ts';
import { Readiness } from '../health/readiness.ts';
import { createApp } from '../http/create-app.ts';
import { createLogger } from '../logging/logger.ts';
import { Metrics } from '../metrics/metrics.ts';
import { validateOpenApi } from '#testing';

class ThingDto {
  @ApiProperty({ type: String })
  @IsString()
  text!: string;
}

@Controller('v1/things')
class ThingsController {
  @Get(':thing')
  @Access({ roles: 'signed-in', purpose: 'required' })
  read(@Param('thing') thing: string): string {
    return thing;
  }

  @Post()
  @Access({ roles: ['senco'], purpose: 'none' })
  write(@Body() body: ThingDto): string {
    return body.text;
  }
}
@Module({ controllers: [ThingsController] })
class ThingsModule {}

let app: NestFastifyApplication;
let document: OpenAPIObject;
beforeAll(async () => {
  const config = loadConfig({});
  if (!config.ok) throw new Error('configuration');
  app = await createApp(ThingsModule, {
    config: config.value,
    logger: createLogger('silent'),
    readiness: new Readiness([]),
    metrics: new Metrics({ version: '0', sha: '0' }, false),
    authenticator: { verify: () => Promise.reject(new Error('not asked')) },
    refusals: { record: () => Promise.resolve() },
  });
  document = (await app.inject({ method: 'GET', url: '/openapi.json' })).json();
});
afterAll(() => app.close());

it('is OpenAPI 3.1 by the specification’s own schema', async () => {
  expect(document.openapi).toBe('3.1.0');
  expect(await validateOpenApi(document)).toEqual([]);
});

it('says of every route how to sign in, why one must say why, and how it fails', () => {
  const read = document.paths['/v1/things/{thing}']?.get;
  expect(read?.security).toEqual([{ accessToken: [] }]);
  expect(read?.parameters).toContainEqual(
    expect.objectContaining({ name: 'Hub-Purpose', in: 'header', required: true }),
  );
  expect(read?.parameters).toContainEqual(
    expect.objectContaining({ name: 'Hub-Break-Glass', in: 'header', required: false }),
  );
  expect(read?.responses['default']).toMatchObject({ content: { 'application/problem+json': {} } });
  expect(document.paths['/v1/things']?.post?.parameters).toEqual([]);
  expect(document.paths['/health/live']?.get?.security).toBeUndefined();
  expect(document.paths['/metrics']).toBeUndefined();
});

it.each([
  ['a version of its own', { openapi: '3.0.0' }],
  ['no title', { info: { version: '1' } }],
  ['a path without slash', { paths: { things: {} } }],
  ['a schema that is none', { components: { schemas: { Problem: { type: 'text' } } } }],
  ['a reference that leads nowhere', { components: {} }],
])('the check finds %s', async (_name, change) => {
  expect(await validateOpenApi({ ...document, ...change })).not.toEqual([]);
});
