/** What could move a terminal's cursor, forge a line, or turn reading direction round: C0, C1, separators, bidi controls. */
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu;
/** Ten digits as NHS numbers are written: no log line has a reason to hold them. */
const TEN_DIGITS = /(?<!\d)\d{3}[ -]?\d{3}[ -]?\d{4}(?!\d)/g;
/** An id of ours may hold ten digits by chance; cut up, it would join nothing any more. */
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** The same of a trace id and of a keyed hash. */
const HEX_ID = /^[0-9a-f]{32}$/;
const MAX_LENGTH = 500;

/** Text as a log line may hold it. */
export function cleanText(text: string): string {
  if (UUID.test(text) || HEX_ID.test(text)) return text;
  const cut = text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}...` : text;
  return cut.replace(UNSAFE, '?').replace(TEN_DIGITS, '(number)').toWellFormed();
}

/** Members that a log line may have. Anything else is left out: bodies, queries, headers, identifiers cannot get in by mistake. */
const ALLOWED = new Set([
  'event',
  'context',
  'route',
  'method',
  'status',
  'durationMs',
  'requestId',
  'correlationId',
  'traceId',
  'userHash',
  'organisation',
  'role',
  'purpose',
  'code',
  'decisionId',
  'component',
  'connector',
  'projection',
  'generation',
  'count',
  'bytes',
  'port',
  'host',
  'signal',
  'check',
  'setting',
  'outcome',
  'signalId',
  'what',
  'err',
]);

/** The allowed members with clean values; texts, numbers, booleans and errors only. */
export function cleanFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const clean: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (!ALLOWED.has(name)) continue;
    if (typeof value === 'string') clean[name] = cleanText(value);
    else if (typeof value === 'number' || typeof value === 'boolean') clean[name] = value;
    else if (name === 'err') clean[name] = cleanError(value);
  }
  return clean;
}

/** An error as kind, code and places in our code. Its message is left out: JSON.parse and others put the input into it. */
export function cleanError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { kind: typeof error };
  const { code } = error as { code?: unknown };
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return {
    kind: cleanText(error.name),
    ...(typeof code === 'string' ? { code: cleanText(code) } : {}),
    stack: frames.slice(0, 12).map((line) => cleanText(line.trim())),
    ...(error.cause === undefined ? {} : { cause: cleanError(error.cause) }),
  };
}
