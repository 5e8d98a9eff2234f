export { decide, permitted, permittedSlices, refusalsOf, type Permitted } from './decide.ts';
