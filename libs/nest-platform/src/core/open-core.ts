import { join } from 'node:path';
import { FAMILIES, type Family } from '#contracts';
import type { Chance, Clock } from '#kernel';
import { observed, POSITIONS_STORE, type EventLog, type LogObserver } from '#event-log';
import { IDENTITY_STORE, openIdentity } from '#identity';
import type { ViewPlace } from '#projections';
import {
  enforcementPoint,
  openPublisher,
  type DecisionObserver,
  type LookBook,
  type Publishing,
  type Stage,
} from '#sharing';
import {
  CheckpointFolder,
  checkAtStart,
  openTree,
  parseVkey,
  signerOf,
  startCheckpointer,
  type Timer,
} from '#transparency';
import { KEYS_STORE, loadKek, openVault, sealingOnly } from '#vault';
import { commandsOf } from './commands.ts';
import type { Core, Eraser } from './core.ts';
import { hubKey, hubSecret, hubSeed } from './derived-keys.ts';
import { erasureOf, holdsOf } from './erasure.ts';
import { followSurely, type Follower } from './follow.ts';
import type { LogReaders } from './follow-log.ts';
import { headBook, HEADS_STORE } from './head-book.ts';
import { Heads, type WitnessOptions } from './heads.ts';
import { openLogOf } from './open-log.ts';
import { proofOf } from './proof.ts';
import { openRelationshipsProcess } from './relationships.ts';
import type { Stores } from './stores.ts';
import { currentTails, type CurrentTails } from './tails.ts';
import { tickets, writerTokens } from './tokens.ts';
import { watched } from './watched-log.ts';
import type { WitnessStatus } from './witnesses.ts';

/** Where the hub keeps things and what it is given from outside. */
export interface CoreOptions {
  readonly varDir: string;
  /** What is not the log: positions, keys, identity. Whoever made it closes it. */
  readonly stores: Stores;
  /** Whether this process does the area's background work; its own tree it keeps anyway. */
  readonly background: boolean;
  readonly keyFile: string;
  /** Folder of the bucket keys, where stores are on a server; the same for every process. */
  readonly keyBuckets: string;
  readonly witnessDir?: string;
  /** Asked to cosign every checkpoint; nobody unless given. */
  readonly witnesses?: WitnessOptions;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly timer: Timer;
  /** Something that must be seen: a checkpoint that can't be kept, a subscription that drops. Codes and kinds only. */
  readonly alarm: (what: string, error: unknown) => void;
  /** Hear what is done on the log and what is decided, for numbers. */
  readonly observers?: { readonly log: LogObserver; readonly decisions: DecisionObserver };
  /** Where a test stops a request between decision and answer. */
  readonly stage?: (at: Stage) => Promise<void>;
  /** The log on a server; a file in `varDir` unless given. */
  readonly eventStoreUrl?: string;
  /** How the log is opened, given how it would be and where a file of it lies: a test of a full disk or a failed commit says otherwise. */
  readonly openLog?: (open: () => Promise<EventLog>, path: string) => Promise<EventLog>;
}

/** A core with what only the composition of the process may touch. */
export interface OpenedCore {
  readonly core: Core;
  readonly publishing: Publishing;
  readonly tails: CurrentTails;
  /** What a further reader of the log is made with. */
  readonly readers: LogReaders;
  /** Where a further view is opened. */
  readonly views: ViewPlace;
  /** Where a further store is opened. */
  readonly stores: Stores;
  readonly identity: Awaited<ReturnType<typeof openIdentity>>;
  readonly master: Uint8Array;
  /** How it stands with those who cosign. */
  readonly witnesses: () => WitnessStatus;
  close(): Promise<void>;
}

/** Unwrapped keys kept in memory: each holds objects of OpenSSL, about 3 kB. */
const KEYS = 10_000;
const PROVEN: readonly Family[] = FAMILIES;

/**
 * Opens everything a hub stands on, in the order in which it may be trusted: keys, log, tree against the last signed heads, then what
 * writes. Throws `KekUnusable`, `LogInUse`, `RollbackDetected` and what the folder says.
 */
export async function openCore(options: CoreOptions): Promise<OpenedCore> {
  const opened: (() => Promise<void> | void)[] = [];
  try {
    return await openParts(options, opened);
  } catch (error) {
    // A refused start leaves the folder as it was, its lock included.
    for (const close of opened.reverse()) await close();
    throw error;
  }
}

async function openParts(options: CoreOptions, opened: (() => Promise<void> | void)[]): Promise<OpenedCore> {
  const { varDir, clock, chance, alarm } = options;
  const master = loadKek(options.keyFile, { create: true, chance });
  const { openLog = (open: () => Promise<EventLog>) => open(), observers } = options;
  const path = join(varDir, 'log.db');
  const opening = watched(await openLog(() => openLogOf(options), path), (error) => alarm('log', error));
  const log = observers === undefined ? opening : observed(opening, observers.log);
  opened.push(() => log.close());
  const kek = hubSecret(master, 'key-encryption');
  // Where processes share a database the key file may be one that nobody can write beside.
  const ledgerPath =
    options.stores.kind === 'sqlite' ? `${options.keyFile}.erasures` : join(options.keyBuckets, 'erasures.ledger');
  const vault = await openVault({
    database: await options.stores.open(KEYS_STORE, 'keys.db'),
    kek,
    chance,
    clock,
    ledgerPath,
    buckets: options.keyBuckets,
    cached: KEYS,
  });
  opened.push(() => vault.close());
  const tree = openTree({ path: join(varDir, 'tree.db'), log });
  opened.push(() => tree.close());
  const signer = signerOf('tellonce', hubSeed(master, 'checkpoint'));
  const folder = new CheckpointFolder(join(varDir, 'checkpoints'));
  const witness = options.witnessDir === undefined ? undefined : new CheckpointFolder(options.witnessDir);
  const folders = witness === undefined ? [folder] : [folder, witness];
  const book = headBook(await options.stores.open(HEADS_STORE, 'heads.db'));
  const shown = (await book.read('shown'))?.note;
  const known = [parseVkey(signer.vkey)];
  const newest = await checkAtStart({
    tree,
    log,
    families: PROVEN,
    folders,
    known,
    ...(shown === undefined ? {} : { shown }),
  });
  const { leadership } = options.stores;
  const heads = new Heads({ ...options.witnesses, book, tree, signer, witness, leadership, alarm });
  await heads.checkAtStart(newest);
  const checkpointer = startCheckpointer({
    tree: tree.tree,
    signer,
    timer: options.timer,
    folder,
    newest,
    witness: heads.witness,
    onSigned: () => heads.signed(),
    onFailure: (error) => alarm('checkpoint', error),
  });

  opened.push(() => checkpointer.close());
  const identity = await openIdentity({
    database: await options.stores.open(IDENTITY_STORE, 'identity.db'),
    log,
    vault,
    chance,
    clock,
  });
  opened.push(() => identity.close());
  const tails = await currentTails(log, (child) => identity.lineageOf(child));
  // What stores looks never opens one.
  const looks: LookBook = {
    log,
    vault: sealingOnly(vault),
    clock,
    chance,
    ...(observers === undefined ? {} : { observer: observers.decisions }),
  };
  const publishing = openPublisher({
    log,
    vault,
    identity,
    clock,
    chance,
    hubKey: hubKey(master, 'translation'),
    registry: () => tails.registry(),
    protection: (child) => tails.protection(child),
  });
  const quarantine: Eraser = {
    name: 'quarantine',
    erase: (record) => publishing.eraseQuarantined(record, { correlationId: 'erasure' }),
  };
  const erasers: Eraser[] = [quarantine];
  const positions = await options.stores.open(POSITIONS_STORE, 'positions.db');
  const readers: LogReaders = { log, positions, leadership, alarm };
  const followers: Follower[] = [
    followSurely('tree', (signal) => tree.follow(signal), alarm),
    ...(options.background
      ? [openRelationshipsProcess({ readers, vault, identity, clock, protection: (child) => tails.protection(child) })]
      : []),
  ];
  const showing = options.background ? heads.follow(checkpointer) : undefined;
  const core: Core = {
    clock,
    chance,
    log,
    vault,
    tails,
    looks,
    disclose: enforcementPoint(tails, looks, options.stage, alarm),
    recordsOf: (child) => identity.recordsOf(child),
    recordsOfAll: (children) => identity.recordsOfAll(children),
    childOf: (record) => identity.childOf(record),
    childrenOf: (records) => identity.childrenOf(records),
    match: (subject) => identity.match(subject),
    ...commandsOf(log, clock, tails),
    erase: erasureOf({ log, vault, identity, erasers, chance, alarm }),
    addEraser: (eraser) => void erasers.push(eraser),
    erasers: () => erasers.map(({ name }) => name),
    holdsOn: holdsOf({ log, identity }),
    folders: [varDir, ledgerPath, ...(options.witnessDir === undefined ? [] : [options.witnessDir])],
    tokens: writerTokens(hubSecret(master, 'cursor'), chance),
    tickets: tickets(hubSecret(master, 'ticket'), chance),
    proof: proofOf({ vkey: signer.vkey, tree, checkpointer, heads }),
  };
  return {
    core,
    publishing,
    tails,
    readers,
    views: options.stores.views,
    stores: options.stores,
    identity,
    master,
    witnesses: () => heads.status(),
    close: async () => {
      for (const follower of followers) await follower.stop();
      await tree.catchUp();
      checkpointer.close();
      await showing?.stop();
      tree.close();
      await identity.close();
      await vault.close();
      await log.close();
    },
  };
}
