import { signCheckpoint, type Checkpoint } from './checkpoint.ts';
import type { CheckpointFolder } from './checkpoint-file.ts';
import type { SignedHead } from './cosigned-head.ts';
import { same } from './merkle.ts';
import { parseVkey, type NoteSigner } from './note.ts';
import { RollbackDetected } from './recent-leaves.ts';
import { newestCheckpoints } from './start-check.ts';
import { formatReceipt } from './tlog-proof.ts';
import type { MerkleTree } from './tree.ts';

/** Time that passes; injected, so that specs need not wait. */
export interface Timer {
  /** Runs once after so many milliseconds; the answer cancels. */
  after(milliseconds: number, run: () => void): () => void;
}

/** What signs the tree. */
export interface CheckpointerOptions {
  readonly tree: MerkleTree;
  readonly signer: NoteSigner;
  readonly timer: Timer;
  /** This process's own folder of checkpoints. */
  readonly folder: CheckpointFolder;
  /** Where each is kept too, outside `var`. */
  readonly witness?: Pick<CheckpointFolder, 'append'>;
  /** The newest that the check at start found, wherever it lay: never contradicted, like those of the folder. */
  readonly newest?: Checkpoint | undefined;
  /** Hears of each new checkpoint. */
  readonly onSigned?: () => void;
  /** Longest time an event waits for its checkpoint, in milliseconds (default 1,000). */
  readonly everyMs?: number;
  /** Most events between two checkpoints but for larger batches (default 256). */
  readonly everyEvents?: number;
  /** A checkpoint could not be signed or kept; the hub has to say so aloud. It is tried again with the next. */
  readonly onFailure: (error: unknown) => void;
}

/** Signs the tree as it grows (design §4.9). */
export interface Checkpointer {
  /** The last signed checkpoint with its note; undefined before the first. */
  latest(): (Checkpoint & { readonly note: string }) | undefined;
  /** Signs what is there now unless it is signed already. Throws `RollbackDetected` rather than contradict what was signed. */
  signNow(): void;
  /**
   * Receipt that an event is in the log (`c2sp.org/tlog-proof@v1`); undefined until a checkpoint covers it. It rests on the cosigned head where
   * that covers the event.
   */
  receipt(eventId: string, extra?: Uint8Array, cosigned?: SignedHead): string | undefined;
  /** Signs what is left and ends. */
  close(): void;
}

/** Starts signing. The newest checkpoint found is the one not to be contradicted. Throws `RollbackDetected`. */
export function startCheckpointer(options: CheckpointerOptions): Checkpointer {
  const { tree, signer, timer } = options;
  const [everyMs, everyEvents] = [options.everyMs ?? 1_000, options.everyEvents ?? 256];
  let latest = newestOf(options, signer);
  let cancel: (() => void) | undefined;

  const signNow = (): void => {
    cancel?.();
    cancel = undefined;
    const size = tree.size;
    if (latest !== undefined) {
      const signed = Number(latest.size);
      if (signed > size) throw new RollbackDetected('log-shorter', size);
      // Two checkpoints that contradict each other may never both be signed (C2SP tlog-checkpoint).
      if (!same(tree.root(signed), latest.root)) throw new RollbackDetected('log-differs', 0);
      if (signed === size) return;
    }
    const root = tree.root(size);
    const note = signCheckpoint(BigInt(size), root, signer);
    options.folder.append(note);
    latest = { origin: signer.name, size: BigInt(size), root, note };
    options.onSigned?.();
    options.witness?.append(note);
  };
  const attempt = (): void => {
    try {
      signNow();
    } catch (error) {
      options.onFailure(error);
    }
  };
  const stop = tree.onGrowth((size) => {
    if (size - Number(latest?.size ?? 0n) >= everyEvents) attempt();
    else cancel ??= timer.after(everyMs, attempt);
  });
  if (tree.size > Number(latest?.size ?? 0n)) cancel = timer.after(everyMs, attempt);

  return {
    latest: () => latest,
    signNow,
    receipt(eventId, extra, cosigned) {
      const index = tree.indexOf(eventId);
      if (index === undefined) return undefined;
      const covers = (each: SignedHead | undefined): boolean => each !== undefined && BigInt(index) < each.size;
      // One that this process has not read as far as yet proves nothing here.
      const usable = cosigned !== undefined && cosigned.size <= BigInt(tree.size) ? cosigned : undefined;
      const head = [usable, latest].find(covers);
      if (head === undefined) return undefined;
      const hashes = tree.inclusionProof(index, Number(head.size));
      const receipt = { index: BigInt(index), hashes, checkpoint: head.note };
      return formatReceipt(extra === undefined ? receipt : { ...receipt, extra });
    },
    close() {
      stop();
      signNow();
    },
  };
}

function newestOf({ folder, newest }: CheckpointerOptions, signer: NoteSigner): ReturnType<Checkpointer['latest']> {
  const known = [parseVkey(signer.vkey)];
  const found = [...newestCheckpoints([folder], known), ...(newest === undefined ? [] : [newest])];
  const [first] = found.toSorted((a, b) => Number(b.size - a.size));
  // Ed25519 signs alike each time, so the note of a checkpoint can be made again.
  return first === undefined ? undefined : { ...first, note: signCheckpoint(first.size, first.root, signer) };
}
