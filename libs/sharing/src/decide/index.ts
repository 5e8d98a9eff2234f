export { decide, permittedSlices, refusalsOf } from './decide.ts';
