import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { Instant, OrganisationId } from '#kernel';
import { UnreadableFile } from '#contracts';
import type { TranslatedItem, TranslationContext } from '#contracts';
import { classListConnector } from './connector.ts';
import { readClassList } from './parse.ts';
import { translateRows } from './translate.ts';

const context: TranslationContext = {
  organisation: 'oakfield-school' as OrganisationId,
  receivedAt: '2026-09-10T08:00:00.000Z' as Instant,
  statedAt: '2026-09-09T15:00:00.000Z' as Instant,
  setting: '123456',
};
const HEADER = 'CHILD_FIRST_NAME,CHILD_LAST_NAME,CHILD_DATE_OF_BIRTH';

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
}

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const read: T[] = [];
  for await (const one of source) read.push(one);
  return read;
}

async function items(
  content: string | Uint8Array,
  size = 7,
  about: TranslationContext = context,
): Promise<TranslatedItem[]> {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  return all(classListConnector.translate(pieces(bytes, size), about));
}

async function unreadable(content: string | Uint8Array, about: TranslationContext = context): Promise<unknown> {
  try {
    return await items(content, 1_000, about);
  } catch (error) {
    if (error instanceof UnreadableFile) return error.reason;
    throw error;
  }
}

const reasonsOf = (item: TranslatedItem): unknown =>
  item.ok ? 'ok' : item.reasons.map(({ code, column }) => (column === undefined ? code : `${code} ${column}`)).join();

describe('a class list row', () => {
  it('states that a child is on the roll, named by the record and not by the child', async () => {
    const header = `${HEADER},CHILD_YEAR_GROUP,CHILD_POSTCODE,CHILD_NHS_NUMBER,CHILD_REGISTRATION`;
    expect(await items(`${header}\nJimmy,Smith,02/01/2010,9,sw1a1aa,999 000 0026,8A\n`)).toEqual([
      {
        ok: true,
        row: 1,
        operation: 'state',
        key: { kind: 'per-record', name: 'enrolment:123456' },
        event: {
          specversion: '1.0',
          id: 'class-list:123456:1:2026-09-09T15:00:00.000Z',
          source: '/organisations/oakfield-school',
          type: 'education.enrolment-started.v1',
          time: context.statedAt,
          datacontenttype: 'application/json',
          category: 'education.enrolment',
          data: {
            subject: {
              localId: 'nhs:9990000026|smith|2010-01-02',
              nhsNumber: '9990000026',
              surname: 'Smith',
              givenName: 'Jimmy',
              birthDate: '2010-01-02',
              postcode: 'SW1A 1AA',
            },
            fact: { setting: '123456', startDate: '2026-09-09', yearGroup: '9', registrationGroup: '8A' },
          },
        },
      },
    ]);
  });

  it('has a local id out of the demographics where there is no number, alike in every spelling', async () => {
    const rows = await items(`${HEADER}\n Éva , De  Souza ,2010-01-01\nE\u0301VA,DE SOUZA,01/01/2010`);
    const ids = rows.map((item) => (item.ok ? item.event.data.subject.localId : ''));
    expect(ids).toEqual(['demographics:de souza|éva|2010-01-01|', 'demographics:de souza|éva|2010-01-01|']);
  });

  it.each([
    ['Ann,,2010-01-01', 'VALUE_MISSING CHILD_LAST_NAME'],
    ['Ann,Lee,31/02/2010', 'DATE_INVALID CHILD_DATE_OF_BIRTH'],
    ['Ann,Lee,2026-09-10', 'DATE_IN_FUTURE CHILD_DATE_OF_BIRTH'],
    ['Ann,Lee,2010-01-01,extra', 'ROW_CELL_COUNT'],
    [`${'A'.repeat(101)},Lee,2010-01-01`, 'TEXT_TOO_LONG CHILD_FIRST_NAME'],
    ['A\u0007n,Lee,2010-01-01', 'TEXT_UNREADABLE CHILD_FIRST_NAME'],
  ])('%s is kept with its reason', async (row, reason) => {
    const [item] = await items(`${HEADER}\n${row}\n`);
    if (item === undefined || item.ok) throw new Error('expected a refusal');
    expect(reasonsOf(item)).toBe(reason);
    expect(Buffer.from(item.raw).toString()).toBe(`${HEADER}\n${row}\n`);
  });

  it('can be handed in again from what quarantine keeps, quotes and breaks included', async () => {
    const [item] = await items(`${HEADER}\n"O""Brien, ""Jo""\nAnn",Lee,never\n`);
    if (item === undefined || item.ok) throw new Error('expected a refusal');
    expect(await items(item.raw)).toEqual([item]);
  });
});

describe('the bytes of a class list', () => {
  const umlaut = `${HEADER}\nZoë,Łukasz,2010-01-01\n`;
  const surnames = async (bytes: Uint8Array, size?: number): Promise<unknown> =>
    (await items(bytes, size)).map((item) => (item.ok ? item.event.data.subject.givenName : item.reasons));

  it('may be UTF-8 with or without a byte-order mark, cut anywhere', async () => {
    for (const size of [1, 2, 3, 5, 1_000]) {
      expect(await surnames(Buffer.from(umlaut), size)).toEqual(['Zoë']);
      expect(await surnames(Buffer.from(`\uFEFF${umlaut}`), size)).toEqual(['Zoë']);
    }
  });

  it('may be ISO-8859-1 or Windows-1252, noticed late in the file', async () => {
    const latin = Buffer.from(`${HEADER}\n${'Ann,Lee,2010-01-01\n'.repeat(1_000)}Zoë,Lee,2010-01-01\n`, 'latin1');
    expect(((await surnames(latin, 100)) as string[]).at(-1)).toBe('Zoë');
    const quote = Buffer.concat([Buffer.from(`${HEADER}\nD`), Buffer.of(0x92), Buffer.from('Arcy,Lee,2010-01-01')]);
    expect(await surnames(quote)).toEqual(['D’Arcy']);
  });

  it.each([
    ['nothing at all', '', { code: 'CSV_EMPTY' }],
    ['no such columns', 'Name,Age\nAnn,9\n', { code: 'CSV_MISSING_COLUMN', column: 'CHILD_FIRST_NAME' }],
    [
      'a column twice',
      `${HEADER},child last name\nA,B,2010-01-01,C`,
      { code: 'CSV_DUPLICATE_COLUMN', column: 'CHILD_LAST_NAME' },
    ],
    ['a quote not closed', `${HEADER}\nAnn,Lee,2010-01-01\n"Ann`, { code: 'CSV_QUOTE_NOT_CLOSED', row: 2 }],
    ['a quote amid a cell', `${HEADER}\nAn"n,Lee,2010-01-01\n`, { code: 'CSV_BROKEN_QUOTE', row: 1 }],
    ['UTF-16', Buffer.from(`\uFEFF${HEADER}`, 'utf16le'), { code: 'CSV_UTF16', row: 0 }],
    ['binary content', Buffer.from([0x50, 0x4b, 3, 4, 0, 0]), { code: 'CSV_NOT_TEXT', row: 0 }],
    ['a row that does not end', `${HEADER}\n"${'x'.repeat(40_000)}`, { code: 'CSV_ROW_TOO_LONG', row: 1 }],
    ['thousands of cells', `${HEADER}\n${','.repeat(300)}\n`, { code: 'CSV_TOO_MANY_COLUMNS', row: 1 }],
  ])('are refused where there is %s', async (_what, content, reason) => {
    expect(await unreadable(content)).toEqual(reason);
  });

  it('are refused past the number of rows, and without a setting', async () => {
    const limits = { rowBytes: 1_000, columns: 10, rows: 2 };
    const rows = readClassList(pieces(Buffer.from(`${HEADER}\n${'a,b,c\n'.repeat(3)}`), 10), limits);
    await expect(all(translateRows(rows, context))).rejects.toMatchObject({
      reason: { code: 'CSV_TOO_MANY_ROWS', row: 3 },
    });
    const without = { organisation: context.organisation, receivedAt: context.receivedAt, statedAt: context.statedAt };
    expect(await unreadable(`${HEADER}\n`, without)).toEqual({ code: 'SETTING_MISSING' });
  });

  it('are let go of when the reader stops', async () => {
    let released = false;
    const source = (async function* () {
      try {
        yield Buffer.from(`${HEADER}\n`);
        for (;;) yield Buffer.from('Ann,Lee,2010-01-01\n');
      } finally {
        released = true;
      }
    })();
    for await (const item of classListConnector.translate(source, context)) if (item.row > 10) break;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(released).toBe(true);
  });
});

const samples = join(process.env['SAMPLES_DIR'] ?? '../shared/samples', 'mavis/class_import');
const found = existsSync(samples);
const describeSamples = found ? describe : describe.skip;

describeSamples(
  `class lists of the vaccination service${found ? '' : ' (skipped: SAMPLES_DIR has no mavis/class_import)'}`,
  () => {
    const read = (name: string): Uint8Array => readFileSync(join(samples, name));

    it.each([
      ['valid.csv', ['ok', 'ok', 'ok', 'ok']],
      ['valid_extra_fields.csv', ['ok', 'ok', 'ok']],
      ['valid_instruction_row.csv', ['ok']],
      ['valid_minimal.csv', ['ok']],
      ['valid_with_bom.csv', ['ok']],
      ['duplicates.csv', ['ok', 'ok', 'ok']],
      ['empty.csv', []],
      ['pds_extravaganza.csv', ['ok']],
      ['review_one.csv', ['ok', 'ok', 'ok', 'ok']],
      ['review_one_new_patient.csv', ['ok']],
      ['review_two.csv', ['ok', 'ok', 'ok', 'ok', 'ok']],
      ['invalid_minimal.csv', ['VALUE_MISSING CHILD_DATE_OF_BIRTH']],
      ['invalid_instruction_row.csv', ['VALUE_MISSING CHILD_DATE_OF_BIRTH']],
    ])('%s', async (name, expected) => {
      expect((await items(read(name))).map(reasonsOf)).toEqual(expected);
    });

    it('invalid_fields.csv says what is wrong with the child in each row', async () => {
      const refused = (await items(read('invalid_fields.csv'))).filter((item) => !item.ok);
      expect(refused.map((item) => `${item.row} ${String(reasonsOf(item))}`)).toEqual([
        '2 VALUE_MISSING CHILD_LAST_NAME',
        '7 VALUE_MISSING CHILD_FIRST_NAME',
        '8 VALUE_MISSING CHILD_DATE_OF_BIRTH',
        '15 DATE_INVALID CHILD_DATE_OF_BIRTH',
        '16 POSTCODE_INVALID CHILD_POSTCODE',
        '17 NHS_NUMBER_FORMAT CHILD_NHS_NUMBER',
      ]);
    });

    it('malformed.csv is no class list', async () => {
      expect(await unreadable(read('malformed.csv'))).toEqual({
        code: 'CSV_MISSING_COLUMN',
        column: 'CHILD_FIRST_NAME',
      });
    });

    it('no event id is made of anything about a child', async () => {
      for (const name of readdirSync(samples).filter((file) => file !== 'malformed.csv')) {
        for (const item of await items(read(name))) {
          if (item.ok) expect(item.event.id).toBe(`class-list:123456:${item.row}:${context.statedAt}`);
        }
      }
    });
  },
);
