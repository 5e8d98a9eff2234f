import { isNhsNumber, weightedSum } from './nhs-number.ts';

/** True for a unique learner number: ten digits, the first not 0, weighted sum 10 modulo 11 (HESA), so none is an NHS number too. */
export function isUln(text: string): boolean {
  return /^[1-9][0-9]{9}$/.test(text) && weightedSum(text) % 11 === 10;
}

/** Which of two ten-digit numbers a text is; undefined for neither. */
export function classifyTenDigits(text: string): 'nhs-number' | 'uln' | undefined {
  return isNhsNumber(text) ? 'nhs-number' : isUln(text) ? 'uln' : undefined;
}
