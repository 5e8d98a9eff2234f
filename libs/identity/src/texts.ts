import type { SqlRow } from '#database';

/** So many values are asked for in one statement. */
export const MOST_ASKED = 256;

/** A column that always has text. */
export function textOf(row: SqlRow, column: string): string {
  return String(row[column]);
}

/** A column that may be empty. */
export function textOrNull(row: SqlRow, column: string): string | null {
  const value = row[column];
  return typeof value === 'string' ? value : null;
}

/** As many marks as the list has values, or a few more: so that not every length is a statement of its own for the server to plan. */
export function listed(values: readonly string[]): { readonly marks: string; readonly values: readonly string[] } {
  const [last] = values.slice(-1);
  if (last === undefined) return { marks: 'null', values };
  let size = 1;
  while (size < values.length) size *= 4;
  const padded = [...values, ...Array.from({ length: size - values.length }, () => last)];
  return { marks: padded.map(() => '?').join(', '), values: padded };
}

/** The list in pieces of at most so many. */
export function inPieces<T>(values: readonly T[], most: number): readonly (readonly T[])[] {
  const count = Math.ceil(values.length / most);
  return Array.from({ length: count }, (_, index) => values.slice(index * most, (index + 1) * most));
}
