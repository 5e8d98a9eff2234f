import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';

/*
 * Moves committed pages from the write-ahead log into the database, beside the thread that answers people. Run by Node itself, from source
 * or from dist: imports nothing of ours, and only syntax that can be stripped.
 */

/** Pages that wait before it is worth a sync: 16 MiB. */
const WORTH = 4096;
/** What was committed during a pass is moved by the next, until so few pages wait, or after so many passes. */
const [FEW, PASSES] = [256, 4];

/** Pages in the write-ahead log, and how many of them are in the database. */
interface Sizes {
  readonly log: number;
  readonly checkpointed: number;
}

const { path } = workerData as { readonly path: string };
const db = new DatabaseSync(path, { timeout: 5000 });
db.exec('pragma wal_autocheckpoint = 0');
const look = db.prepare('pragma wal_checkpoint(noop)');
const checkpoint = db.prepare('pragma wal_checkpoint(passive)');

parentPort?.on('message', (ask: 'checkpoint' | 'close') => {
  if (ask === 'close') {
    db.close();
    parentPort?.close();
    return;
  }
  let { log, checkpointed } = look.get() as unknown as Sizes;
  for (let pass = 0; pass < PASSES && log - checkpointed >= (pass === 0 ? WORTH : FEW); pass++) {
    checkpoint.get();
    ({ log, checkpointed } = look.get() as unknown as Sizes);
  }
  parentPort?.postMessage(log);
});
