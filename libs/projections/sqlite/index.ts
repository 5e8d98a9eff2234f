export { CheckpointMoved } from './generation.ts';
export { rebuild, type RebuildProgress } from './rebuild.ts';
export { runView } from './run.ts';
export { openView, type OpenView, type View, type ViewStatus } from './view.ts';
