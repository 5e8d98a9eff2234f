import type { PlainDate } from '#kernel';

/** A calendar of bank holidays: what it holds is said by its range, and nothing is guessed beyond it. */
export interface BankHolidays {
  /** Of the data, raised with every change. */
  readonly version: string;
  readonly source: string;
  /** First and last day that the calendar reaches, both included. */
  readonly from: PlainDate;
  readonly until: PlainDate;
  readonly days: ReadonlySet<PlainDate>;
}

const DAYS = `
  2023-01-02 2023-04-07 2023-04-10 2023-05-01 2023-05-08 2023-05-29 2023-08-28 2023-12-25 2023-12-26
  2024-01-01 2024-03-29 2024-04-01 2024-05-06 2024-05-27 2024-08-26 2024-12-25 2024-12-26
  2025-01-01 2025-04-18 2025-04-21 2025-05-05 2025-05-26 2025-08-25 2025-12-25 2025-12-26
  2026-01-01 2026-04-03 2026-04-06 2026-05-04 2026-05-25 2026-08-31 2026-12-25 2026-12-28
  2027-01-01 2027-03-26 2027-03-29 2027-05-03 2027-05-31 2027-08-30 2027-12-27 2027-12-28
  2028-01-03 2028-04-14 2028-04-17 2028-05-01 2028-05-29 2028-08-28 2028-12-25 2028-12-26`;

/** England and Wales, 2023 to 2028: days under the Banking and Financial Dealings Act 1971, substitutes and the 2023 coronation included. */
export const BANK_HOLIDAYS_ENGLAND: BankHolidays = {
  version: '2026.1',
  source: 'Banking and Financial Dealings Act 1971 sch. 1; proclamations; www.gov.uk/bank-holidays (england-and-wales)',
  from: '2023-01-01' as PlainDate,
  until: '2028-12-31' as PlainDate,
  days: new Set(DAYS.trim().split(/\s+/) as PlainDate[]),
};
