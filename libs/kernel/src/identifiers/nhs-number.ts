/** NHS number with separators as people write them (`943 476 5919`, `943-476-5919`) as ten digits; undefined for anything else. */
export function normaliseNhsNumber(text: string): string | undefined {
  const digits = text.trim().replace(/^([0-9]{3})[ -]?([0-9]{3})[ -]?([0-9]{4})$/, '$1$2$3');
  return /^[0-9]{10}$/.test(digits) ? digits : undefined;
}

/**
 * True for ten ASCII digits with the right check digit (NHS Data Dictionary: weights 10 to 2, modulus 11). Ten equal digits are refused:
 * `0000000000` satisfies the sum and is what forms are filled with.
 */
export function isNhsNumber(text: string): boolean {
  if (!/^[0-9]{10}$/.test(text) || /^(.)\1{9}$/.test(text)) return false;
  return weightedSum(text) % 11 === 0;
}

/** True for numbers that are never issued to a patient: 999 xxx xxxx, and the sandbox's 900 000 000x. */
export function isTestNhsNumber(text: string): boolean {
  return isNhsNumber(text) && /^(999|900000000)/.test(text);
}

/** Sum of digit times 11 minus place, over all ten: the NHS number's is 0 modulo 11, the ULN's 10. */
export function weightedSum(digits: string): number {
  let sum = 0;
  for (let at = 0; at < 10; at++) sum += Number(digits[at]) * (10 - at);
  return sum;
}
