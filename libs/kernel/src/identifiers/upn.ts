const LETTERS = 'ABCDEFGHJKLMNPQRTUVWXYZ';

/**
 * True for a unique pupil number with the right check letter (DfE UPN guide): letter, LA (3), establishment (4), year (2), serial (3);
 * the last serial sign is a letter where the number is temporary. Unknown LA numbers are taken: lists of them age.
 */
export function isUpn(text: string): boolean {
  if (!/^[A-HJ-NP-RT-Z][0-9]{11}[0-9A-HJ-NP-RT-Z]$/.test(text)) return false;
  let sum = 0;
  for (let at = 1; at < 13; at++) {
    const sign = text[at] ?? '';
    sum += (at + 1) * (/[0-9]/.test(sign) ? Number(sign) : LETTERS.indexOf(sign));
  }
  return LETTERS[sum % 23] === text[0];
}

/** True for a valid UPN that a school gave until the permanent one is known. */
export function isTemporaryUpn(text: string): boolean {
  return isUpn(text) && /[A-Z]$/.test(text);
}
