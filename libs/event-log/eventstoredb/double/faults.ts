import { setTimeout as sleep } from 'node:timers/promises';

/** How an append that was taken, or not, is answered without an answer. */
export interface DoubtfulAppend {
  /** Whether it is stored all the same. */
  readonly stored: boolean;
  /** `silence`: never; `commit-timeout`: the server says that it does not know. */
  readonly answer: 'silence' | 'commit-timeout';
}

/** How a subscription goes away. */
export type Drop =
  /** The call ends with an error. */
  | 'error'
  /** The call ends without one. */
  | 'end'
  /** As servers up to 23.10.6 do to a reader that is slow. */
  | 'too-slow'
  /** Nothing comes any more, and nobody says so. */
  | 'silence';

/** What goes wrong at the double, set by a test at any time. */
export class Faults {
  /** False: every call is answered "Server Is Not Ready". */
  ready = true;
  /** True: nobody is let in any more. */
  denied = false;
  /** Each call waits so many milliseconds first. */
  delayMs = 0;
  /** Where the leader is, if it is not this one. */
  leader: { readonly host: string; readonly port: number } | undefined;
  /** The next appends, one each. */
  readonly doubtful: DoubtfulAppend[] = [];
  /** Subscriptions are taken and then bring nothing at all. */
  silent = false;
  /** Subscriptions say nothing of these streams, as a node does that has not received them yet. */
  blindTo: (stream: string) => boolean = () => false;
  /** As servers up to 23.10.6: a subscription leaves out the one event at or after the place it is given, whatever it is. */
  leavesOneOut = false;
  /** As servers before 23.10: nobody is told that he caught up. */
  withoutCaughtUp = false;

  /** Waits as long as the server is slow. */
  async slowness(): Promise<void> {
    if (this.delayMs > 0) await sleep(this.delayMs);
  }
}

/** What was asked of the double, for a test to count. */
export class Tally {
  readonly #calls = new Map<string, number>();
  /** Events that were handed to subscriptions' connections. */
  sent = 0;
  #appends = 0;
  /** Most appends that were being answered at one time. */
  mostAppends = 0;

  /** One more call of a name (`Append`, `Read`, …). */
  count(name: string): void {
    this.#calls.set(name, this.of(name) + 1);
  }

  /** How many calls of a name there were. */
  of(name: string): number {
    return this.#calls.get(name) ?? 0;
  }

  appendBegan(): void {
    this.#appends += 1;
    this.mostAppends = Math.max(this.mostAppends, this.#appends);
  }

  appendEnded(): void {
    this.#appends -= 1;
  }
}
