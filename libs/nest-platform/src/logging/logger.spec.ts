import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { NestLogger, createLogger } from './logger.ts';

function sink() {
  const lines: string[] = [];
  return { lines, logger: createLogger('trace', { write: (line: string) => void lines.push(line) }) };
}

it('writes the allowed members only', () => {
  const { lines, logger } = sink();
  logger.info(
    {
      route: '/v1/children/:child',
      status: 404,
      body: 'Amelia',
      query: { a: 1 },
      nhsNumber: '9434765919',
      requestId: { a: 'Amelia' },
    },
    'request',
  );
  const { level, route, status, message, time, ...rest } = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
  expect([level, route, status, message, typeof time, rest]).toEqual([
    30,
    '/v1/children/:child',
    404,
    'request',
    'string',
    {},
  ]);
});

it.each([
  ['a forged line', 'a\r\n{"level":60}'],
  ['colours', 'a\u001b[31m'],
  ['turned reading direction', 'a\u202eb\u2066c'],
  ['line separators', 'a\u2028b\u0085c'],
  ['half a character', 'a\ud800'],
])('keeps one harmless line for %s', (_name, text) => {
  const { lines, logger } = sink();
  logger.warn({ context: text }, text);
  expect(lines).toHaveLength(1);
  expect(lines[0]?.trimEnd()).toMatch(/^[\x20-\x7e\ufffd]+$/);
});

it('never throws and always writes one line of JSON', () => {
  const { lines, logger } = sink();
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      fc.dictionary(fc.constantFrom('event', 'err', 'code', 'x'), fc.anything()),
      (message, fields) => {
        lines.length = 0;
        logger.error(fields, message);
        expect(lines).toHaveLength(1);
        expect(lines[0]?.trimEnd()).not.toMatch(/[\u0000-\u001f\u202a-\u202e\u2066-\u2069]/u);
        JSON.parse(lines[0] ?? '');
      },
    ),
  );
});

it('leaves out an error’s message, which may be the input', () => {
  const { lines, logger } = sink();
  const fault = new Error('fault', { cause: new SyntaxError('Unexpected token in Amelia') });
  logger.error({ event: 'fault', err: fault }, 'fault');
  new NestLogger(logger).error(new TypeError('Amelia 943 476 5919'), 'Context');
  expect(lines.join('')).toContain('"kind":"SyntaxError"');
  expect(lines.join('')).toContain('"context":"Context"');
  expect(lines.join('')).not.toMatch(/Amelia|5919/);
});

it('hides ten digits that read like an NHS number, and no others', () => {
  const { lines, logger } = sink();
  logger.info({ code: '9434765919' }, 'a 943 476 5919 b 1700000000000 c');
  expect(lines[0]).toContain('"code":"(number)"');
  expect(lines[0]).toContain('a (number) b 1700000000000 c');
});
