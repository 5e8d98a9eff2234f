import { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Global, Inject, Module } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { fail, factIdOf, isOrganisationId, ok, toInstant } from '#kernel';
import { UnreadableFile } from '#contracts';
import type { Connector, Role } from '#contracts';
import type { LogToken } from '#event-log';
import type { Publisher } from '#sharing';
import { loadConfig } from '../config/config.ts';
import { CORE } from '../core/core.ts';
import { Readiness } from '../health/readiness.ts';
import { createApp } from '../http/create-app.ts';
import { createLogger } from '../logging/logger.ts';
import { Metrics } from '../metrics/metrics.ts';
import { ConnectorRegistry } from './connector-registry.ts';
import { openSqliteDatabase } from '#database/sqlite';
import { openReceipts, RECEIPTS_STORE } from './receipts-store.ts';
import { SubmissionsModule } from './submissions.module.ts';
import { CLOCK, PUBLISHER, QUARANTINE_DESK, RECEIPTS } from './tokens.ts';
import type { QuarantineDesk } from './tokens.ts';

const FACT = '0d5a6a0e-3f0c-5d4d-8f0a-0c1f5a3b7e11';
const UNREADABLE = FACT.replace('0', '2');
const publisher: Publisher = {
  async submit(organisation, submission) {
    const row = submission.kind === 'signed' ? submission.row : submission.item.row;
    const factId = factIdOf(organisation, String(row));
    return { row, outcome: 'published', factId, reasons: [], repeated: false, token: `raw${row}` as LogToken };
  },
};
const desk: QuarantineDesk = {
  async list(organisation) {
    return { items: [], next: organisation };
  },
  async resolve(_organisation, factId, action) {
    if (factId === UNREADABLE) return { outcome: 'not-replayable' };
    if (factId !== FACT) return { outcome: 'unknown' };
    return { outcome: action === 'discard' ? 'discarded' : 'published', reasons: [], token: 'raw9' as LogToken };
  },
};
const lines: Connector = {
  format: 'lines/1',
  mediaTypes: ['text/csv'],
  maxBytes: 1_000,
  async *translate(input) {
    let row = 0;
    for await (const piece of input) {
      for (const line of Buffer.from(piece).toString().split('\n')) {
        if (line === '!') throw new UnreadableFile({ code: 'BROKEN', column: 'A' });
        yield { ok: false, row: (row += 1), reasons: [], raw: piece };
      }
    }
  },
};

@Global()
@Module({
  providers: [
    { provide: PUBLISHER, useValue: publisher },
    {
      provide: RECEIPTS,
      useFactory: async () =>
        openReceipts(await openSqliteDatabase({ path: ':memory:', store: RECEIPTS_STORE }), {
          clock: { now: () => toInstant(0) },
          alone: true,
        }),
    },
    { provide: QUARANTINE_DESK, useValue: desk },
    { provide: CLOCK, useValue: { now: () => toInstant(Date.parse('2026-09-01T09:00:00Z')) } },
    { provide: CORE, useValue: { tokens: { issue: (sub: string, token: string) => `${sub}.${token}` } } },
  ],
  exports: [PUBLISHER, RECEIPTS, QUARANTINE_DESK, CLOCK, CORE],
})
class PartsModule {}

@Module({ imports: [SubmissionsModule] })
class OneSector {
  constructor(@Inject(ConnectorRegistry) registry: ConnectorRegistry) {
    registry.register(lines);
  }
}
@Module({ imports: [SubmissionsModule] })
class OtherSector {}
@Module({ imports: [PartsModule, OneSector, OtherSector] })
class Hub {}

describe('the submission routes', () => {
  let app: NestFastifyApplication;
  beforeAll(async () => {
    const config = loadConfig({});
    if (!config.ok) throw new Error('configuration of the spec');
    app = await createApp(Hub, {
      config: config.value,
      logger: createLogger('info', new Writable({ write: (_chunk, _encoding, done) => done() })),
      metrics: new Metrics({ version: '0', sha: '0' }, false),
      readiness: new Readiness([]),
      refusals: { record: async () => undefined },
      authenticator: {
        async verify(authorization) {
          const [role, organisation = ''] = (authorization ?? '').split('@');
          if (!isOrganisationId(organisation)) return fail({ error: 'none', reason: 'none' });
          return ok({ sub: 's', organisation, role: role as Role, acr: '1', client: 'c' });
        },
      },
    });
  });
  afterAll(() => app.close());

  const system = { authorization: 'organisation-system@a-school' };
  const csv = { ...system, 'content-type': 'text/csv; charset=utf-8' };
  const post = (path: string, headers: Record<string, string>, payload: string) =>
    app.inject({ method: 'POST', url: `/v1/organisations/${path}`, headers, payload });
  const get = (path: string, authorization = system.authorization) =>
    app.inject({ method: 'GET', url: `/v1/${path}`, headers: { authorization } });

  it('take a file, count what became of it and show the items to its organisation alone', async () => {
    const answer = await post('a-school/submissions?setting=123456', csv, 'a\nb\nc');
    expect([answer.statusCode, answer.json()]).toMatchObject([
      202,
      { format: 'lines/1', state: 'finished', counts: { published: 3 } },
    ]);
    expect(answer.headers['hub-min-token']).toBe('s.raw3');
    const location = String(answer.headers['location']).replace('/v1/', '');
    expect((await get(`${location}?limit=2`)).json()).toMatchObject({ items: [{ row: 1 }, { row: 2 }], next: '2' });
    expect((await get(`${location}?limit=2&cursor=2`)).json()).toMatchObject({ items: [{ row: 3 }] });
    const others = await get(location, 'organisation-system@b-school');
    const nobodys = await get('submissions/none', 'organisation-system@b-school');
    expect([others.statusCode, { ...others.json<object>(), instance: '' }]).toEqual([
      404,
      { ...nobodys.json<object>(), instance: '' },
    ]);
  });

  it('take a batch of signed facts', async () => {
    const headers = { ...system, 'content-type': 'application/cloudevents-batch+json' };
    expect((await post('a-school/submissions', headers, '["a.b.c","d.e.f"]')).json()).toMatchObject({
      counts: { published: 2 },
    });
    expect((await post('a-school/submissions', headers, '[{}]')).json()).toMatchObject({
      code: 'CALLER_FILE_UNREADABLE',
      errors: [{ code: 'BATCH_ITEM_NOT_A_COMPACT_JWS', pointer: '/0' }],
    });
  });

  it.each([
    ['another organisation', 'b-school/submissions', csv, 'a', 404, 'HUB_NOT_FOUND'],
    ['a person', 'a-school/submissions', { ...csv, authorization: 'senco@a-school' }, 'a', 403, 'HUB_ROLE_NOT_ALLOWED'],
    [
      'an unknown media type',
      'a-school/submissions',
      { ...system, 'content-type': 'text/html' },
      'a',
      415,
      'CALLER_MEDIA_TYPE_UNSUPPORTED',
    ],
    [
      'JSON',
      'a-school/submissions',
      { ...system, 'content-type': 'application/json' },
      '{}',
      415,
      'CALLER_MEDIA_TYPE_UNSUPPORTED',
    ],
    ['an unknown format', 'a-school/submissions?format=other', csv, 'a', 415, 'CALLER_MEDIA_TYPE_UNSUPPORTED'],
    ['too large a file', 'a-school/submissions', csv, 'a'.repeat(1_001), 413, 'CALLER_BODY_TOO_LARGE'],
    [
      'a statement from the future',
      'a-school/submissions?statedAt=2027-01-01T00:00:00Z',
      csv,
      'a',
      400,
      'CALLER_INPUT_INVALID',
    ],
    ['a parameter nobody knows', 'a-school/submissions?dryRun=1', csv, 'a', 400, 'CALLER_INPUT_INVALID'],
    ['an unreadable file', 'a-school/submissions', csv, '!', 400, 'CALLER_FILE_UNREADABLE'],
  ])('refuse %s', async (_what, path, headers, body, status, code) => {
    const answer = await post(path, headers, body);
    expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([status, code]);
  });

  it('recognise a repeated request by its key', async () => {
    const keyed = { ...csv, 'idempotency-key': 'one' };
    const first = await post('a-school/submissions', keyed, 'a');
    expect((await post('a-school/submissions', keyed, 'a')).json()).toEqual(first.json());
    expect((await post('a-school/submissions', keyed, 'b')).json()).toMatchObject({
      code: 'CALLER_IDEMPOTENCY_KEY_REUSED',
      status: 422,
    });
  });

  it('list and resolve what is quarantined, of the own organisation', async () => {
    expect((await get('organisations/a-school/quarantine')).json()).toEqual({ items: [], next: 'a-school' });
    expect((await get('organisations/b-school/quarantine')).statusCode).toBe(404);
    const json = { ...system, 'content-type': 'application/json' };
    const resolve = (fact: string, body: object) =>
      post(`a-school/quarantine/${fact}/resolutions`, json, JSON.stringify(body));
    const done = await resolve(FACT, { action: 'discard' });
    expect([done.json(), done.headers['hub-min-token']]).toEqual([{ outcome: 'discarded', reasons: [] }, 's.raw9']);
    expect((await resolve(FACT.replace('0', '1'), { action: 'replay' })).statusCode).toBe(404);
    expect((await resolve(UNREADABLE, { action: 'replay' })).statusCode).toBe(422);
    expect((await resolve(FACT, { action: 'burn' })).json()).toMatchObject({ code: 'CALLER_INPUT_INVALID' });
    expect((await resolve(FACT, { action: 'replay', by: 'me' })).statusCode).toBe(400);
  });
});
