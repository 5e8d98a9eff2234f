import type { Family } from '#contracts';
import type { LoggedEvent } from '#event-log';

/** A value of a view's column: what SQLite and PostgreSQL share. Times are ISO text, booleans 0 or 1. */
export type Cell = string | number | null | Uint8Array;
/** A row by column name. */
export type Row = Readonly<Record<string, Cell>>;

/**
 * What a projection asks the runner to write; the runner does it in bulk, in order, in the transaction that moves the checkpoint.
 * `put` inserts or replaces by primary key; with `newer`, it replaces only a row whose columns named there, compared as a row value,
 * are less (order tolerance); `keep` names columns that a replaced row keeps where it has a value. `set` changes columns of the rows that match; `remove` deletes them,
 * or with `via` those whose `column` has the value of a matching row of another table. A `final` removal holds for rows that are put later in a rebuild too, so it may wait for its end.
 */
export type RowOperation =
  | {
      readonly op: 'put';
      readonly table: string;
      readonly row: Row;
      readonly newer?: readonly string[];
      readonly keep?: readonly string[];
    }
  | { readonly op: 'set'; readonly table: string; readonly where: Row; readonly change: Row }
  | {
      readonly op: 'remove';
      readonly table: string;
      readonly where: Row;
      readonly via?: { readonly table: string; readonly column: string };
      readonly final?: true;
    };

/** A column of a view's table. */
export interface Column {
  readonly type: 'text' | 'integer' | 'real' | 'blob';
  readonly notNull?: boolean;
}
/** A table of a view, in terms both databases know. */
export interface Table {
  readonly columns: Readonly<Record<string, Column>>;
  readonly primaryKey: readonly string[];
  readonly indexes?: readonly (readonly string[])[];
  /** A row's key names one event, so no two events put the same row: a rebuild makes the key's index after loading. */
  readonly once?: true;
}

/** What a projection may ask besides the event. */
export interface ProjectContext {
  /** False once a key is destroyed: its rows are skipped, so that a rebuild brings nothing erased back. */
  readonly keyAlive: (keyId: string) => boolean | Promise<boolean>;
}

/** A view: tables, and a pure function from one event to row operations. Same events in any order of facts, same rows. */
export interface ViewDefinition {
  readonly name: string;
  /** Raised by whoever changes tables or rules; the runner then builds a new generation beside and swaps. */
  readonly version: number;
  readonly families: readonly Family[];
  readonly tables: Readonly<Record<string, Table>>;
  /** Throws only on what can't be understood: that event is parked with its reason and the rest goes on. */
  readonly project: (
    event: LoggedEvent,
    context: ProjectContext,
  ) => readonly RowOperation[] | Promise<readonly RowOperation[]>;
  /** What to remove when this record is erased; applied without waiting for the log. */
  readonly erase?: (recordId: string) => readonly RowOperation[];
}
