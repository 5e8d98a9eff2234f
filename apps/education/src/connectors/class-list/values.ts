import { fail, isNhsNumber, ok, parsePlainDate } from '#kernel';
import type { Outcome, PlainDate } from '#kernel';

/** A cell's value as facts spell it, or the code of what is wrong with it. */
export type ReadValue<T extends string = string> = Outcome<T, string>;

const UNREADABLE = /[\p{Cc}\p{Cs}\p{Co}\uFFFD]/u;
const POSTCODE = /^([A-Z]{1,2}[0-9][A-Z0-9]?)([0-9][A-Z]{2})$/;
const MOST_CHARACTERS = 100;

/** A name or other short text, in one Unicode spelling (NFC). */
export function textOf(value: string): ReadValue {
  if (UNREADABLE.test(value)) return fail('TEXT_UNREADABLE');
  return value.length > MOST_CHARACTERS ? fail('TEXT_TOO_LONG') : ok(value.normalize('NFC'));
}

/** `DD/MM/YYYY` or `YYYY-MM-DD`, a day that exists, not before 1900 and not after `latest`. */
export function birthDateOf(value: string, latest: PlainDate): ReadValue<PlainDate> {
  const british = /^(\d{1,2})\/(\d{1,2})\/(\d{4})$/.exec(value);
  const iso = british === null ? value : `${british[3]}-${two(british[2])}-${two(british[1])}`;
  const date = parsePlainDate(iso);
  if (date === undefined || date < '1900-01-01') return fail('DATE_INVALID');
  return date > latest ? fail('DATE_IN_FUTURE') : ok(date);
}

/** Ten digits, blanks and hyphens between them allowed, with the right check digit (domain §4.1). */
export function nhsNumberOf(value: string): ReadValue {
  const digits = value.replaceAll(/[\s-]/g, '');
  if (!/^[0-9]{10}$/.test(digits)) return fail('NHS_NUMBER_FORMAT');
  return isNhsNumber(digits) ? ok(digits) : fail('NHS_NUMBER_CHECK_DIGIT');
}

/** A postcode in its usual spelling, one blank before the last three characters. */
export function postcodeOf(value: string): ReadValue {
  const parts = POSTCODE.exec(value.toUpperCase().replaceAll(/\s/g, ''));
  return parts === null ? fail('POSTCODE_INVALID') : ok(`${parts[1]} ${parts[2]}`);
}

/** National curriculum year: `N1`, `N2`, `R`, `1` to `14`; `Year 9`, `Reception` and `Nursery` are read too. */
export function yearGroupOf(value: string): ReadValue {
  const year = value.toUpperCase().replace(/^YEAR\s*/, '');
  if (year === 'RECEPTION' || year === 'R' || year === '0') return ok('R');
  if (year === 'NURSERY' || year === 'N2') return ok('N2');
  if (year === 'N1') return ok('N1');
  return /^([1-9]|1[0-4])$/.test(year) ? ok(year) : fail('YEAR_GROUP_INVALID');
}

function two(digits: string | undefined): string {
  return (digits ?? '').padStart(2, '0');
}
