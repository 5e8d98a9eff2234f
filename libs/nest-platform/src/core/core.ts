import type { Chance, ChildId, Clock, OrganisationId, Outcome, RecordId } from '#kernel';
import type { Reason, SubjectIdentity } from '#contracts';
import type { Match, Member } from '#identity';
import type { EventLog, LogToken } from '#event-log';
import type { Disclose, HoldPlaced, LookBook, ProtectionCommand, RegistryCommand, Tails } from '#sharing';
import type { Vault } from '#vault';

/** Who gives a command, for the record of it. */
export interface CommandMeta {
  readonly by: OrganisationId;
  readonly correlationId: string;
}

/** A command was carried out, was there already, or is refused with places in its data. */
export type CommandOutcome = Outcome<{ readonly changed: boolean; readonly token: LogToken | null }, readonly Reason[]>;

/** What was erased of a child. */
export interface Erasure {
  readonly erasureId: string;
  /** Records of which every store is free; a record that a store failed on is not among them. */
  readonly records: number;
  readonly keysDestroyed: number;
  /** How many rows, items or keys each store gave up. */
  readonly stores: readonly { readonly store: string; readonly removed: number }[];
  /** Stores that failed: ask again until there is none. */
  readonly failing: readonly string[];
}

/** Destroys everything readable that one store holds of a record; each store registers one (design §3.5). */
export interface Eraser {
  readonly name: string;
  /** Answers how many rows or items went; may be repeated. */
  readonly erase: (record: RecordId) => Promise<number>;
  /** What is held of the child itself, once none of its records is left. */
  readonly eraseChild?: (child: ChildId) => Promise<number>;
}

/** The parts of a running hub that controllers speak to. Made by `openCore`, handed to Nest under {@link CORE}. */
export interface Core {
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: EventLog;
  readonly vault: Vault;
  readonly tails: Tails;
  readonly looks: LookBook;
  readonly disclose: Disclose;
  /** The organisations that have told of a child, and the random ids of their records. */
  recordsOf(child: ChildId): Promise<readonly Member[]>;
  /** The same of many children, in one question; those nobody has told of are left out. */
  recordsOfAll(children: readonly ChildId[]): Promise<ReadonlyMap<ChildId, readonly Member[]>>;
  /** The child that a record belongs to now; says nothing of who may know. */
  childOf(record: RecordId): Promise<ChildId | undefined>;
  /** The same of many records, in one question; those that belong to none are left out. */
  childrenOf(records: readonly RecordId[]): Promise<ReadonlyMap<RecordId, ChildId>>;
  /** Who a child is, by identifiers; says nothing of who may know. */
  match(subject: Omit<SubjectIdentity, 'localId'>): Promise<Match>;
  registryCommand(command: RegistryCommand, meta: CommandMeta): Promise<CommandOutcome>;
  protectionCommand(child: ChildId, command: ProtectionCommand, meta: CommandMeta): Promise<CommandOutcome>;
  /** Erases the records of a child that the named organisation (or, for null, any) keeps here. Throws `ErasureHeld`. */
  erase(
    child: ChildId,
    organisation: OrganisationId | null,
    ground: ErasureGround,
    meta: CommandMeta,
  ): Promise<Erasure>;
  addEraser(eraser: Eraser): void;
  /** Names of the stores that erasing reaches besides keys and identity. */
  erasers(): readonly string[];
  /** The legal holds that keep records of a child: of the organisation, or, for null, any. */
  holdsOn(child: ChildId, organisation: OrganisationId | null): Promise<readonly HoldPlaced[]>;
  /** Every file and folder that the hub writes to: what is searched after an erasure. */
  readonly folders: readonly string[];
  /** A position for its writer's eyes only, and back. */
  readonly tokens: WriterTokens;
  readonly tickets: Tickets;
  readonly proof: Proof;
}

/** Why something may be erased, as the law names it. */
export type ErasureGround = 'article-17' | 'retention-ended' | 'court-order';

/** Opaque positions: only the one who got a token can use it (design §4.7). */
export interface WriterTokens {
  issue(sub: string, token: LogToken): string;
  /** Undefined for somebody else's, and for what is no token. */
  read(sub: string, text: string): LogToken | undefined;
}

/** What somebody asked, handed to them sealed: whichever process they come back to can take it up. */
export interface Tickets {
  issue(holder: string, says: string): string;
  /** Undefined for somebody else's, and for what is no ticket. */
  read(holder: string, ticket: string): string | undefined;
}

/** What the tree answers. */
export interface Proof {
  /**
   * The signed checkpoint that outsiders are shown (C2SP tlog-checkpoint), with cosignatures where witnesses gave them. Never one of
   * fewer events than before, whichever process answers.
   */
  checkpoint(): Promise<string | undefined>;
  /** The verifier key of the hub (C2SP vkey). */
  readonly vkey: string;
  /** `c2sp.org/tlog-proof@v1` for an event, once a checkpoint covers it; with the stored bytes where the holder may have them. */
  receipt(eventId: string, bytes?: Uint8Array): Promise<string | undefined>;
  /** Consistency between two sizes, hashes in base64; undefined where the sizes do not exist. */
  consistency(size1: number, size2: number): Promise<readonly string[] | undefined>;
  /** Inclusion of the leaf at an index in the tree of a size, hashes in base64; undefined where there is none. */
  inclusion(index: number, size: number): Promise<readonly string[] | undefined>;
  /** C2SP tlog-tiles: the first `width` hashes of a tile, 32 bytes each; undefined where they are not there yet. */
  tile(level: number, n: number, width: number): Promise<Uint8Array | undefined>;
}

/** Injection token of the {@link Core}. */
export const CORE = Symbol('CORE');
