import type { Leadership } from '#database';
import { outboundClient } from '#delivery';
import {
  headToShow,
  newestCheckpoints,
  parseVkey,
  RollbackDetected,
  signCheckpoint,
  stillCosigned,
  withCosigners,
  type Checkpoint,
  type CheckpointFolder,
  type Checkpointer,
  type CosignedHead,
  type LogTree,
  type NoteSigner,
  type NoteVerifier,
  type SignedHead,
} from '#transparency';
import type { WitnessSetting } from '../config/witnesses.ts';
import { followSurely, type Follower } from './follow.ts';
import type { HeadBook } from './head-book.ts';
import { knownWitnesses } from './witness-client.ts';
import { Witnesses, type WitnessStatus } from './witnesses.ts';

/** Who is asked to cosign and how often, in milliseconds. */
export interface WitnessOptions {
  readonly settings: readonly WitnessSetting[];
  readonly everyMs: number;
  readonly silentMs: number;
}

/** What the heads of a log are shown with. */
export interface HeadsOptions extends Partial<WitnessOptions> {
  readonly book: HeadBook;
  readonly tree: LogTree;
  readonly signer: NoteSigner;
  /** The witness's folder, outside `var`. */
  readonly witness?: CheckpointFolder | undefined;
  readonly leadership: Leadership;
  readonly alarm: (what: string, error: unknown) => void;
}

/** A start waits no longer than this for each witness, in milliseconds; all are asked at once. */
const ANSWER_WITHIN = 5_000;
/** A head that is no longer fresh enough is noticed within this time, in milliseconds. */
const LOOK_EVERY = 1_000;

/**
 * What outsiders learn of the log. Every process signs heads of its own tree, which never contradict each other; but outsiders know one log,
 * whose heads only grow. So one process at a time, whichever has the turn, writes the witness's folder, asks witnesses, and says in the book
 * which head is shown; all processes answer from the book (decision 38).
 */
export class Heads {
  readonly #options: HeadsOptions;
  readonly #witnesses: ReturnType<typeof knownWitnesses>;
  #checkpointer: Checkpointer | undefined;
  #cosigned: CosignedHead | undefined;
  #asking: Witnesses;
  /** While it lasts it is this process's turn. */
  #turn: AbortSignal | undefined;
  /** Ends the wait for the next change. */
  #wake = (): void => undefined;

  constructor(options: HeadsOptions) {
    this.#options = options;
    this.#witnesses = knownWitnesses(options.settings ?? []);
    this.#asking = this.#newAsking();
  }

  /** The witness's folder as the checkpointer writes it: only while it is this process's turn. */
  get witness(): Pick<CheckpointFolder, 'append'> {
    return {
      append: (note) => {
        if (this.#turn?.aborted === false) this.#options.witness?.append(note);
      },
    };
  }

  /** The checkpointer has signed. */
  signed(): void {
    this.#wake();
  }

  /** Before anything is appended: refuses (`RollbackDetected`) where a witness holds more than the log, or other events. */
  async checkAtStart(newest: Checkpoint | undefined): Promise<void> {
    const { signer, tree } = this.#options;
    const signed =
      newest === undefined ? undefined : { size: newest.size, note: signCheckpoint(newest.size, newest.root, signer) };
    await this.#asking.checkAtStart(signed, async () => {
      await tree.catchUp();
      return BigInt(tree.tree.size);
    });
  }

  /** From now on, whenever it is this process's turn. */
  follow(checkpointer: Checkpointer): Follower {
    const { leadership, alarm } = this.#options;
    this.#checkpointer = checkpointer;
    return followSurely('heads', (signal) => leadership.lead('heads', signal, (turn) => this.#lead(turn)), alarm);
  }

  /** The head that outsiders are shown. */
  async shown(): Promise<string | undefined> {
    return (await this.#options.book.read('shown'))?.note;
  }

  /** The newest head that witnesses cosigned. */
  async cosigned(): Promise<SignedHead | undefined> {
    return this.#options.book.read('cosigned');
  }

  /** How it stands with the witnesses, as far as this process has asked them. */
  status(): WitnessStatus {
    return this.#asking.status();
  }

  async #lead(signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    const turn = AbortSignal.any([signal, over.signal]);
    let works: readonly Promise<void>[] = [];
    try {
      const shown = await this.#takeOver(turn);
      works = [this.#show(shown, turn), ...(this.#witnesses.length === 0 ? [] : [this.#asking.follow(turn)])];
      await Promise.all(works);
    } finally {
      over.abort();
      await Promise.allSettled(works);
      // What it knew is another's affair now.
      this.#asking = this.#newAsking();
    }
  }

  /** Goes on from what outsiders know already. Answers with the size that they were shown. */
  async #takeOver(turn: AbortSignal): Promise<bigint> {
    const { book, signer } = this.#options;
    const shown = (await book.read('shown'))?.size ?? 0n;
    const [log, keys] = [parseVkey(signer.vkey), this.#witnesses.map(({ key }) => key)];
    this.#cosigned = stillCosigned(await book.read('cosigned'), log, keys);
    const before = this.#checkpointer?.latest();
    // Where another process had the turn it may have read further than this one.
    const latest = (before?.size ?? 0n) < shown ? await this.#newest() : before;
    if ((latest?.size ?? 0n) < shown) throw new RollbackDetected('log-shorter', this.#options.tree.tree.size);
    if (turn.aborted) return shown;
    this.#turn = turn;
    if (latest !== undefined) this.#handOver(latest, log);
    return shown;
  }

  /** To the witness's folder, where it has not got it yet. A folder that fails keeps nobody from the head. */
  #handOver(latest: SignedHead, log: NoteVerifier): void {
    const { witness, alarm } = this.#options;
    try {
      const kept = witness === undefined ? [] : newestCheckpoints([witness], [log]);
      if (kept.every(({ size }) => size < latest.size)) witness?.append(latest.note);
    } catch (error) {
      alarm('checkpoint', error);
    }
  }

  async #show(from: bigint, turn: AbortSignal): Promise<void> {
    let [size, note] = [from, ''];
    while (!turn.aborted) {
      const latest = this.#checkpointer?.latest();
      const head = latest === undefined ? undefined : headToShow(latest, this.#cosigned, size, performance.now());
      if (head !== undefined && head.note !== note) {
        await this.#options.book.keep('shown', head);
        [size, note] = [head.size, head.note];
        continue;
      }
      await this.#change(turn);
    }
  }

  /** Until there is something new, the turn is over, or what is shown may have grown too old. */
  #change(turn: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        turn.removeEventListener('abort', end);
        this.#wake = () => undefined;
        resolve();
      };
      const timer = setTimeout(end, LOOK_EVERY).unref();
      turn.addEventListener('abort', end, { once: true });
      this.#wake = end;
    });
  }

  /** The head of everything that the log holds now. */
  async #newest(): Promise<SignedHead | undefined> {
    await this.#options.tree.catchUp();
    this.#checkpointer?.signNow();
    return this.#checkpointer?.latest();
  }

  #newAsking(): Witnesses {
    const { tree, signer, book, settings = [], everyMs = 10_000, silentMs = 900_000, alarm } = this.#options;
    const now = (): number => performance.now();
    return new Witnesses({
      witnesses: this.#witnesses,
      send: outboundClient(settings, { timeoutMs: ANSWER_WITHIN }),
      signer,
      latest: () => this.#checkpointer?.latest(),
      newest: () => this.#newest(),
      prove: (from, to) => tree.tree.consistencyProof(Number(from), Number(to)),
      keep: async (head, lines) => {
        const cosigned = withCosigners(this.#cosigned, head, lines, now());
        if (cosigned === undefined || cosigned === this.#cosigned) return;
        await book.keep('cosigned', cosigned);
        this.#cosigned = cosigned;
        this.#wake();
      },
      cosignedSize: () => this.#cosigned?.size ?? 0n,
      everyMs,
      silentMs,
      now,
      alarm,
    });
  }
}
