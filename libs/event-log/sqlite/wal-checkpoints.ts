import { once } from 'node:events';
import type { DatabaseSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';

/** So many commits between two looks at how much waits in the write-ahead log. */
const EVERY = 64;
/** Pages (32 MiB) from which the writer helps the log to its end. */
const LONG = 8192;
/** Pages (256 MiB) at which the writer checkpoints itself, whatever became of the worker. */
const SAFETY = 65_536;
/** The same without a worker: SQLite's own way, which was seen to stall its thread for 60 ms. */
const INLINE = 10_000;

/**
 * Checkpoints of the write-ahead log off the writer's thread (design §4.3), by a worker that starts when first needed. SQLite begins the
 * log anew only once all of it is in the database; under steady load the worker never gets there, so from {@link LONG} pages on the
 * writer moves the few that were committed meanwhile.
 */
export class WalCheckpoints {
  readonly #db: DatabaseSync;
  readonly #path: string;
  #worker: Worker | undefined;
  #inline = false;
  #asked = false;
  #commits = 0;

  constructor(db: DatabaseSync, path: string) {
    this.#db = db;
    this.#path = path;
    db.exec(`pragma wal_autocheckpoint = ${String(SAFETY)}`);
  }

  /** A transaction was committed. */
  committed(): void {
    this.#commits += 1;
    if (this.#commits < EVERY || this.#asked || this.#inline) return;
    this.#commits = 0;
    this.#asked = true;
    this.#worker ??= this.#start();
    this.#worker.postMessage('checkpoint');
  }

  /** Lets the worker finish and end. */
  async close(): Promise<void> {
    const worker = this.#worker;
    this.#inline = true;
    if (worker === undefined) return;
    worker.ref();
    const ended = once(worker, 'exit');
    worker.postMessage('close');
    await ended;
  }

  #start(): Worker {
    // The same file from source and from dist.
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    const worker = new Worker(new URL(`./checkpoint-worker.${extension}`, import.meta.url), {
      workerData: { path: this.#path },
    });
    worker.unref();
    worker.on('message', (pages: number) => {
      this.#asked = false;
      if (pages >= LONG && !this.#inline) this.#db.exec('pragma wal_checkpoint(passive)');
    });
    worker.on('error', () => this.#withoutWorker());
    return worker;
  }

  #withoutWorker(): void {
    this.#inline = true;
    this.#worker = undefined;
    this.#db.exec(`pragma wal_autocheckpoint = ${String(INLINE)}`);
  }
}
