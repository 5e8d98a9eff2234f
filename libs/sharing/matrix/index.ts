export { changedCases, type CaseOutcome, type CaseRun, type ChangedCase } from './changed-cases.ts';
export { matrixCases, type MatrixCase } from './matrix.ts';
