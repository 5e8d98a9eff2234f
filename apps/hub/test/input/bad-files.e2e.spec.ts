import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  DIRECT_CARE,
  organisation,
  PUBLIC_TASK,
  runningHub,
  type RunningHub,
  type TestOrganisation,
} from '../running-hub.ts';
import { classList, handIn, nems, SAMPLES, SAMPLES_THERE, taken, unharmed, type Reason } from './submitting.ts';

const HEADER = 'CHILD_FIRST_NAME,CHILD_LAST_NAME,CHILD_DATE_OF_BIRTH,CHILD_NHS_NUMBER';
const csv = (...rows: string[]) => [HEADER, ...rows, ''].join('\n');

let hub: RunningHub;
let school: TestOrganisation;
let trust: TestOrganisation;

beforeAll(async () => {
  hub = await runningHub();
  school = await organisation(hub, 'oakfield-primary', 'education', { 'education.enrolment-started.v1': PUBLIC_TASK });
  trust = await organisation(hub, 'bridgewater-community-trust', 'health', {
    'health.newborn-hearing-outcome.v1': DIRECT_CARE,
    'health.professional-contact.v1': DIRECT_CARE,
  });
});
afterAll(() => hub.remove());
afterEach(async () => {
  expect(await unharmed(hub)).toBe(true);
});

/** The refusal of a whole file: nothing was taken, and where it broke. */
async function refused(teller: TestOrganisation, handing: Parameters<typeof handIn>[1]) {
  const answer = await handIn(teller, handing);
  expect(answer.headers.get('content-type')).toContain('application/problem+json');
  const { code, errors } = answer.json as { code: string; errors?: readonly Reason[] };
  return { status: answer.status, code, errors };
}

describe('class lists that cannot be read', () => {
  it.each<readonly [string, string | Uint8Array, Reason]>([
    ['empty', '', { code: 'CSV_EMPTY' }],
    ['without the columns', 'a,b\n1,2\n', { code: 'CSV_MISSING_COLUMN', column: 'CHILD_FIRST_NAME' }],
    ['a column twice', `${HEADER},CHILD_LAST_NAME\n`, { code: 'CSV_DUPLICATE_COLUMN', column: 'CHILD_LAST_NAME' }],
    ['UTF-16', Buffer.from(`\uFEFF${csv('A,B,2012-01-01,')}`, 'utf16le'), { code: 'CSV_UTF16', row: 0 }],
    ['binary', Buffer.from([0x50, 0x4b, 3, 4, 0, 0, 0, 0]), { code: 'CSV_NOT_TEXT', row: 0 }],
    ['one endless row', `${HEADER}${',x'.repeat(40_000)}`, { code: 'CSV_ROW_TOO_LONG', row: 0 }],
  ])('%s', async (_name, body, reason) => {
    expect(await refused(school, classList(body))).toEqual({
      status: 400,
      code: 'CALLER_FILE_UNREADABLE',
      errors: [reason],
    });
  });

  it('without saying of which setting', async () => {
    const { errors } = await refused(school, { body: csv(), type: 'text/csv' });
    expect(errors).toEqual([{ code: 'SETTING_MISSING' }]);
  });

  it('broken off in the middle: what stood before it stands, and the receipt says where it broke', async () => {
    const body = csv('Ada,Broken,2012-01-01,', 'Bob,Broken,2012-01-02,', '"Cleo,Broken,2012-01-03,');
    const receipt = await taken(school, classList(body));
    expect([receipt.state, receipt.failure]).toEqual(['failed', { code: 'CSV_QUOTE_NOT_CLOSED', row: 3 }]);
    expect(receipt.items.map(({ row, outcome }) => [row, outcome])).toEqual([
      [1, 'published'],
      [2, 'published'],
    ]);
  });
});

describe('class lists with odd rows', () => {
  it.each<readonly [string, string | Uint8Array]>([
    ['a byte-order mark', `\uFEFF${csv('Ann,Mark,2012-02-01,')}`],
    ['ISO-8859-1', Buffer.from(csv('Zo\u00eb,M\u00fcller,2012-02-02,'), 'latin1')],
    ['line breaks of Windows', csv('Ben,Mark,2012-02-03,').replaceAll('\n', '\r\n')],
    ['a line break within quotes', csv('"Cat\nJane",Mark,2012-02-04,')],
  ])('%s', async (name, body) => {
    const receipt = await taken(school, classList(body));
    const quoted = name.startsWith('a line break');
    expect(receipt.items.map(({ outcome, reasons }) => [outcome, ...reasons])).toEqual([
      quoted ? ['quarantined', { code: 'TEXT_UNREADABLE', row: 1, column: 'CHILD_FIRST_NAME' }] : ['published'],
    ]);
  });

  it('answers for every row: published, quarantined with row and column, or repeated', async () => {
    const body = csv(
      'Dan,Rows,2012-03-01,9990000018',
      'Dan,Rows,2012-03-01,9990000018',
      'Eve,Rows,31/02/2012,',
      'Fay,Rows,2031-03-01,',
      'Gus,Rows,2012-03-04,9990000019',
      'Hal,Rows,2012-03-05,123',
      'Ivy,Rows,2012-03-06',
      'Joe,,2012-03-07,',
      '"=HYPERLINK(""https://x"")",Rows,2012-03-08,',
      '"=1+1",Rows,2012-03-09,',
      '__proto__,constructor,2012-03-10,',
    );
    const { items, counts, state } = await taken(school, classList(body, { statedAt: '2026-09-02T08:00:00Z' }));
    expect(state).toBe('finished');
    expect(items.map(({ row, outcome, reasons, repeated }) => [row, outcome, reasons[0]?.code ?? repeated])).toEqual([
      [1, 'published', false],
      [2, 'published', true],
      [3, 'quarantined', 'DATE_INVALID'],
      [4, 'quarantined', 'DATE_IN_FUTURE'],
      [5, 'quarantined', 'NHS_NUMBER_CHECK_DIGIT'],
      [6, 'quarantined', 'NHS_NUMBER_FORMAT'],
      [7, 'quarantined', 'ROW_CELL_COUNT'],
      [8, 'quarantined', 'VALUE_MISSING'],
      [9, 'published', false],
      [10, 'published', false],
      [11, 'published', false],
    ]);
    for (const { row, reasons } of items) for (const reason of reasons) expect(reason.row).toBe(row);
    const { repeated = 0, ...outcomes } = counts;
    expect([Object.values(outcomes).reduce((sum, count) => sum + count, 0), repeated]).toEqual([11, 1]);
  });
});

const BUNDLE = (inner: string) => `<Bundle xmlns="http://hl7.org/fhir"><type value="message"/>${inner}</Bundle>`;

describe('XML', () => {
  it.each<readonly [string, string | Uint8Array, Partial<Reason>]>([
    ['a DOCTYPE', `<!DOCTYPE Bundle>${BUNDLE('')}`, { code: 'XML_DOCTYPE' }],
    [
      'an external entity',
      `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>${BUNDLE('<id value="&e;"/>')}`,
      { code: 'XML_DOCTYPE' },
    ],
    [
      'entities that multiply',
      `<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>${BUNDLE('<id value="&b;"/>')}`,
      { code: 'XML_DOCTYPE' },
    ],
    ['an entity nobody declared', BUNDLE('<id value="&e;"/>'), { code: 'XML_ENTITY' }],
    ['50,000 levels', '<a>'.repeat(50_000), { code: 'XML_TOO_DEEP' }],
    ['no end', '<Bundle xmlns="http://hl7.org/fhir">', { code: 'XML_NOT_WELL_FORMED' }],
    ['nothing', '', { code: 'XML_NOT_WELL_FORMED' }],
    ['not UTF-8', Buffer.from([0x3c, 0xff, 0xfe]), { code: 'XML_NOT_UTF8' }],
    ['another document', '<html xmlns="http://www.w3.org/1999/xhtml"/>', { code: 'FHIR_NOT_A_BUNDLE', pointer: '/' }],
    ['no header', BUNDLE(''), { code: 'FHIR_MESSAGE_HEADER', pointer: '/Bundle/entry' }],
  ])('%s', async (_name, body, reason) => {
    const started = performance.now();
    const { status, code, errors } = await refused(trust, nems(body));
    expect([status, code, errors?.length]).toEqual([400, 'CALLER_FILE_UNREADABLE', 1]);
    expect(errors?.[0]).toMatchObject(reason);
    expect(performance.now() - started).toBeLessThan(1_000);
  });

  it('of more bytes than a message has', async () => {
    const { status, code } = await refused(trust, nems(BUNDLE(' '.repeat(3 * 1024 * 1024))));
    expect([status, code]).toEqual([413, 'CALLER_BODY_TOO_LARGE']);
  });
});

const messages = SAMPLES_THERE ? describe : describe.skip;
messages(
  `event messages of the NEMS${SAMPLES_THERE ? '' : ' (skipped: the samples are absent, set SAMPLES_DIR)'}`,
  () => {
    const message = (name: string) => readFileSync(join(SAMPLES, 'nems', name), 'utf8');

    it('an update before its new, a delete of the unknown and a replay are taken', async () => {
      const update = await taken(trust, nems(message('newborn-hearing-1-update.xml')));
      const replay = await taken(trust, nems(message('newborn-hearing-1-update.xml')));
      const unknown = await taken(trust, nems(message('Professional-Contacts-1-delete.xml')));
      expect([update, replay, unknown].map(({ items }) => [items[0]?.outcome, items[0]?.repeated])).toEqual([
        ['published', false],
        ['published', true],
        ['withdrawn', false],
      ]);
    });

    it.each<readonly [string, (text: string) => string, Partial<Reason>]>([
      [
        'another event',
        (text) => text.replaceAll('newborn-hearing-1"', 'vaccinations-1"'),
        { code: 'UNSUPPORTED_EVENT' },
      ],
      [
        'a wrong check digit',
        (text) => text.replaceAll('9912003888', '9912003889'),
        { code: 'NHS_NUMBER_CHECK_DIGIT' },
      ],
      ['two numbers', (text) => text.replace('9912003888', '9990000018'), { code: 'NHS_NUMBER_CONTRADICTORY' }],
      ['no time', (text) => text.replace('2017-11-01T15:00:33+00:00', 'yesterday'), { code: 'STATEMENT_TIME_INVALID' }],
    ])('%s waits in quarantine with its path', async (_name, change, reason) => {
      const { items } = await taken(trust, nems(change(message('newborn-hearing-1-new.xml'))));
      expect(items).toHaveLength(1);
      expect(items[0]).toMatchObject({ outcome: 'quarantined', reasons: [{ ...reason, row: 1 }] });
      expect(items[0]?.reasons[0]?.pointer).toMatch(/^\/Bundle\/entry/);
    });

    it('the demographics events, which the hub does not take, wait in quarantine too', async () => {
      const { items } = await taken(trust, nems(message('PDS-Change-Of-Address-ems-example.xml')));
      expect(items.map(({ outcome }) => outcome)).toEqual(['quarantined']);
    });
  },
);
