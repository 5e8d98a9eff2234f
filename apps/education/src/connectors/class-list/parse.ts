import { CsvError, parse } from 'csv-parse';
import type { Parser } from 'csv-parse';
import { UnreadableFile } from '#contracts';
import { CLASS_LIST_LIMITS, guarded } from './guard.ts';
import type { ClassListLimits } from './guard.ts';

/** One data row: its cells by column name, trimmed; row 1 is the first after the header, empty rows counted. */
export interface ClassListRow {
  readonly row: number;
  readonly cells: ReadonlyMap<string, string>;
  /** Header and row as one small CSV file in UTF-8: what quarantine keeps, and what can be handed in again. */
  readonly raw: () => Uint8Array;
  /** False where the row has more or fewer cells than the header. */
  readonly complete: boolean;
}

const REQUIRED = ['CHILD_FIRST_NAME', 'CHILD_LAST_NAME', 'CHILD_DATE_OF_BIRTH'];
const NOT_ASCII = /[\u0080-\u00ff]/;
const utf8 = new TextDecoder('utf-8', { fatal: true });
const windows1252 = new TextDecoder('windows-1252');

/**
 * Reads a class list in constant memory. Each row is UTF-8 where its bytes are, Windows-1252 (which ISO-8859-1 is read as) where not: the
 * separators have the same bytes in all three, so rows can be told apart before the encoding is known. Throws `UnreadableFile` for a file that
 * is no class list; after some rows where it breaks off in the middle.
 */
export async function* readClassList(
  input: AsyncIterable<Uint8Array>,
  limits: ClassListLimits = CLASS_LIST_LIMITS,
): AsyncGenerator<ClassListRow> {
  let columns: readonly string[] | undefined;
  let row = 0;
  for await (const cells of records(input, limits)) {
    const decoded = cells.some((cell) => NOT_ASCII.test(cell)) ? decodedRow(cells) : cells;
    if (columns === undefined) {
      columns = columnNames(decoded);
      continue;
    }
    row += 1;
    yield rowOf(row, columns, decoded);
  }
  if (columns === undefined) throw new UnreadableFile({ code: 'CSV_EMPTY' });
}

/** Cells as binary strings, one character a byte. Every row before a break is handed on, however the file was cut. */
async function* records(input: AsyncIterable<Uint8Array>, limits: ClassListLimits): AsyncGenerator<string[]> {
  let ready: string[][] = [];
  const collect = (cells: string[]): null => {
    ready.push(cells);
    return null;
  };
  const parser = parse({ encoding: 'latin1', relaxColumnCount: true, bom: false, onRecord: collect });
  parser.on('error', () => undefined).resume();
  let row = 0;
  const take = (): readonly string[][] => {
    const taken = ready;
    ready = [];
    row += taken.length;
    return taken;
  };
  try {
    for await (const piece of guarded(input, limits)) {
      const broken = await written(parser, piece);
      yield* take();
      if (broken !== undefined) throw new UnreadableFile({ code: broken, row });
    }
    const broken = await ended(parser);
    yield* take();
    if (broken !== undefined) throw new UnreadableFile({ code: broken, row });
  } finally {
    parser.destroy();
  }
}

function written(parser: Parser, piece: Uint8Array): Promise<string | undefined> {
  return new Promise((resolve, reject) => parser.write(piece, (error) => settle(error, resolve, reject)));
}

function ended(parser: Parser): Promise<string | undefined> {
  return new Promise((resolve, reject) => parser.end((error?: Error | null) => settle(error, resolve, reject)));
}

function settle(
  error: Error | null | undefined,
  resolve: (code: string | undefined) => void,
  reject: (error: Error) => void,
): void {
  if (!(error instanceof Error)) resolve(undefined);
  else if (!(error instanceof CsvError)) reject(error);
  else resolve(error.code === 'CSV_QUOTE_NOT_CLOSED' ? 'CSV_QUOTE_NOT_CLOSED' : 'CSV_BROKEN_QUOTE');
}

/** The whole row in one encoding: one cell that is no UTF-8 makes all of them Windows-1252. */
function decodedRow(cells: readonly string[]): string[] {
  const bytes = cells.map((cell) => Buffer.from(cell, 'latin1'));
  try {
    return bytes.map((cell) => utf8.decode(cell));
  } catch {
    return bytes.map((cell) => windows1252.decode(cell));
  }
}

/** Column names as schools' systems spell them: any case, blanks for underscores. Names are compared only, never repeated in an error. */
function columnNames(header: readonly string[]): readonly string[] {
  const names = header.map((name) => name.trim().toUpperCase().replaceAll(/\s+/g, '_'));
  const missing = REQUIRED.find((column) => !names.includes(column));
  if (missing !== undefined) throw new UnreadableFile({ code: 'CSV_MISSING_COLUMN', column: missing });
  const named = names.filter((name) => name !== '');
  const doubled = REQUIRED.find((column) => names.indexOf(column) !== names.lastIndexOf(column));
  if (doubled !== undefined) throw new UnreadableFile({ code: 'CSV_DUPLICATE_COLUMN', column: doubled });
  if (new Set(named).size !== named.length) throw new UnreadableFile({ code: 'CSV_DUPLICATE_COLUMN' });
  return names;
}

function rowOf(row: number, columns: readonly string[], values: readonly string[]): ClassListRow {
  const cells = new Map<string, string>();
  for (let index = 0; index < columns.length; index += 1) {
    const value = values[index]?.trim();
    if (value !== undefined && value !== '') cells.set(columns[index] ?? '', value);
  }
  return { row, cells, raw: () => smallFile(columns, values), complete: values.length === columns.length };
}

function smallFile(...rows: readonly (readonly string[])[]): Uint8Array {
  const lines = rows.map((cells) =>
    cells.map((cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(','),
  );
  return Buffer.from(`${lines.join('\n')}\n`, 'utf8');
}
