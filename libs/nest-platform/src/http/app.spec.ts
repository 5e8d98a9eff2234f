import { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Body, Controller, Get, HttpCode, Module, Param, Post } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { IsString, MaxLength } from 'class-validator';
import { fail, isOrganisationId, ok } from '#kernel';
import type { Role } from '#contracts';
import { loadConfig } from '../config/config.ts';
import { Access } from '../guard/access.ts';
import type { Authenticator, EarlyRefusal } from '../guard/access.guard.ts';
import { CurrentCaller, CurrentPurposefulCaller } from '../guard/caller.ts';
import type { Caller, PurposefulCaller } from '../guard/caller.ts';
import { listRoutes } from '../guard/routes.ts';
import { Readiness } from '../health/readiness.ts';
import { createLogger } from '../logging/logger.ts';
import { Metrics } from '../metrics/metrics.ts';
import { notFound } from '../problem/problem.ts';
import { BodyStream, readDocument } from './body.ts';
import type { UploadedBody } from './body.ts';
import { createApp } from './create-app.ts';
import type { Platform } from './platform.ts';

class NoteDto {
  @IsString()
  @MaxLength(5)
  text!: string;
}

@Controller('v1/things')
class ThingsController {
  @Get(':thing')
  @Access({ roles: ['senco', 'therapist'], purpose: 'required' })
  read(@Param('thing') thing: string, @CurrentPurposefulCaller() caller: PurposefulCaller): unknown {
    if (thing === 'hidden') throw notFound();
    if (thing === 'fault') throw new Error('secret 9434765919');
    return { purpose: caller.purpose, role: caller.reader.role };
  }

  @Post()
  @HttpCode(201)
  @Access({ roles: 'signed-in', purpose: 'none' })
  write(@Body() note: NoteDto, @CurrentCaller() caller: Caller): unknown {
    return { length: note.text.length, organisation: caller.reader.organisation };
  }

  @Post('files')
  @HttpCode(202)
  @Access({ roles: ['organisation-system'], purpose: 'none' })
  async upload(@BodyStream() body: UploadedBody): Promise<unknown> {
    return { mediaType: body.mediaType, bytes: (await readDocument(body.stream, 1000)).length };
  }
}

@Module({ controllers: [ThingsController] })
class ThingsModule {}

/** `authorization: DPoP <role>@<organisation>` signs in. */
const signIn: Authenticator = {
  async verify(authorization) {
    const [role, organisation] = (authorization ?? '').replace('DPoP ', '').split('@');
    if (organisation === undefined || !isOrganisationId(organisation)) return fail({ error: 'none', reason: 'none' });
    return ok({ sub: 's', organisation: organisation, role: role as Role, acr: '1', client: 'c' });
  },
};

const lines: string[] = [];
const refusals: EarlyRefusal[] = [];
let broken = false;

function platform(env: Record<string, string> = {}): Platform {
  const config = loadConfig({ TELLONCE_BODY_LIMIT_BYTES: '2048', TELLONCE_UPLOAD_LIMIT_BYTES: '4096', ...env });
  if (!config.ok) throw new Error('configuration of the spec');
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  return {
    config: config.value,
    logger: createLogger('info', sink),
    metrics: new Metrics({ version: '0', sha: '0' }, false),
    readiness: new Readiness([{ name: 'log', check: () => (broken ? Promise.reject(new Error('x')) : undefined) }]),
    authenticator: signIn,
    refusals: {
      async record(refusal) {
        if (broken) throw new Error('disk');
        refusals.push(refusal);
      },
    },
  };
}

describe('an application', () => {
  let app: NestFastifyApplication;
  const around = platform();
  beforeAll(async () => {
    app = await createApp(ThingsModule, around);
  });
  afterAll(async () => {
    await app.close();
  });
  const call = (method: 'GET' | 'POST', url: string, headers: Record<string, string> = {}, payload?: string | Buffer) =>
    app.inject({ method, url, headers, ...(payload === undefined ? {} : { payload }) });
  const senco = { authorization: 'DPoP senco@a-school' };

  it('answers a declared role with a stated purpose', async () => {
    const answer = await call('GET', '/v1/things/a', { ...senco, 'hub-purpose': 'sen-support' });
    expect([answer.statusCode, answer.json()]).toEqual([200, { purpose: 'sen-support', role: 'senco' }]);
    expect(answer.headers['cache-control']).toBe('no-store');
  });

  it.each([
    ['no sign-in', {}, 401, 'CALLER_NOT_SIGNED_IN'],
    [
      'another role',
      { authorization: 'DPoP parent@a-school', 'hub-purpose': 'subject-access' },
      403,
      'HUB_ROLE_NOT_ALLOWED',
    ],
    ['no purpose', senco, 428, 'CALLER_PURPOSE_REQUIRED'],
    ['mixed case', { ...senco, 'hub-purpose': 'Sen-Support' }, 422, 'CALLER_PURPOSE_UNKNOWN'],
    ['two purposes', { ...senco, 'hub-purpose': 'sen-support, transition' }, 422, 'CALLER_PURPOSE_UNKNOWN'],
    ['a member of every object', { ...senco, 'hub-purpose': 'constructor' }, 422, 'CALLER_PURPOSE_UNKNOWN'],
    ['the purpose of another role', { ...senco, 'hub-purpose': 'safeguarding' }, 403, 'HUB_PURPOSE_NOT_YOURS'],
    [
      'another acting role',
      { ...senco, 'hub-purpose': 'sen-support', 'hub-acting-role': 'parent' },
      403,
      'HUB_ACTING_ROLE_NOT_YOURS',
    ],
    [
      'a detail that colours terminals',
      { ...senco, 'hub-purpose': 'sen-support', 'hub-purpose-detail': '\u00e9' },
      400,
      'CALLER_HEADER_INVALID',
    ],
    [
      'a grant of emergency access that is no grant’s id',
      { ...senco, 'hub-purpose': 'sen-support', 'hub-break-glass': 'yes' },
      400,
      'CALLER_HEADER_INVALID',
    ],
  ])('turns away: %s', async (_name, headers, status, code) => {
    const answer = await call('GET', '/v1/things/a', headers);
    expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([status, code]);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    if (status === 401) expect(answer.headers['www-authenticate']).toMatch(/^DPoP/);
  });

  it('keeps the early refusals of somebody signed in, by pattern', async () => {
    refusals.length = 0;
    await call('GET', '/v1/things/a', { ...senco, 'hub-purpose': 'safeguarding' });
    await call('GET', '/v1/things/a', { authorization: 'DPoP parent@a-school', 'hub-purpose': 'subject-access' });
    expect(refusals.map(({ code, route, purpose }) => [code, route, purpose])).toEqual([
      ['HUB_PURPOSE_NOT_YOURS', 'GET /v1/things/:thing', undefined],
      ['HUB_ROLE_NOT_ALLOWED', 'GET /v1/things/:thing', 'subject-access'],
    ]);
  });

  it('answers 503 where a refusal cannot be kept, and is not ready', async () => {
    broken = true;
    const answer = await call('GET', '/v1/things/a', { ...senco, 'hub-purpose': 'safeguarding' });
    const ready = await call('GET', '/health/ready');
    broken = false;
    expect([answer.statusCode, ready.statusCode]).toEqual([503, 503]);
  });

  it('says the same of everything not disclosed, but for the id of the request', async () => {
    const id = '11111111-2222-4333-8444-555555555555';
    const answer = await call('GET', '/v1/things/hidden', {
      ...senco,
      'hub-purpose': 'sen-support',
      'x-request-id': id,
    });
    expect(answer.statusCode).toBe(404);
    expect(answer.headers['x-request-id']).toBe(id);
    expect(answer.body).toBe(
      '{"type":"urn:tellonce:problem:hub-not-found","title":"Not found","status":404,"code":"HUB_NOT_FOUND",' +
        '"detail":"It does not exist, or it is not shared with you for this purpose.",' +
        `"instance":"urn:uuid:${id}"}`,
    );
  });

  it('finds nothing under an id with a zero byte, and takes none in a query', async () => {
    const headers = { ...senco, 'hub-purpose': 'sen-support' };
    const absent = await call('GET', '/v1/things/x%00y', headers);
    expect([absent.statusCode, absent.json()]).toMatchObject([404, { code: 'HUB_NOT_FOUND' }]);
    for (const query of ['limit=%00', 'limit=1?%00']) {
      const wrong = await call('GET', `/v1/things/one?${query}`, headers);
      expect([wrong.statusCode, wrong.json()]).toMatchObject([400, { errors: [{ code: 'ZERO_BYTE' }] }]);
    }
  });

  it('tells nothing of a fault, to the caller or to the log', async () => {
    lines.length = 0;
    const answer = await call('GET', '/v1/things/fault', { ...senco, 'hub-purpose': 'sen-support' });
    expect(answer.json()).toMatchObject({ status: 500, code: 'HUB_FAULT' });
    expect(lines.some((line) => line.includes('"event":"fault"'))).toBe(true);
    expect(answer.body + lines.join('')).not.toContain('secret');
  });

  it.each([
    ['unknown route', 'GET', '/v1/nothing', {}, undefined, 404, 'CALLER_ROUTE_UNKNOWN'],
    ['bad address', 'GET', '/v1/things/%zz', {}, undefined, 400, 'CALLER_REQUEST_MALFORMED'],
    [
      'not JSON',
      'POST',
      '/v1/things',
      { 'content-type': 'application/json' },
      '{"text":',
      400,
      'CALLER_REQUEST_MALFORMED',
    ],
    [
      'member twice',
      'POST',
      '/v1/things',
      { 'content-type': 'application/json' },
      '{"text":"a","text":"b"}',
      400,
      'CALLER_REQUEST_MALFORMED',
    ],
    [
      'prototype',
      'POST',
      '/v1/things',
      { 'content-type': 'application/json' },
      '{"text":"a","__proto__":{}}',
      400,
      'CALLER_REQUEST_MALFORMED',
    ],
    [
      'deep',
      'POST',
      '/v1/things',
      { 'content-type': 'application/json' },
      '['.repeat(500),
      400,
      'CALLER_REQUEST_MALFORMED',
    ],
    [
      'too long',
      'POST',
      '/v1/things',
      { 'content-type': 'application/json' },
      JSON.stringify({ text: 'x'.repeat(3000) }),
      413,
      'CALLER_BODY_TOO_LARGE',
    ],
    [
      'a file for a DTO',
      'POST',
      '/v1/things',
      { 'content-type': 'text/csv' },
      'a,b',
      415,
      'CALLER_MEDIA_TYPE_UNSUPPORTED',
    ],
    [
      'wrong kind',
      'POST',
      '/v1/things',
      { 'content-type': 'application/json' },
      '{"text":7}',
      400,
      'CALLER_INPUT_INVALID',
    ],
    ['an array', 'POST', '/v1/things', { 'content-type': 'application/json' }, '[]', 400, 'CALLER_INPUT_INVALID'],
  ])('answers a problem: %s', async (_name, method, url, headers, body, status, code) => {
    const answer = await call(method as 'GET', url, { ...senco, ...headers }, body);
    expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([status, code]);
    expect(answer.headers['content-type']).toContain('application/problem+json');
  });

  it('points at what is wrong and repeats no name or value of the caller', async () => {
    const body = '{"text":"Amelia","9434765919":"Amelia"}';
    const answer = await call('POST', '/v1/things', { ...senco, 'content-type': 'application/json' }, body);
    expect(answer.json<{ errors: unknown }>().errors).toEqual([
      { code: 'MEMBER_UNKNOWN', pointer: '' },
      { code: 'MAX_LENGTH', pointer: '/text' },
    ]);
    expect(answer.body).not.toMatch(/Amelia|9434765919/);
  });

  it('hands files over as a stream, up to the limit', async () => {
    const system = { authorization: 'DPoP organisation-system@a-school', 'content-type': 'text/csv; charset=utf-8' };
    const small = await call('POST', '/v1/things/files', system, 'a,b');
    const json = await call('POST', '/v1/things/files', { ...system, 'content-type': 'application/json' }, '{}');
    const large = await call('POST', '/v1/things/files', system, Buffer.alloc(5000));
    expect([small.json(), json.statusCode, large.statusCode]).toEqual([{ mediaType: 'text/csv', bytes: 3 }, 415, 413]);
  });

  it('logs the pattern and clean ids, whatever the request holds', async () => {
    lines.length = 0;
    await call('GET', '/v1/things/9434765919?nhs=9434765919', {
      ...senco,
      'hub-purpose': 'sen-support',
      'x-request-id': 'x\u202e1',
      'user-agent': 'Amelia',
    });
    const line = lines.join('');
    expect(line).toContain('"route":"/v1/things/:thing"');
    expect(line).not.toMatch(/9434765919|Amelia|\u202e/);
    expect(line.trim().split('\n')).toHaveLength(1);
  });

  it('counts by pattern', async () => {
    const { body } = await call('GET', '/metrics');
    expect(body).toContain(
      'tellonce_http_request_duration_seconds_count{route="/v1/things/:thing",method="GET",status="404"} 2',
    );
    expect(body).toContain('tellonce_build_info');
    expect(body).not.toContain('things/a');
  });

  it('lists every route with its declared access', () => {
    expect(listRoutes(app).map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /health/live',
      'GET /health/ready',
      'GET /health/startup',
      'GET /info',
      'GET /metrics',
      'GET /openapi.json',
      'POST /v1/things',
      'GET /v1/things/:thing',
      'POST /v1/things/files',
    ]);
  });

  it('is ready once started, and not while draining', async () => {
    const statuses = [(await call('GET', '/health/live')).statusCode, (await call('GET', '/health/ready')).statusCode];
    around.readiness.markStarted();
    statuses.push((await call('GET', '/health/ready')).statusCode);
    around.readiness.markDraining();
    statuses.push((await call('GET', '/health/ready')).statusCode, (await call('GET', '/health/startup')).statusCode);
    expect(statuses).toEqual([200, 503, 200, 503, 200]);
  });
});

it('does not start with a handler that declares no access', async () => {
  class ForgottenController {
    read(): string {
      return '';
    }
  }
  Controller('forgotten')(ForgottenController);
  Get()(ForgottenController.prototype, 'read', { value: ForgottenController.prototype.read });
  await expect(createApp({ module: ThingsModule, controllers: [ForgottenController] }, platform())).rejects.toThrow(
    'ForgottenController.read',
  );
});

it('shows numbers to the holder of the token only, where one is set', async () => {
  const token = 'a-token-of-sixteen-letters';
  const app = await createApp(ThingsModule, platform({ TELLONCE_METRICS_TOKEN: token }));
  const open = await app.inject({ method: 'GET', url: '/metrics' });
  const held = await app.inject({ method: 'GET', url: '/metrics', headers: { authorization: `Bearer ${token}` } });
  await app.close();
  expect([open.statusCode, held.statusCode]).toEqual([401, 200]);
});
