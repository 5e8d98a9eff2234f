import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { CompactSign } from 'jose';
import {
  mustBe,
  organisation,
  PUBLIC_TASK,
  runningHub,
  timeline,
  childIdOf,
  type RunningHub,
  type TestOrganisation,
} from '../running-hub.ts';
import { classList, handIn, unharmed, wholeReceipt, type ReceiptEntry } from './submitting.ts';

const BATCH = 'application/cloudevents-batch+json';
const EVE = { localId: 'oak-9', nhsNumber: '9990000018', surname: 'Signed', givenName: 'Eve', birthDate: '2012-01-01' };

let hub: RunningHub;
let school: TestOrganisation;
let other: TestOrganisation;

beforeAll(async () => {
  hub = await runningHub();
  school = await organisation(hub, 'oakfield-primary', 'education', { 'education.enrolment-started.v1': PUBLIC_TASK });
  other = await organisation(hub, 'millbrook-primary', 'education');
});
afterAll(() => hub.remove());
afterEach(async () => {
  expect(await unharmed(hub)).toBe(true);
});

/** An enrolment as the school says it, with its words changed. */
function event(id: string, change: Readonly<Record<string, unknown>> = {}) {
  return {
    specversion: '1.0',
    id,
    source: '/organisations/oakfield-primary',
    type: 'education.enrolment-started.v1',
    time: '2026-09-01T08:00:00Z',
    datacontenttype: 'application/json',
    category: 'education.enrolment',
    basis: JSON.stringify(PUBLIC_TASK),
    data: { subject: EVE, fact: { setting: '100101', startDate: '2026-09-01' } },
    ...change,
  };
}

function signed(payload: string | Uint8Array, by: TestOrganisation = school): Promise<string> {
  const { alg, kid, privateKey } = by.key;
  return new CompactSign(typeof payload === 'string' ? Buffer.from(payload) : payload)
    .setProtectedHeader({ alg, kid, typ: 'cloudevents+jws' })
    .sign(privateKey);
}

/** Hands one signed text in; its one item. */
async function outcomeOf(jws: string): Promise<ReceiptEntry> {
  const answer = mustBe(202, await handIn(school, { body: JSON.stringify([jws]), type: BATCH }));
  const { items, counts } = await wholeReceipt(school, answer.headers.get('location') ?? '');
  expect(items).toHaveLength(1);
  expect(Object.values(counts).reduce((sum, count) => sum + count, 0) - (counts['repeated'] ?? 0)).toBe(1);
  const [item] = items;
  if (item === undefined) throw new Error('no item');
  return item;
}

const text = (id: string, change: Readonly<Record<string, unknown>> = {}) => JSON.stringify(event(id, change));
const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;
const withFact = (id: string, fact: string) =>
  text(id).replace('"fact":{"setting":"100101","startDate":"2026-09-01"}', `"fact":${fact}`);

describe('signed facts', () => {
  it.each<readonly [string, string | Uint8Array, string, string]>([
    ['not JSON', '{"specversion":', 'rejected', 'JSON_MALFORMED'],
    ['a member twice', text('d1').replace('{"spec', '{"id":"x","spec'), 'rejected', 'JSON_DUPLICATE_MEMBER'],
    ['__proto__', withFact('d2', '{"__proto__":{"polluted":true}}'), 'rejected', 'JSON_FORBIDDEN_MEMBER'],
    [
      'constructor',
      withFact('d3', '{"constructor":{"prototype":{"polluted":true}}}'),
      'rejected',
      'JSON_FORBIDDEN_MEMBER',
    ],
    ['10,000 levels', withFact('d4', nested(10_000)), 'rejected', 'JSON_TOO_DEEP'],
    ['a lone surrogate', withFact('d5', '{"setting":"\\ud800"}'), 'rejected', 'JSON_LONE_SURROGATE'],
    [
      'bytes that are no UTF-8',
      Buffer.from(text('d6').replace('Signed', '\u00ff'), 'latin1'),
      'rejected',
      'JSON_NOT_UTF8',
    ],
    ['a number out of range', withFact('d7', '{"setting":1e400}'), 'rejected', 'JSON_NUMBER_TOO_LARGE'],
    ['an array for an event', '[]', 'rejected', 'ENVELOPE_SCHEMA'],
    [
      'another organisation’s words',
      text('d8', { source: '/organisations/millbrook-primary' }),
      'rejected',
      'ORGANISATION_FORGED',
    ],
    ['a type nobody knows', text('d9', { type: 'education.nothing.v1' }), 'quarantined', 'TYPE_UNKNOWN'],
    [
      'an integer where a text belongs',
      withFact('d10', '{"setting":9007199254740993,"startDate":"2026-09-01"}'),
      'quarantined',
      'FACT_SCHEMA',
    ],
    ['a wrong check digit', text('d11').replace('9990000018', '9990000019'), 'quarantined', 'NHS_NUMBER_CHECK_DIGIT'],
    [
      'a purpose nobody knows',
      text('d12', { basis: JSON.stringify({ ...PUBLIC_TASK, purposes: ['Sen-Support'] }) }),
      'quarantined',
      'PURPOSE_UNKNOWN',
    ],
  ])('%s', async (_name, payload, outcome, code) => {
    const item = await outcomeOf(await signed(payload));
    expect([item.outcome, item.reasons[0]?.code]).toEqual([outcome, code]);
  });

  it('signed by another organisation, or by nobody the hub knows', async () => {
    const [head, body] = (await signed(text('f1'))).split('.');
    const forged = [await signed(text('f2'), other), `${head}.${body}.${'A'.repeat(86)}`];
    for (const jws of forged) {
      const { outcome, factId, reasons } = await outcomeOf(jws);
      expect([outcome, factId, reasons[0]?.code]).toEqual([
        'rejected',
        null,
        expect.stringMatching(/^(KEY|SIGNATURE)_/),
      ]);
    }
  });

  it('the same again answers as before; the same id with other words is a conflict', async () => {
    const jws = await signed(text('r1'));
    const first = await outcomeOf(jws);
    const replayed = await outcomeOf(jws);
    const changed = await outcomeOf(
      await signed(text('r1', { data: { subject: EVE, fact: { setting: '100102', startDate: '2026-09-01' } } })),
    );
    expect([first.outcome, replayed.outcome, replayed.repeated]).toEqual(['published', 'published', true]);
    expect(replayed.factId).toBe(first.factId);
    expect([changed.outcome, changed.factId]).toEqual(['conflict', first.factId]);
  });

  it('more than a fact may be', async () => {
    const item = await outcomeOf(await signed(withFact('big', JSON.stringify({ setting: 'x'.repeat(263_000) }))));
    expect([item.outcome, item.reasons]).toEqual(['rejected', [{ code: 'FACT_TOO_LARGE' }]]);
  });
});

describe('batches', () => {
  it.each([
    ['an object', '{}', 'BATCH_NOT_AN_ARRAY', undefined],
    ['an unsigned event', `[${text('u')}]`, 'BATCH_ITEM_NOT_A_COMPACT_JWS', '/0'],
    ['10,000 levels', nested(10_000), 'BATCH_ITEM_NOT_A_COMPACT_JWS', '/0'],
    ['two parts only', '["a.b"]', 'BATCH_ITEM_NOT_A_COMPACT_JWS', '/0'],
    ['no end', '["a.b.c"', 'BATCH_NOT_AN_ARRAY', '/1'],
    ['too many', `[${Array.from({ length: 1_001 }, () => '"a.b.c"').join()}]`, 'BATCH_TOO_MANY_ITEMS', '/1000'],
  ])('%s', async (_name, body, code, pointer) => {
    const answer = await handIn(school, { body, type: BATCH });
    expect(answer.status).toBe(400);
    const { code: said, errors } = answer.json as { code: string; errors: readonly unknown[] };
    expect([said, errors]).toEqual([
      'CALLER_FILE_UNREADABLE',
      [{ code, ...(pointer === undefined ? {} : { pointer }) }],
    ]);
  });

  it('of 10 MB, announced or not', async () => {
    const body = `["${'A'.repeat(10 * 1024 * 1024)}.b.c"]`;
    const announced = await handIn(school, { body, type: BATCH });
    expect([announced.status, (announced.json as { code: string }).code]).toEqual([413, 'CALLER_BODY_TOO_LARGE']);
    expect(announced.headers.get('content-type')).toContain('application/problem+json');
  });
});

describe('requests', () => {
  const asked = async (path: string, asking: Parameters<TestOrganisation['system']['ask']>[1]) => {
    const { status, json, headers } = await school.system.ask(path, asking);
    expect(headers.get('content-type')).toContain('application/problem+json');
    const { code, errors } = json as { code: string; errors?: readonly { code: string; pointer?: string }[] };
    return [status, code, errors?.[0]?.code] as const;
  };
  const csv = classList('CHILD_FIRST_NAME,CHILD_LAST_NAME,CHILD_DATE_OF_BIRTH\nIda,Key,2012-01-01\n');
  const submissions = '/v1/organisations/oakfield-primary/submissions';

  it.each([
    ['another media type', 'application/pdf', '', 415, 'CALLER_MEDIA_TYPE_UNSUPPORTED', undefined],
    ['JSON', 'application/json', '', 415, 'CALLER_MEDIA_TYPE_UNSUPPORTED', undefined],
    ['a format of another type', 'text/csv', '?format=nems-xml/1', 415, 'CALLER_MEDIA_TYPE_UNSUPPORTED', undefined],
    ['a parameter nobody knows', 'text/csv', '?x=1', 400, 'CALLER_INPUT_INVALID', 'QUERY_UNKNOWN'],
    ['a parameter twice', 'text/csv', '?setting=1&setting=2', 400, 'CALLER_INPUT_INVALID', 'QUERY_REPEATED'],
    [
      'a statement of tomorrow',
      'text/csv',
      '?statedAt=2099-01-01T00:00:00Z',
      400,
      'CALLER_INPUT_INVALID',
      'STATED_AT_IN_FUTURE',
    ],
  ])('with %s', async (_name, type, query, status, code, error) => {
    const body = type === 'application/json' ? '{}' : 'a,b';
    expect(await asked(`${submissions}${query}`, { body, headers: { 'content-type': type } })).toEqual([
      status,
      code,
      error,
    ]);
  });

  it.each([
    ['not JSON', '{', 'JSON_MALFORMED'],
    ['a member twice', '{"surname":"a","surname":"b"}', 'JSON_DUPLICATE_MEMBER'],
    ['__proto__', '{"__proto__":{"polluted":true}}', 'JSON_FORBIDDEN_MEMBER'],
    ['10,000 levels', nested(10_000), 'JSON_TOO_DEEP'],
    ['a lone surrogate', '{"surname":"\\ud800"}', 'JSON_LONE_SURROGATE'],
    ['no UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'JSON_NOT_UTF8'],
  ])('JSON: %s', async (_name, body, error) => {
    const headers = { 'content-type': 'application/json', 'hub-purpose': 'direct-care' };
    expect(await asked('/v1/child-matches', { body, headers })).toEqual([400, 'CALLER_REQUEST_MALFORMED', error]);
  });

  it('of a wrong check digit: which number, not its digits', async () => {
    const {
      status,
      json,
      text: said,
    } = await school.system.ask('/v1/child-matches', {
      json: { surname: 'A', birthDate: '2012-01-01', nhsNumber: '9990000019' },
      headers: { 'hub-purpose': 'direct-care' },
    });
    expect([status, (json as { errors: unknown }).errors]).toEqual([
      422,
      [{ code: 'IDENTIFIER_CHECK_FAILED', pointer: '/nhsNumber' }],
    ]);
    expect(said).not.toContain('9990000019');
  });

  it.each<readonly [string, string | undefined, number, string]>([
    ['none', undefined, 428, 'CALLER_PURPOSE_REQUIRED'],
    ['unknown', 'curiosity', 422, 'CALLER_PURPOSE_UNKNOWN'],
    ['differently spelled', 'SEN-support', 422, 'CALLER_PURPOSE_UNKNOWN'],
    ['with a blank', 'sen support', 422, 'CALLER_PURPOSE_UNKNOWN'],
    ['a list', 'sen-support, direct-care', 422, 'CALLER_PURPOSE_UNKNOWN'],
    ['not one’s own', 'safeguarding', 403, 'HUB_PURPOSE_NOT_YOURS'],
  ])('with a purpose: %s', async (_name, purpose, status, code) => {
    const child = await childIdOf(school, EVE);
    const answer =
      purpose === undefined
        ? await hub.person('senco').ask(`/v1/children/${child}/timeline`)
        : await timeline(hub.person('senco'), child, purpose);
    expect([answer.status, (answer.json as { code: string }).code]).toEqual([status, code]);
  });

  it('under an Idempotency-Key: once, as before, and never for another file', async () => {
    const headers = { 'idempotency-key': 'list-of-september' };
    const [first, again] = [await handIn(school, { ...csv, headers }), await handIn(school, { ...csv, headers })];
    expect([first.status, again.status, again.json]).toEqual([202, 202, first.json]);
    expect(again.headers.get('location')).toBe(first.headers.get('location'));
    const another = await handIn(school, { ...csv, body: `${String(csv.body)}Jo,Key,2012-01-02\n`, headers });
    expect([another.status, (another.json as { code: string }).code]).toEqual([422, 'CALLER_IDEMPOTENCY_KEY_REUSED']);
    const wrong = await handIn(school, { ...csv, headers: { 'idempotency-key': 'x'.repeat(200) } });
    expect([wrong.status, (wrong.json as { errors: readonly { code: string }[] }).errors[0]?.code]).toEqual([
      400,
      'IDEMPOTENCY_KEY_INVALID',
    ]);
    const others = await other.system.ask(first.headers.get('location') ?? '');
    expect(others.status).toBe(404);
  });
});
