import { spawn, type ChildProcess } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { ROOT } from '../trust/built-hub.ts';

/** Something that runs beside a test, may be killed at any moment, and then comes back as whoever supervises it would start it. */
export interface Killable {
  readonly name: string;
  /** How often it was killed. */
  readonly kills: number;
  /** The times it ended without being killed: exit code or signal, and the last it printed. */
  readonly ends: readonly string[];
  /** SIGKILL; comes back after a moment. */
  kill(): Promise<void>;
  /** Ends it for good: SIGTERM, then SIGKILL. */
  stop(): Promise<void>;
}

/** How a process is started, again and again. */
export interface Starting {
  readonly name: string;
  /** For node, at the root of the checkout. */
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** The same after a kill as after an end of its own, in milliseconds. */
const BACK_AFTER = 500;
/** Longest that a process may take to end when it is asked to, in milliseconds. */
const PATIENCE = 15_000;

/** A node process under a supervisor that starts it again whenever it ends. */
export class SupervisedProcess implements Killable {
  readonly name: string;
  readonly ends: string[] = [];
  kills = 0;
  readonly #starting: Starting;
  #child: ChildProcess | undefined;
  readonly #stopping = new AbortController();
  #killed = false;
  #said = '';
  readonly #supervised: Promise<void>;

  constructor(starting: Starting) {
    this.name = starting.name;
    this.#starting = starting;
    this.#supervised = this.#supervise();
  }

  /** The end of what it printed, for a failure's message. */
  get said(): string {
    return this.#said;
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || this.#stopping.signal.aborted) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    this.#killed = true;
    this.kills += 1;
    child.kill('SIGKILL');
    await ended;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#child?.kill('SIGTERM');
    const hard = setTimeout(() => this.#child?.kill('SIGKILL'), PATIENCE);
    await this.#supervised;
    clearTimeout(hard);
  }

  async #supervise(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const { args, env } = this.#starting;
      const child = spawn(process.execPath, args, {
        cwd: ROOT,
        env: { PATH: process.env['PATH'] ?? '', ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const ended = new Promise<number | string>((resolve) => {
        child.once('exit', (code, signal) => resolve(code ?? signal ?? 'unknown'));
      });
      for (const stream of [child.stdout, child.stderr]) {
        stream.on('data', (part: Buffer) => (this.#said = (this.#said + part.toString('utf8')).slice(-8_000)));
      }
      this.#child = child;
      const how = await ended;
      this.#child = undefined;
      if (!this.#killed && !isAborted(signal)) this.ends.push(`${String(how)}: ${this.#said.slice(-1_000)}`);
      this.#killed = false;
      await wait(BACK_AFTER, undefined, { signal }).catch(() => undefined);
    }
  }
}

/** Waits until it holds, asked every so often; fails with `what` after so many milliseconds. */
export async function comes(what: string, milliseconds: number, holds: () => Promise<boolean>): Promise<void> {
  for (const until = performance.now() + milliseconds; performance.now() < until;) {
    if (await holds().catch(() => false)) return;
    await wait(100);
  }
  throw new Error(`does not come: ${what}`);
}

/** Asked anew: it may have been aborted while something was waited for. */
export const isAborted = (signal: AbortSignal): boolean => signal.aborted;
