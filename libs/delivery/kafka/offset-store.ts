import type { Instant } from '#kernel';

/**
 * Where a receiver keeps how far it is, in the same store as what it made of the signals. One for each (topic, group). Numbers of records are
 * Kafka's offsets: below 2^53 for as long as anybody will care.
 */
export interface OffsetStore<Tx> {
  /** The offset after the last one that was stored for a partition; undefined before the first. */
  next(partition: number): Promise<number | undefined>;
  /**
   * One transaction: where the offset was passed already, nothing and `false`; otherwise the effect and `offset + 1` together. What the effect
   * throws undoes everything and is thrown on. Two processes must not be able to pass the same offset: lock the partition's row, or serialise.
   */
  transaction(partition: number, offset: number, effect: (turn: Turn<Tx>) => Promise<void>): Promise<boolean>;
  /** Forgets how far the partition is, not which signals there were: its log began anew. */
  reset(partition: number): Promise<void>;
}

/** What an effect may do inside its transaction. */
export interface Turn<Tx> {
  /** The receiver's own handle on the open transaction. */
  readonly tx: Tx;
  /** Notes a signal's id; `false` where it was noted before, by whatever offset. */
  first(id: string): Promise<boolean>;
  /** Keeps a record that can't be handled, whole, with its reason. */
  setAside(letter: NewLetter): Promise<void>;
}

/** A record that was set aside. */
export interface NewLetter {
  readonly partition: number;
  readonly offset: number;
  /** A code: of this library for what can't be read, the receiver's own for the rest. */
  readonly reason: string;
  /** Its id was noted with it, so that no copy is handled: only a replay does. */
  readonly noted: boolean;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly (readonly [name: string, value: Uint8Array])[];
}

export interface Letter extends NewLetter {
  readonly id: number;
  readonly at: Instant;
}

/** What was set aside, to be listed and tried again. */
export interface LetterStore<Tx> {
  /** Oldest first, those behind this id, at most so many; without those that were settled. */
  letters(after: number, most: number): Promise<readonly Letter[]>;
  /** One transaction: the effect, and the letter is settled. `false` and no effect where there is none of this id, or it is settled. */
  settle(id: number, effect: (letter: Letter, turn: Turn<Tx>) => Promise<void>): Promise<boolean>;
}
