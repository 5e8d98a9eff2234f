/** What a `main.ts` needs before anything else may be imported: nothing here asks more than Node 20. */
export { ensureNode } from '../src/run/node-version.ts';
export { buildInfo, type BuildInfo } from './build-info.ts';
export { projectRoot } from './project-root.ts';
