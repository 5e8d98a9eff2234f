import type { Kysely } from 'kysely';
import type { LoggedEvent, LogToken } from '#event-log';
import type { RowOperation } from './definition.ts';
import type { RebuildProgress } from './progress.ts';

/** A view's tables are named by its definition, so their columns are known only to its own query. */
export type ViewTables = Record<string, Record<string, unknown>>;

/** The checkpoint was not where this runner left it: somebody else writes this view. Nothing was written. */
export class CheckpointMoved extends Error {
  override readonly name = 'CheckpointMoved';
  constructor(expected: LogToken | null, actual: LogToken | null) {
    super(`expected checkpoint ${expected ?? 'none'}, is ${actual ?? 'none'}`);
  }
}

/** Why an event has no rows where a table refused them. */
export const ROW_REFUSED = 'ROW_REFUSED';

/** What one event came to: operations, or the reason for which it is parked. */
export type Made = {
  readonly event: Pick<LoggedEvent, 'stream' | 'revision' | 'token' | 'type'>;
} & ({ readonly operations: readonly RowOperation[] } | { readonly reason: string });

/** Events that were projected and are to be written together. */
export interface ProjectedBatch {
  readonly made: readonly Made[];
  /** How many rows are not made because their key is destroyed. */
  readonly gone: number;
  /** The generation's count of erasures before the events were projected. */
  readonly erasures: number;
  readonly to: LogToken;
}

/**
 * How a batch went. `again`: something of a record was erased after the events were projected, or a table refused a row, which is parked by a
 * second, more careful writing; project and write once more. `back`: refused while loading, and the generation is back at its last save; read on from its checkpoint.
 */
export type Written = 'written' | 'again' | 'back';

/** One generation of a view as its one writer sees it: tables, what was parked, and how far it has read, moved in one transaction. */
export interface Generation {
  readonly number: number;
  /** Version of the definition that made it. */
  readonly version: number;
  /** As this writer left it; null before the first event. */
  readonly checkpoint: LogToken | null;
  /** Events read into this generation, parked ones included. */
  readonly events: number;
  /** How often something was erased from it, as far as this writer knows. */
  readonly erasures: number;
  /** Writes what a batch came to and moves the checkpoint, both or neither. Throws {@link CheckpointMoved}. */
  write(batch: ProjectedBatch): Promise<Written>;
  /** Makes durable what was written while loading. Throws {@link CheckpointMoved}, and then nothing since the last save was written. */
  save(): Promise<void>;
  /** Ends loading: makes the indexes, then the removals that waited. Erasures wait for it. */
  finish(): Promise<void>;
  parked(): Promise<number>;
  /** How many rows are not there because their keys are destroyed or their record was erased. */
  gone(): Promise<number>;
  /** Rows of every table, for comparing generations. */
  counts(): Promise<Readonly<Record<string, number>>>;
}

/** The generation that serves, as it is stored. */
export interface LiveGeneration {
  readonly number: number;
  readonly version: number;
  readonly token: LogToken | null;
}

/** Where the generations of one view are kept. What only the view's one projector may do says so. */
export interface ViewStore {
  /** True where several processes may take turns to project. */
  readonly shared: boolean;
  /** Read-only queries on the live generation. */
  readonly db: Kysely<ViewTables>;
  /** Null where no projector has made the first yet. */
  live(): Promise<LiveGeneration | null>;
  /** Events that the live generation could not understand. */
  parked(): Promise<number>;
  /** The rebuild that runs, or the last one. */
  progress(): Promise<RebuildProgress | null>;
  /** Removes rows, and their bytes where that can be promised, from every generation there is; how many rows went from all of them. */
  erase(operations: readonly RowOperation[]): Promise<number>;
  /** Asks the projector, in whichever process it runs, for a rebuild; false where one is asked for already. */
  askRebuild(): Promise<boolean>;
  rebuildAsked(): Promise<boolean>;
  close(): Promise<void>;

  /** For the projector: the live generation as it is stored now, made where there is none; clears away what a dead projector left. */
  open(): Promise<Generation>;
  /** For the projector: the generation being built beside the live one; continued where a rebuild was killed. */
  beside(): Promise<Generation>;
  /** For the projector: throws away what was built beside. */
  discard(): Promise<void>;
  /**
   * For the projector: serves the generation built beside, unless `behind` says of both checkpoints that it would take back what somebody has
   * read. The new live generation, or undefined where nothing was changed. Queries begun on the old one end on it.
   */
  swap(behind: (live: LogToken | null, next: LogToken | null) => boolean): Promise<Generation | undefined>;
  /** For the projector: how a rebuild stands, as every process is to see it. */
  report(progress: RebuildProgress): Promise<void>;
  /** For the projector: the rebuild that was asked for is over. */
  rebuildEnded(): Promise<void>;
}
