import { isNhsNumber, isUpn } from '#kernel';

const UUIDS = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi;
const WRITTEN_APART = /(?<!\d)\d{3}[ ._-]?\d{3}[ ._-]?\d{4}(?!\d)/g;
const LONGER_RUN = /(?<!\d)\d{11,12}(?!\d)/g;
const PUPILS = /[A-Z]\d{11}[\dA-Z]/g;
/** First digits of NHS numbers in use in England: 4, 6 and 7 are issued, 9 is kept for tests. */
const ISSUED = /^[4679]/;

/**
 * True where a text that would stand in the clear holds an NHS number (written together or apart) or a unique pupil number.
 *
 * Ten digits are judged by their check digit alone. In a run of 11 or 12 (`0` before, a counter behind) every window of ten is judged, and
 * must begin as issued numbers do. Longer runs (time stamps, supplier's numbers) and UUIDs are not: one window in eleven has a right check
 * digit by accident, so most of them would be refused. Nor is a birth date beside a name looked for: ids such as
 * `class-list:<setting>:<row>:<statement time>` hold a day and words too, and nothing in the text tells one day from the other.
 */
export function looksPersonal(text: string): boolean {
  if (text.length < 10) return false;
  const id = text.replaceAll(UUIDS, '/');
  if ((id.match(WRITTEN_APART) ?? []).some((number) => isNhsNumber(number.replaceAll(/[ ._-]/g, '')))) return true;
  for (const run of id.match(LONGER_RUN) ?? []) {
    for (let at = 0; at + 10 <= run.length; at++) {
      const number = run.slice(at, at + 10);
      if (ISSUED.test(number) && isNhsNumber(number)) return true;
    }
  }
  return (id.toUpperCase().match(PUPILS) ?? []).some(isUpn);
}
