import { Worker } from 'node:worker_threads';

/** Text and not a file, so that it runs alike from sources, from the build and under a test runner. */
const WORK = `
const { workerData } = require('node:worker_threads');
const { DatabaseSync } = require('node:sqlite');
const db = new DatabaseSync(workerData.path, { timeout: 60000 });
db.exec('pragma cache_size = -32000; pragma synchronous = normal; begin immediate;');
db.exec(workerData.text);
db.exec('update checkpoint set indexed = 1 where id = 1; commit; pragma wal_checkpoint(truncate)');
db.close();
`;

/** Makes the indexes of a loaded file in a thread of its own: a second a million rows, in which requests must be served. Rejects with what SQLite says. */
export function makeIndexes(path: string, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(WORK, { eval: true, workerData: { path, text }, execArgv: [], stderr: true });
    worker.once('error', reject);
    worker.once('exit', (code) => {
      if (code === 0) resolve();
      else reject(new Error('indexing-ended'));
    });
  });
}
