import { describe, expect, it } from '@jest/globals';
import { correlationIdOf, readTrace } from '#kernel';
import { createLogger } from '../logging/logger.ts';
import { traceOf } from '../http/hooks.ts';
import { contextFields, inContext, inTraceOf, noteDecision, requestContext } from './request-context.ts';
import { traceHeaders } from './trace-headers.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const HEADER = `00-${TRACE}-00f067aa0ba902b7-01`;
const REQUEST = 'a1111111-2222-4333-8444-555555555555';
const CORRELATION = '99999999-8888-4777-8666-555555555555';
const bare = (uuid: string) => uuid.replaceAll('-', '');

describe('a request’s trace and correlation', () => {
  it.each([
    ['neither is named', {}, REQUEST, bare(REQUEST)],
    ['a trace is named', { traceparent: HEADER }, correlationIdOf(TRACE), TRACE],
    ['a correlation is named', { 'x-correlation-id': CORRELATION.toUpperCase() }, CORRELATION, bare(CORRELATION)],
    ['both are named', { traceparent: HEADER, 'x-correlation-id': CORRELATION }, CORRELATION, TRACE],
    ['a trace is wrong', { traceparent: HEADER.toUpperCase() }, REQUEST, bare(REQUEST)],
    ['a correlation is no UUID', { traceparent: HEADER, 'x-correlation-id': 'Amelia' }, correlationIdOf(TRACE), TRACE],
  ])('%s', (_name, headers, correlationId, traceId) => {
    const found = traceOf(headers, REQUEST);
    expect([found.correlationId, found.trace.traceId]).toEqual([correlationId, traceId]);
  });

  it('is found again by whoever has only the event', () => {
    const { correlationId } = traceOf({ traceparent: HEADER }, REQUEST);
    expect(inTraceOf(correlationId, () => contextFields())).toEqual({ correlationId, traceId: TRACE });
    expect(inTraceOf('erasure', () => contextFields())).toEqual({ correlationId: 'erasure' });
  });

  it('is a new one where the request id is all zeros', () => {
    expect(traceOf({}, '00000000-0000-0000-0000-000000000000').trace.traceId).toMatch(/[1-9a-f]/);
  });
});

describe('the context of a request', () => {
  it('goes with what is awaited and started in it, and two at once do not mix', async () => {
    const seen = await Promise.all(
      ['a', 'b'].map((id) =>
        inContext({ correlationId: id }, async () => {
          await new Promise((resolve) => setTimeout(resolve, 1));
          noteDecision(`decision-${id}`);
          await new Promise((resolve) => setImmediate(resolve));
          return contextFields();
        }),
      ),
    );
    expect(seen).toEqual([
      { correlationId: 'a', decisionId: 'decision-a' },
      { correlationId: 'b', decisionId: 'decision-b' },
    ]);
    noteDecision('nobody’s');
    expect([requestContext(), contextFields()]).toEqual([undefined, {}]);
  });

  it('is in every line that is written in it, its own words kept out', () => {
    const lines: string[] = [];
    const logger = createLogger('info', { write: (line: string) => void lines.push(line) });
    const trace = { traceId: TRACE, sampled: true, state: 'vendor=Amelia' };
    const caller = () => ({ organisation: 'oakfield', role: 'senco', userHash: '1234567890'.repeat(3) + 'ab' });
    inContext({ requestId: REQUEST, correlationId: CORRELATION, trace, caller }, () =>
      logger.warn({ event: 'x', correlationId: 'closer' }, 'a line'),
    );
    logger.info({ event: 'outside' }, 'another');
    expect(lines.map((line) => JSON.parse(line) as object)).toEqual([
      {
        level: 40,
        time: expect.any(String),
        requestId: REQUEST,
        correlationId: 'closer',
        traceId: TRACE,
        ...caller(),
        event: 'x',
        message: 'a line',
      },
      { level: 30, time: expect.any(String), event: 'outside', message: 'another' },
    ]);
  });
});

describe('headers of a call', () => {
  it('to a process of our own go on with the trace, under another span', () => {
    const trace = { traceId: TRACE, sampled: true, state: 'a=1' };
    const [one, two] = inContext({ correlationId: CORRELATION, trace }, () => [traceHeaders(), traceHeaders()]);
    expect(readTrace(one.traceparent, one.tracestate)).toEqual(trace);
    expect([one.traceparent === HEADER, one.traceparent === two.traceparent]).toEqual([false, false]);
    expect(traceHeaders()).toEqual({});
  });
});
