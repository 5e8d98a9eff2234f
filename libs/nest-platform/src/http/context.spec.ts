import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Body, Controller, Get, Inject, Module, Post } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { ok, type OrganisationId } from '#kernel';
import { loadConfig } from '../config/config.ts';
import { Access } from '../guard/access.ts';
import { Readiness } from '../health/readiness.ts';
import { createLogger } from '../logging/logger.ts';
import { Metrics } from '../metrics/metrics.ts';
import { noteDecision } from '../trace/request-context.ts';
import { traceHeaders } from '../trace/trace-headers.ts';
import { BodyStream, readDocument, type UploadedBody } from './body.ts';
import { createApp } from './create-app.ts';
import { PLATFORM, type Platform } from './platform.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const TRACEPARENT = `00-${TRACE}-00f067aa0ba902b7-01`;
const DECISION = 'aaaaaaaa-0000-4000-8000-000000000001';

@Controller('v1/things')
@Access({ roles: 'signed-in', purpose: 'none' })
class ThingsController {
  readonly #platform: Platform;
  constructor(@Inject(PLATFORM) platform: Platform) {
    this.#platform = platform;
  }

  @Get()
  async read(): Promise<unknown> {
    await new Promise((resolve) => setTimeout(resolve, 2));
    noteDecision(DECISION);
    this.#platform.logger.info({ event: 'inside' }, 'inside');
    return traceHeaders();
  }

  @Post()
  write(@Body() body: object): unknown {
    this.#platform.logger.info({ event: 'inside' }, 'inside');
    return body;
  }

  @Post('files')
  @Access({ roles: 'signed-in', purpose: 'none' })
  async upload(@BodyStream() body: UploadedBody): Promise<unknown> {
    await readDocument(body.stream, 1_000_000);
    this.#platform.logger.info({ event: 'inside' }, 'inside');
    return {};
  }
}
@Module({ controllers: [ThingsController] })
class ThingsModule {}

describe('a request, from its first line to its last', () => {
  let app: NestFastifyApplication;
  let url: string;
  const lines: Record<string, unknown>[] = [];
  beforeAll(async () => {
    const config = loadConfig({});
    if (!config.ok) throw new Error('configuration of the spec');
    app = await createApp(ThingsModule, {
      config: config.value,
      logger: createLogger('info', { write: (line: string) => void lines.push(JSON.parse(line) as never) }),
      metrics: new Metrics({ version: '0', sha: 'source' }, false),
      readiness: new Readiness([]),
      authenticator: {
        verify: async () =>
          ok({ sub: 'p-1', organisation: 'oakfield' as OrganisationId, role: 'senco', acr: '1', client: 'c' }),
      },
      refusals: { record: async () => undefined },
      userHash: ({ organisation, sub }) => Buffer.from(`${organisation} ${sub}`).toString('hex').padEnd(32, '0'),
    });
    await app.listen(0, '127.0.0.1');
    url = `${await app.getUrl()}/v1/things`;
  });
  afterAll(() => app.close());
  beforeEach(() => void lines.splice(0));

  const userHash = '6f616b6669656c6420702d3100000000';
  const known = { traceId: TRACE, organisation: 'oakfield', role: 'senco', userHash };
  /** Lines of the request, once its last one is there. */
  async function linesOf(asked: Promise<Response>): Promise<readonly Record<string, unknown>[]> {
    const answer = await asked;
    await answer.text();
    while (!lines.some(({ event }) => event === 'request')) await new Promise((resolve) => setTimeout(resolve, 1));
    const ids = {
      requestId: answer.headers.get('x-request-id'),
      correlationId: answer.headers.get('x-correlation-id'),
    };
    for (const line of lines) expect(line).toMatchObject(ids);
    return lines;
  }

  it('says in each line who asked, in which trace, and what was decided', async () => {
    const found = await linesOf(fetch(url, { headers: { traceparent: TRACEPARENT } }));
    expect(found).toHaveLength(2);
    for (const line of found) expect(line).toMatchObject({ ...known, decisionId: DECISION });
    expect(found[0]).toMatchObject({ correlationId: '4bf92f35-77b3-4da6-a3ce-929d0e0e4736' });
  });

  it.each([
    ['JSON', '', 'application/json', ['{"a', '":1}']],
    ['a file', '/files', 'text/csv', ['a'.repeat(100_000), 'b'.repeat(100_000)]],
  ])('also after a body that came in pieces: %s', async (_name, path, type, pieces) => {
    const headers = { traceparent: TRACEPARENT, 'content-type': type };
    const body = new ReadableStream<Uint8Array>({
      async pull(stream) {
        // So late that the piece comes in a turn of the socket's own.
        await new Promise((resolve) => setTimeout(resolve, 20));
        const piece = pieces.shift();
        if (piece === undefined) stream.close();
        else stream.enqueue(Buffer.from(piece));
      },
    });
    const found = await linesOf(fetch(`${url}${path}`, { method: 'POST', headers, body, duplex: 'half' }));
    expect(found.map(({ event }) => event)).toEqual(['inside', 'request']);
    for (const line of found) expect(line).toMatchObject(known);
  });

  it('goes on with the trace in calls of its own, under a span of its own', async () => {
    const answer = await fetch(url, { headers: { traceparent: TRACEPARENT, tracestate: 'a=1' } });
    const sent = (await answer.json()) as { traceparent: string; tracestate: string };
    expect([sent.traceparent.slice(0, 36), sent.traceparent.slice(-3), sent.tracestate]).toEqual([
      `00-${TRACE}-`,
      '-01',
      'a=1',
    ]);
    expect(sent.traceparent).not.toBe(TRACEPARENT);
  });

  it('takes no trace that could be somebody’s number, and no words of a tracestate into a line', async () => {
    const traceparent = '00-00000000000000000000009434765919-00f067aa0ba902b7-01';
    const found = await linesOf(fetch(url, { headers: { traceparent, tracestate: 'vendor=Amelia' } }));
    expect(JSON.stringify(found)).not.toMatch(/9434765919|Amelia/);
    expect(found[0]).toMatchObject({ traceId: String(found[0]?.['correlationId']).replaceAll('-', '') });
  });
});
