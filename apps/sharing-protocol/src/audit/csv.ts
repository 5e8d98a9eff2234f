/** What a spreadsheet takes for the beginning of a formula, full-width forms included (OWASP, CSV injection). */
const FORMULA = /^[\s\u0000]*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n\u0000]/u;
const NEEDS_QUOTES = /[",\r\n]/;

/**
 * One record of RFC 4180, line end included. A text that a spreadsheet would take for a formula gets an apostrophe before it, which shows
 * it as text and is all that {@link fromCell} takes away again; one that begins with an apostrophe gets another, so nothing is ambiguous.
 */
export function csvRecord(cells: readonly (string | number | boolean | null)[]): string {
  return `${cells.map((cell) => field(cell)).join(',')}\r\n`;
}

/** The text that a cell written by {@link csvRecord} stands for. */
export function fromCell(cell: string): string {
  return cell.startsWith("'") ? cell.slice(1) : cell;
}

function field(cell: string | number | boolean | null): string {
  if (cell === null) return '';
  if (typeof cell !== 'string') return String(cell);
  const text = FORMULA.test(cell) || cell.startsWith("'") ? `'${cell}` : cell;
  // Quoted as well where it was made inert: some spreadsheets trim what is not quoted.
  return text !== cell || NEEDS_QUOTES.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
