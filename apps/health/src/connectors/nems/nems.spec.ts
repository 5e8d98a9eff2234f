import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { Instant, OrganisationId } from '#kernel';
import { UnreadableFile } from '#contracts';
import type { TranslatedItem, TranslationContext } from '#contracts';
import { nemsConnector } from './connector.ts';
import { XML_LIMITS } from './xml.ts';

const context: TranslationContext = {
  organisation: 'bridgewater-community-trust' as OrganisationId,
  receivedAt: '2026-09-10T08:00:00.000Z' as Instant,
  statedAt: '2026-09-10T08:00:00.000Z' as Instant,
};

async function item(xml: string | Uint8Array): Promise<TranslatedItem> {
  const bytes = typeof xml === 'string' ? Buffer.from(xml) : xml;
  const input = (async function* () {
    for (let from = 0; from < bytes.length; from += 1_000) yield bytes.subarray(from, from + 1_000);
  })();
  const items: TranslatedItem[] = [];
  for await (const one of nemsConnector.translate(input, context)) items.push(one);
  const [first] = items;
  if (first === undefined || items.length > 1) throw new Error('expected one item');
  return first;
}

async function unreadable(xml: string | Uint8Array): Promise<unknown> {
  try {
    return await item(xml);
  } catch (error) {
    if (error instanceof UnreadableFile) return error.reason;
    throw error;
  }
}

const FHIR = 'xmlns="http://hl7.org/fhir"';

describe('an XML file as a FHIR message', () => {
  it.each([
    ['a DOCTYPE', `<!DOCTYPE Bundle><Bundle ${FHIR}/>`, { code: 'XML_DOCTYPE' }],
    ['entities', `<!DOCTYPE x [<!ENTITY a "b">]><Bundle ${FHIR}>&a;</Bundle>`, { code: 'XML_DOCTYPE' }],
    ['an entity of nowhere', `<Bundle ${FHIR}>&a;</Bundle>`, { code: 'XML_ENTITY' }],
    ['50,000 levels', '<a>'.repeat(50_000), { code: 'XML_TOO_DEEP' }],
    [
      'too many elements',
      `<Bundle ${FHIR}>${'<a/>'.repeat(XML_LIMITS.elements)}</Bundle>`,
      { code: 'XML_TOO_MANY_ELEMENTS', pointer: '/Bundle' },
    ],
    [
      'too many attributes',
      `<Bundle ${Array.from({ length: 20 }, (_, at) => `a${at}=""`).join(' ')}/>`,
      { code: 'XML_TOO_MANY_ATTRIBUTES', pointer: '/' },
    ],
    ['two megabytes and more', ' '.repeat(XML_LIMITS.bytes + 1), { code: 'XML_TOO_LARGE' }],
    ['no XML at all', 'CHILD_FIRST_NAME,…', { code: 'XML_NOT_WELL_FORMED', pointer: '/' }],
    ['nothing', '', { code: 'XML_NOT_WELL_FORMED', pointer: '/' }],
    ['an element left open', `<Bundle ${FHIR}><entry>`, { code: 'XML_NOT_WELL_FORMED', pointer: '/Bundle/entry' }],
    ['another encoding', Buffer.from('<a>é</a>', 'latin1'), { code: 'XML_NOT_UTF8' }],
    [
      'another encoding declared',
      '<?xml version="1.0" encoding="ISO-8859-1"?><a/>',
      { code: 'XML_NOT_UTF8', pointer: '/' },
    ],
    ['another namespace', '<Bundle xmlns="urn:x"/>', { code: 'FHIR_NOT_A_BUNDLE', pointer: '/' }],
    [
      'no message',
      `<Bundle ${FHIR}><type value="document"/></Bundle>`,
      { code: 'FHIR_NOT_A_MESSAGE', pointer: '/Bundle/type' },
    ],
    [
      'no header',
      `<Bundle ${FHIR}><type value="message"/></Bundle>`,
      { code: 'FHIR_MESSAGE_HEADER', pointer: '/Bundle/entry' },
    ],
  ])('is refused where it has %s', async (_what, xml, reason) => {
    expect(await unreadable(xml)).toMatchObject(reason);
  });
});

const samples = join(process.env['SAMPLES_DIR'] ?? '../shared/samples', 'nems');
const found = existsSync(samples);
const describeSamples = found ? describe : describe.skip;

describeSamples(`messages published by NHS England${found ? '' : ' (skipped: SAMPLES_DIR has no nems)'}`, () => {
  const read = (name: string): string => readFileSync(join(samples, name), 'utf8');
  const usable = async (xml: string): Promise<Extract<TranslatedItem, { ok: true }>> => {
    const one = await item(xml);
    if (!one.ok) throw new Error(JSON.stringify(one.reasons));
    return one;
  };
  const reasons = async (xml: string): Promise<unknown> => {
    const one = await item(xml);
    return one.ok ? one : one.reasons;
  };

  it('states the outcome of a newborn hearing screening', async () => {
    expect(await usable(read('newborn-hearing-1-new.xml'))).toMatchObject({
      row: 1,
      operation: 'state',
      key: { kind: 'source-id', id: 'newborn-hearing-1:https://supplierABC/identifiers|abc1111' },
      event: {
        id: '85c8a1c5-a8a1-41c9-bb99-20956fa66218',
        type: 'health.newborn-hearing-outcome.v1',
        time: '2017-11-01T15:00:33.000Z',
        category: 'health.screening',
        data: {
          subject: {
            localId: 'nhs:9912003888|dawkins|2017-10-02',
            nhsNumber: '9912003888',
            surname: 'DAWKINS',
            givenName: 'Jack',
            birthDate: '2013-10-12',
            postcode: 'DH1 2TF',
          },
          fact: { screenedOn: '2017-10-31', outcomeCode: '276781000000109' },
        },
      },
    });
  });

  it('orders statements by meta.lastUpdated, whatever timestamp and event type say', async () => {
    const time = async (name: string): Promise<string> => (await usable(read(name))).event.time;
    expect([
      await time('newborn-hearing-1-new.xml'),
      await time('newborn-hearing-1-update.xml'),
      await time('newborn-hearing-1-delete.xml'),
    ]).toEqual(['2017-11-01T15:00:33.000Z', '2017-11-02T10:00:33.000Z', '2017-11-03T14:00:33.000Z']);
    expect([
      await time('Professional-Contacts-1-new.xml'),
      await time('Professional-Contacts-1-update.xml'),
      await time('Professional-Contacts-1-delete.xml'),
    ]).toEqual(['2017-11-01T15:00:33.000Z', '2017-11-01T15:08:00.000Z', '2017-11-02T08:14:12.000Z']);
  });

  it.each(['newborn-hearing-1', 'Professional-Contacts-1'])(
    '%s: new, update and delete are one fact of one person, each said once',
    async (event) => {
      const said = await Promise.all(['new', 'update', 'delete'].map((kind) => usable(read(`${event}-${kind}.xml`))));
      expect(said.map((one) => one.operation)).toEqual(['state', 'state', 'withdraw']);
      expect(new Set(said.map((one) => JSON.stringify(one.key))).size).toBe(1);
      expect(new Set(said.map((one) => one.event.data.subject.localId)).size).toBe(1);
      expect(new Set(said.map((one) => one.event.id)).size).toBe(3);
      expect(said[2]?.event.data.fact).toEqual({});
    },
  );

  it('states which service is in contact with the child, as last said', async () => {
    const fact = async (kind: string): Promise<unknown> =>
      (await usable(read(`Professional-Contacts-1-${kind}.xml`))).event.data.fact;
    const common = { contactOn: '2018-11-01', service: 'health-visiting' };
    expect(await fact('new')).toEqual({
      ...common,
      summary: 'Silverdale Health Visiting Service Team A, Mr. Defoe Daniels',
    });
    expect(await fact('update')).toEqual({
      ...common,
      summary: 'Silverdale Health Visiting Service Team A, Mr. John Smith',
    });
  });

  it('a deletion without a Patient is about the child it was routed by', async () => {
    const { event } = await usable(read('newborn-hearing-1-delete.xml'));
    expect(event.data.subject).toEqual({
      localId: 'nhs:9912003888|dawkins|2017-10-02',
      nhsNumber: '9912003888',
      surname: 'DAWKINS',
      givenName: 'Jack',
      birthDate: '2017-10-02',
    });
  });

  it('keeps what it does not understand: messages of the demographics service', async () => {
    for (const name of readdirSync(samples).filter((file) => file.startsWith('PDS-'))) {
      expect(await reasons(read(name))).toEqual([
        { code: 'UNSUPPORTED_EVENT', pointer: '/Bundle/entry/resource/MessageHeader/event/code', row: 1 },
      ]);
    }
  });

  it.each([
    [
      'a wrong check digit',
      'value value="9912003888"',
      'value value="9912003889"',
      'NHS_NUMBER_CHECK_DIGIT',
      '/Bundle/entry/resource/MessageHeader/extension/extension/valueIdentifier/value',
    ],
    [
      'no time',
      '<lastUpdated value="2017-11-01T15:00:33+00:00"/>',
      '',
      'STATEMENT_TIME_MISSING',
      '/Bundle/entry/resource/MessageHeader/meta/lastUpdated',
    ],
    [
      'a day as time',
      '2017-11-01T15:00:33+00:00',
      '2017-11-01',
      'STATEMENT_TIME_INVALID',
      '/Bundle/entry/resource/MessageHeader/meta/lastUpdated',
    ],
    [
      'an unknown kind',
      'code value="new"',
      'code value="nova"',
      'MESSAGE_TYPE_UNKNOWN',
      '/Bundle/entry/resource/MessageHeader/extension[2]',
    ],
    [
      'no birth date',
      'birthDate value="2013-10-12"',
      'birthDate value="2013"',
      'BIRTH_DATE_INVALID',
      '/Bundle/entry[4]/resource/Patient/birthDate',
    ],
    [
      'no focus',
      '<reference value="urn:uuid:12779557-9033-4213-876f-69a670cdf35d"/>',
      '',
      'FOCUS_MISSING',
      '/Bundle/entry/resource/MessageHeader/focus/reference',
    ],
    ['no outcome', 'code value="276771000000107"', 'code value="1"', 'HEARING_OUTCOME_MISSING', '/Bundle/entry'],
    [
      'no identifier of its own',
      '<value value="abc1111"/>',
      '',
      'SOURCE_ID_MISSING',
      '/Bundle/entry[5]/resource/Encounter/identifier/value',
    ],
  ])('%s is kept with the place', async (_what, from, to, code, pointer) => {
    const xml = read('newborn-hearing-1-new.xml');
    expect(xml).toContain(from);
    expect(await reasons(xml.replaceAll(from, to))).toEqual([{ code, pointer, row: 1 }]);
  });

  it('a Patient with another number than the routing is contradictory', async () => {
    const xml = read('newborn-hearing-1-new.xml');
    const last = xml.lastIndexOf('9912003888');
    expect(await reasons(`${xml.slice(0, last)}9990000018${xml.slice(last + 10)}`)).toEqual([
      { code: 'NHS_NUMBER_CONTRADICTORY', pointer: '/Bundle/entry[4]/resource/Patient/identifier/value', row: 1 },
    ]);
  });
});
