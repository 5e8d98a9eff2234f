import type { EventLog, LogToken } from '#event-log';

/** How far a rebuild is. `done` and `of` count the events of the log up to the checkpoint and up to its head, where the log can tell; otherwise events of the view's families. */
export interface RebuildProgress {
  readonly generation: number;
  readonly done: number;
  readonly of: number;
  /** Since the process that builds it began or continued it. */
  readonly perSecond: number;
  readonly secondsLeft: number | null;
  readonly parked: number;
  readonly state: 'running' | 'swapped' | 'failed';
  /** A code; only where it failed. */
  readonly reason?: string;
  /** Rows of each table in the generation replaced and in the new one. */
  readonly counts?: {
    readonly before: Readonly<Record<string, number>>;
    readonly after: Readonly<Record<string, number>>;
  };
}

/** A view as `/v1/admin/projections` tells of it. */
export interface ProjectionStatus {
  readonly name: string;
  /** 0 where no projector has made the first yet. */
  readonly generation: number;
  /** Events of the log after the checkpoint; null where the log can't tell how many. */
  readonly behind: number | null;
  readonly parked: number;
  /** The one that runs, or the last: in SQLite of this process, in PostgreSQL of any. */
  readonly rebuild: RebuildProgress | null;
}

/** How many events of the log a view has not read; null where the log can't count. */
export function behind(log: EventLog, checkpoint: LogToken | null, head: LogToken | null): number | null {
  if (head === null || (checkpoint !== null && log.compare(checkpoint, head) >= 0)) return 0;
  return log.distance?.(checkpoint, head) ?? null;
}
