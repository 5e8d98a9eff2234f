import { setTimeout as wait } from 'node:timers/promises';
import type { OutboundClient } from '#delivery';
import { EMPTY_ROOT, RollbackDetected, signCheckpoint, type NoteSigner, type SignedHead } from '#transparency';
import { askWitness, type KnownWitness, type WitnessReply } from './witness-client.ts';

/** What the rounds of asking work with. Milliseconds throughout. */
export interface WitnessParts {
  readonly witnesses: readonly KnownWitness[];
  readonly send: OutboundClient;
  readonly signer: NoteSigner;
  /** The latest signed checkpoint; undefined before the first. */
  readonly latest: () => SignedHead | undefined;
  /** One of everything that the log holds at this moment. */
  readonly newest: () => Promise<SignedHead | undefined>;
  /** RFC 9162 consistency proof between two sizes of the tree. */
  readonly prove: (from: bigint, to: bigint) => readonly Uint8Array[];
  /** Takes the verified lines of a witness. */
  readonly keep: (head: SignedHead, lines: readonly string[]) => Promise<void>;
  readonly cosignedSize: () => bigint;
  readonly everyMs: number;
  readonly silentMs: number;
  /** A clock that only goes forward. */
  readonly now: () => number;
  readonly alarm: (what: string, error: unknown) => void;
}

/** How it stands with the witnesses, for metrics. */
export interface WitnessStatus {
  /** Size of the last cosigned checkpoint; 0 before the first. */
  readonly size: number;
  /** Seconds since a witness last cosigned the newest checkpoint there was; 0 while nothing is newer than what is cosigned. */
  readonly behindSeconds: number;
  /** Witnesses that said that two of our heads contradict each other. */
  readonly conflicts: number;
}

/** Something about a witness that somebody has to look at; the code says what, the message which. */
export class WitnessAlarm extends Error {
  override readonly name = 'WitnessAlarm';
  readonly code: string;
  constructor(code: string, witness: string) {
    super(`${witness}: ${code}`);
    this.code = code;
  }
}

interface Standing {
  readonly witness: KnownWitness;
  /** What it cosigned last, as far as we know. */
  size: bigint;
  failures: number;
  notBefore: number;
  /** Since when it owes a cosignature; undefined while it owes none. */
  owingSince: number | undefined;
  conflict: boolean;
  silent: boolean;
}

/** Longest pause after failures, in milliseconds. */
const LONGEST_PAUSE = 300_000;

/** Asks every witness to cosign each newest checkpoint, beside everything else: nothing waits for a witness once the hub has started. */
export class Witnesses {
  readonly #parts: WitnessParts;
  readonly #standings: readonly Standing[];

  constructor(parts: WitnessParts) {
    this.#parts = parts;
    this.#standings = parts.witnesses.map((witness) => ({
      witness,
      size: 0n,
      failures: 0,
      notBefore: 0,
      owingSince: undefined,
      conflict: false,
      silent: false,
    }));
  }

  /**
   * Before anything is appended: asks each witness what it cosigned last, by showing it the newest head that is signed already (the empty tree
   * where none is), and then the proof that this continues it. Throws {@link RollbackDetected} where one holds more events than the log, whose
   * size `read` reads then (another process may have appended, and asked, meanwhile), or other ones; one that does not answer is told of and
   * holds nothing up.
   */
  async checkAtStart(signed: SignedHead | undefined, read: () => Promise<bigint>): Promise<void> {
    const head = signed ?? { size: 0n, note: signCheckpoint(0n, EMPTY_ROOT, this.#parts.signer) };
    await Promise.all(
      this.#standings.map(async (standing) => {
        let reply = await this.#show(standing, head, head.size);
        if (reply.kind === 'other-size' && reply.size < head.size) reply = await this.#show(standing, head, reply.size);
        if (reply.kind === 'conflict') throw new RollbackDetected('witness-differs', 0);
        if (reply.kind !== 'other-size' || reply.size <= head.size) return;
        const size = await read();
        if (reply.size > size) throw new RollbackDetected('witness-ahead', Number(size));
      }),
    );
  }

  /** Goes on asking until `signal` aborts. */
  async follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.round(signal);
      await wait(Math.min(this.#parts.everyMs, 1_000), undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  /** Asks, at once, each witness that is due. */
  async round(signal?: AbortSignal): Promise<void> {
    const head = this.#parts.latest();
    if (head === undefined) return;
    await Promise.all(this.#standings.map((standing) => this.#ask(standing, head, signal)));
  }

  status(): WitnessStatus {
    const owing = this.#standings.map(({ owingSince }) => owingSince).filter((since) => since !== undefined);
    const all = owing.length > 0 && owing.length === this.#standings.length;
    return {
      size: Number(this.#parts.cosignedSize()),
      behindSeconds: all ? Math.max(0, this.#parts.now() - Math.max(...owing)) / 1_000 : 0,
      conflicts: this.#standings.filter(({ conflict }) => conflict).length,
    };
  }

  async #ask(standing: Standing, head: SignedHead, signal: AbortSignal | undefined): Promise<void> {
    const { now, everyMs } = this.#parts;
    if (standing.size === head.size && !standing.conflict) return;
    standing.owingSince ??= now();
    if (now() >= standing.notBefore) {
      standing.notBefore = now() + everyMs;
      const reply = await this.#show(standing, head, standing.size, signal);
      // The first answer may be the size to prove from.
      if (reply.kind === 'other-size') await this.#showFrom(standing, head, reply.size, signal);
    }
    this.#tellSilence(standing);
  }

  /** Once more, from the size that the witness says it holds. */
  async #showFrom(standing: Standing, head: SignedHead, held: bigint, signal?: AbortSignal): Promise<void> {
    // Another process had the turn before, and may have read further than this one: what it showed the log must hold.
    const newest = held > head.size ? ((await this.#parts.newest()) ?? head) : head;
    if (held > newest.size) this.#conflict(standing, 'witness-ahead');
    else await this.#show(standing, newest, held, signal);
  }

  /** Shows a head with the proof from an older size, and learns from the answer. */
  async #show(standing: Standing, head: SignedHead, from: bigint, signal?: AbortSignal): Promise<WitnessReply> {
    const old = from > head.size ? head.size : from;
    const proof = old === 0n || old === head.size ? [] : this.#parts.prove(old, head.size);
    const reply = await askWitness(this.#parts.send, standing.witness, { old, proof, checkpoint: head.note }, signal);
    // What a hub that is stopping did not wait for is nothing a witness did.
    if (signal?.aborted !== true) await this.#learn(standing, reply, head);
    return reply;
  }

  async #learn(standing: Standing, reply: WitnessReply, head: SignedHead): Promise<void> {
    const { keep, now, alarm } = this.#parts;
    const { name } = standing.witness;
    switch (reply.kind) {
      case 'cosigned':
        await keep(head, reply.lines);
        Object.assign(standing, {
          size: head.size,
          failures: 0,
          owingSince: undefined,
          conflict: false,
          silent: false,
        });
        return;
      case 'other-size':
        standing.size = reply.size;
        return;
      case 'conflict':
        this.#conflict(standing, 'witness-differs');
        return;
      case 'refused':
      case 'unreachable': {
        const pause = Math.min(LONGEST_PAUSE, this.#parts.everyMs * 2 ** Math.min(standing.failures, 12));
        standing.failures += 1;
        standing.notBefore = now() + pause;
        if (standing.failures === 1)
          alarm(
            'witness-unreachable',
            new WitnessAlarm(reply.kind === 'refused' ? `status-${String(reply.status)}` : reply.why, name),
          );
      }
    }
  }

  /** Told each time: this is what witnesses are for. */
  #conflict(standing: Standing, code: string): void {
    standing.conflict = true;
    standing.notBefore = this.#parts.now() + Math.max(this.#parts.everyMs, 60_000);
    this.#parts.alarm('witness-conflict', new WitnessAlarm(code, standing.witness.name));
  }

  #tellSilence(standing: Standing): void {
    const { now, silentMs, alarm } = this.#parts;
    // One that contradicts is not silent; that is said already.
    if (
      standing.silent ||
      standing.conflict ||
      standing.owingSince === undefined ||
      now() - standing.owingSince < silentMs
    )
      return;
    standing.silent = true;
    alarm('witness-silent', new WitnessAlarm('silent', standing.witness.name));
  }
}
