import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { formatWitnessSecret, parseWitnessSecret, type Cosigner } from '#transparency';

/**
 * The key that a witness cosigns with, from a file for its owner alone; made under `name` where the file is not there. Throws where it is open to
 * others, holds something else, or is missing and no name is given.
 */
export function witnessKey(path: string, name: string | undefined): Cosigner {
  if (!existsSync(path)) {
    if (name === undefined)
      throw new Error(`there is no key in ${path}; say under which name to make one: --name <name>`);
    writeFileSync(path, `${formatWitnessSecret(name, randomBytes(32))}\n`, { mode: 0o600, flag: 'wx', flush: true });
  }
  if (process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0)
    throw new Error(`the key file ${path} is open to others: chmod 600`);
  const cosigner = parseWitnessSecret(readFileSync(path, 'utf8').trim());
  if (name !== undefined && name !== cosigner.name) throw new Error(`the key in ${path} is that of ${cosigner.name}`);
  return cosigner;
}
