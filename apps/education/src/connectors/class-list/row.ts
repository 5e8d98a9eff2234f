import type { PlainDate } from '#kernel';
import type { Reason } from '#contracts';
import type { ClassListRow } from './parse.ts';
import { birthDateOf, nhsNumberOf, postcodeOf, textOf, yearGroupOf } from './values.ts';
import type { ReadValue } from './values.ts';

/**
 * What is taken from a row. Preferred names (`CHILD_PREFERRED_…` in any spelling), parents, addresses and genders are not: an
 * enrolment does not need them.
 */
export interface Child {
  readonly givenName: string;
  readonly surname: string;
  readonly birthDate: string;
  readonly nhsNumber?: string;
  readonly postcode?: string;
  readonly yearGroup?: string;
  readonly registration?: string;
}

/** What a row is: a child, reasons why it can't be used, or nothing (blank, or the template's own instructions). */
export type ReadRow =
  | { readonly kind: 'child'; readonly child: Child }
  | { readonly kind: 'unusable'; readonly reasons: readonly Reason[] }
  | { readonly kind: 'nothing' };

/** Columns by what they say; several where versions of the template differ. */
const COLUMNS: Readonly<Record<keyof Child, readonly string[]>> = {
  givenName: ['CHILD_FIRST_NAME'],
  surname: ['CHILD_LAST_NAME'],
  birthDate: ['CHILD_DATE_OF_BIRTH'],
  nhsNumber: ['CHILD_NHS_NUMBER'],
  postcode: ['CHILD_POSTCODE'],
  yearGroup: ['CHILD_YEAR_GROUP'],
  registration: ['CHILD_REGISTRATION'],
};
const INSTRUCTION = /^(required|optional)\s*:/i;

/** Reads one row; every reason names its column, none repeats a value. `stated` is the day of the statement: nobody is born after it. */
export function readRow(row: ClassListRow, stated: PlainDate): ReadRow {
  if (row.cells.size === 0 || isInstruction(row)) return { kind: 'nothing' };
  const reasons: Reason[] = row.complete ? [] : [{ code: 'ROW_CELL_COUNT', row: row.row }];
  const read = (member: keyof Child, use: (value: string) => ReadValue): string | undefined => {
    const column = COLUMNS[member].find((candidate) => row.cells.has(candidate));
    if (column === undefined) return undefined;
    const value = use(row.cells.get(column) ?? '');
    if (value.ok) return value.value;
    reasons.push({ code: value.error, row: row.row, column });
    return undefined;
  };
  const required = (member: 'givenName' | 'surname' | 'birthDate', use: (value: string) => ReadValue): string => {
    const [column = ''] = COLUMNS[member];
    if (!row.cells.has(column)) reasons.push({ code: 'VALUE_MISSING', row: row.row, column });
    return read(member, use) ?? '';
  };
  const child = {
    givenName: required('givenName', textOf),
    surname: required('surname', textOf),
    birthDate: required('birthDate', (value) => birthDateOf(value, stated)),
    ...present({
      nhsNumber: read('nhsNumber', nhsNumberOf),
      postcode: read('postcode', postcodeOf),
      yearGroup: read('yearGroup', yearGroupOf),
      registration: read('registration', textOf),
    }),
  };
  return reasons.length === 0 ? { kind: 'child', child } : { kind: 'unusable', reasons };
}

/** The template's second row explains its columns: "Required: Free text". */
function isInstruction({ cells }: ClassListRow): boolean {
  return (
    INSTRUCTION.test(cells.get('CHILD_FIRST_NAME') ?? '') || INSTRUCTION.test(cells.get('CHILD_DATE_OF_BIRTH') ?? '')
  );
}

/** The members that are there. */
function present<Name extends string>(
  values: Readonly<Record<Name, string | undefined>>,
): Partial<Record<Name, string>> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<
    Record<Name, string>
  >;
}
