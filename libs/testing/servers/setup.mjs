import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder where the test files of one run find the servers that one of them has started. */
export default function setup() {
  const folder = mkdtempSync(join(tmpdir(), 'tellonce-servers-'));
  // A server that does not run as root must get to its own folder in it.
  chmodSync(folder, 0o755);
  // No TELLONCE_ name: a hub that a test starts would take it for a setting that there is not.
  process.env.SERVERS_OF_TESTS = folder;
  // Whom a server must not outlive, where the run ends without a word.
  process.env.RUN_OF_TESTS = String(process.pid);
}
