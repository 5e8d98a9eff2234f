import { matrixCases, type MatrixCase } from '#sharing/matrix';

/** The case matrix, read when somebody first asks. */
export type Matrix = () => readonly MatrixCase[];

/** Injection token of the {@link Matrix}. */
export const MATRIX = Symbol('MATRIX');

/** Reads the matrix of the release once. */
export function caseMatrix(): Matrix {
  let cases: readonly MatrixCase[] | undefined;
  return () => (cases ??= matrixCases());
}
