import { UnreadableFile } from '#contracts';

/** What a class list may cost; checked before a row is put together. */
export interface ClassListLimits {
  /** Bytes of one row, delimiters and line breaks included. */
  readonly rowBytes: number;
  readonly columns: number;
  readonly rows: number;
}

/** A class list row is some 300 bytes in 25 columns; an area has 130,000 people and the largest list tried has a million rows. */
export const CLASS_LIST_LIMITS: ClassListLimits = { rowBytes: 32_768, columns: 200, rows: 2_000_000 };

const QUOTE = 0x22;
const COMMA = 0x2c;
const NEWLINE = 0x0a;
const NUL = 0x00;

interface Row {
  /** 0 is the header. */
  number: number;
  bytes: number;
  columns: number;
  quoted: boolean;
}

/**
 * Passes the bytes of a CSV file on, less a UTF-8 byte-order mark, and refuses what would make a reader hold much: too long a row, too many
 * columns or rows, UTF-16 and binary content. Knows quotes only as far as needed to see where a row ends. Hands on whole rows only, so that
 * what is wrong with a row does not depend on how the file was cut; throws `UnreadableFile` after the last whole row before the trouble.
 */
export async function* guarded(input: AsyncIterable<Uint8Array>, limits: ClassListLimits): AsyncGenerator<Uint8Array> {
  const row: Row = { number: 0, bytes: 0, columns: 1, quoted: false };
  /** The row that has no end yet, as it came: never more than a row may be long, and one piece. */
  let held: Uint8Array[] = [];
  for await (const piece of withoutByteOrderMark(input)) {
    let whole = 0;
    let trouble: string | undefined;
    for (let place = 0; place < piece.length && trouble === undefined; place += 1) {
      const byte = piece[place];
      row.bytes += 1;
      if (byte === QUOTE) row.quoted = !row.quoted;
      else if (byte === COMMA && !row.quoted) row.columns += 1;
      else if (byte === NUL) trouble = 'CSV_NOT_TEXT';
      else if (byte === NEWLINE && !row.quoted) {
        trouble = troubleWith(row, limits);
        if (trouble !== undefined) break;
        whole = place + 1;
        row.number += 1;
        row.bytes = 0;
        row.columns = 1;
      }
    }
    trouble ??= troubleWith(row, limits);
    if (whole > 0) {
      const rows = piece.subarray(0, whole);
      yield held.length === 0 ? rows : Buffer.concat([...held, rows]);
      held = [];
    }
    if (trouble !== undefined) throw unreadable(trouble, row.number);
    // A copy: whoever sends may fill the same memory again.
    if (whole < piece.length) held.push(Uint8Array.from(piece.subarray(whole)));
  }
  if (held.length > 0) yield Buffer.concat(held);
}

function troubleWith(row: Row, limits: ClassListLimits): string | undefined {
  if (row.bytes > limits.rowBytes) return 'CSV_ROW_TOO_LONG';
  if (row.columns > limits.columns) return 'CSV_TOO_MANY_COLUMNS';
  return row.number > limits.rows && row.bytes > 0 ? 'CSV_TOO_MANY_ROWS' : undefined;
}

async function* withoutByteOrderMark(input: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let start: Uint8Array | undefined = new Uint8Array();
  for await (const chunk of input) {
    if (start === undefined) {
      yield* pieces(chunk);
      continue;
    }
    start = Buffer.concat([start, chunk]);
    if (start.length < 3) continue;
    yield* pieces(markRemoved(start));
    start = undefined;
  }
  if (start !== undefined && start.length > 0) yield markRemoved(start);
}

/** Small pieces, so that a limit strikes before much is held. */
function* pieces(chunk: Uint8Array): Generator<Uint8Array> {
  const size = 65_536;
  for (let from = 0; from < chunk.length; from += size) yield chunk.subarray(from, from + size);
}

function markRemoved(start: Uint8Array): Uint8Array {
  const [first, second, third] = start;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) throw unreadable('CSV_UTF16', 0);
  return first === 0xef && second === 0xbb && third === 0xbf ? start.subarray(3) : start;
}

function unreadable(code: string, row: number): UnreadableFile {
  return new UnreadableFile({ code, row });
}
