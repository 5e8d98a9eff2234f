import type { Erased } from './erased.ts';
import type { KeyRow } from './key-rows.ts';

/** A key that is not kept yet. Its words in the clear go no further than the store, which knows under what to wrap them. */
export interface NewKey {
  readonly id: string;
  readonly owner: string;
  readonly slot: string;
  readonly version: number;
  readonly compartment: string;
  readonly plain: Uint8Array;
}

/** What became of a new key: kept, refused because its owner was erased, or not needed because this row was there first. */
export type Kept = 'kept' | 'erased' | KeyRow;

/** What a row gives: the key with its words, or why not. Gone where it was destroyed since it was read. */
export type Unwrapped = Uint8Array | 'gone' | 'tampered';

/** The keys at rest and the ledger of what was erased: on one machine, or shared by processes. */
export interface KeyStore {
  readonly erased: Erased;
  rowsBy(column: 'id' | 'owner' | 'slot', values: readonly string[]): Promise<readonly KeyRow[]>;
  unwrap(row: KeyRow): Promise<Unwrapped>;
  /** One commit for all; durable when it answers, in the order given. */
  insert(keys: readonly NewKey[]): Promise<readonly Kept[]>;
  /** Destroys for good the keys of an owner's hash, or those of one slot; how many. Nothing more is kept for a whole owner. May be repeated. */
  destroy(owner: string, slot?: string): Promise<number>;
  /** Remembers a suppression by its hash. May be repeated. */
  suppress(hash: string, erasureId: string): Promise<void>;
  /** Learns what other processes have erased since. */
  refresh(): Promise<void>;
  close(): Promise<void>;
}
