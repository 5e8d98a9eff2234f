export { oneOf } from './database.ts';
export { CheckpointMoved, WalNotTruncated } from './generation.ts';
export type { ProjectionStatus, RebuildProgress } from './progress.ts';
export { rebuild, RebuildRunning, UnexplainedLoss, type RebuildOptions } from './rebuild.ts';
export { runView } from './run.ts';
export { openView, type OpenView, type View } from './view.ts';
