#!/usr/bin/env node
// Checks, offline and with nothing of the hub's, that a log is the one that was signed, and names the first event that is not.
//   node verify-log.mjs <log.db> <vkey> <checkpoints>...
// Each file of checkpoints is one of the hub's own, of a witness folder, or of `tellonce witness`: signed notes, each followed by an empty line.
// A tree.db beside the log is not trusted; its leaf hashes only help to name the place. Exit code 0: holds; 1: does not; 2: wrong use.
import { createHash, createPublicKey, verify } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const sha256 = (...parts) => createHash('sha256').update(Buffer.concat(parts)).digest();
const refuse = (why) => {
  process.stderr.write(`DOES NOT HOLD: ${why}\n`);
  process.exit(1);
};
const [logFile, vkey, ...checkpointFiles] = process.argv.slice(2);
if (logFile === undefined || vkey === undefined || checkpointFiles.length === 0) {
  process.stderr.write('use: node verify-log.mjs <log.db> <vkey> <checkpoints>...\n');
  process.exit(2);
}

// The key: name+hex(key id)+base64(0x01 || 32 bytes), C2SP signed-note.
const [, name, hex, encodedKey] = /^([^+\s]+)\+([0-9a-f]{8})\+(.+)$/u.exec(vkey) ?? refuse('the key is no vkey');
const keyBytes = Buffer.from(encodedKey, 'base64');
const keyId = sha256(Buffer.from(`${name}\n`), keyBytes).subarray(0, 4);
if (keyBytes.length !== 33 || keyBytes[0] !== 1 || keyId.toString('hex') !== hex)
  refuse('the key is not one for notes');
const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), keyBytes.subarray(1)]);
const publicKey = createPublicKey({ key: spki, format: 'der', type: 'spki' });

// The checkpoints: origin, size, root; empty line; signatures; empty line.
const signed = new Map();
for (const file of checkpointFiles) {
  const parts = readFileSync(file, 'utf8').split('\n\n');
  for (let at = 0; at + 1 < parts.length; at += 2) {
    const text = `${parts[at]}\n`;
    const own = parts[at + 1]
      .split('\n')
      .filter((line) => line.startsWith(`— ${name} `))
      .map((line) => Buffer.from(line.slice(name.length + 3), 'base64'))
      .filter((bytes) => bytes.subarray(0, 4).equals(keyId));
    const [origin, size, root] = text.split('\n');
    const good = own.length > 0 && own.every((bytes) => verify(null, Buffer.from(text), publicKey, bytes.subarray(4)));
    if (!good || origin !== name || !/^(0|[1-9][0-9]{0,15})$/.test(size))
      refuse(`a checkpoint in ${file} is not signed by this key`);
    if (signed.has(Number(size)) && signed.get(Number(size)) !== root)
      refuse(`two signed checkpoints of ${size} events contradict each other`);
    signed.set(Number(size), root);
  }
}
const sizes = [...signed.keys()].sort((a, b) => a - b);
if (sizes.length === 0) refuse('there is no checkpoint to hold it against');

// The tree, RFC 6962: leaf SHA-256(0x00 || event), node SHA-256(0x01 || left || right); complete subtrees wait on a stack.
const stack = [];
let count = 0;
const add = (leaf) => {
  count += 1;
  let [level, hash] = [0, leaf];
  while (stack.at(-1)?.level === level) {
    hash = sha256(Buffer.of(1), stack.pop().hash, hash);
    level += 1;
  }
  stack.push({ level, hash });
};
const rootNow = () =>
  stack.length === 0
    ? sha256()
    : stack.map(({ hash }) => hash).reduceRight((right, left) => sha256(Buffer.of(1), left, right));

const treeFile = join(dirname(logFile), 'tree.db');
const tree = existsSync(treeFile) ? new DatabaseSync(treeFile, { readOnly: true }) : undefined;
const tile = tree?.prepare('select hashes from tiles where level = 0 and n = ?');
const storedLeaf = (index) => {
  const hashes = tile?.get(Math.floor(index / 256))?.hashes;
  const leaf = hashes?.subarray((index % 256) * 32, (index % 256) * 32 + 32);
  return leaf?.length === 32 ? Buffer.from(leaf) : undefined;
};

const log = new DatabaseSync(logFile, { readOnly: true });
const rows = log.prepare('select position, stream, revision, type, id, data from event order by position').iterate();
let [trusted, differing, last] = [0, undefined, undefined];
const check = () => {
  if (!signed.has(count)) return;
  if (rootNow().toString('base64') !== signed.get(count))
    refuse(differing ?? `the events from leaf ${trusted} to leaf ${count - 1} are not those that were signed`);
  [trusted, differing] = [count, undefined];
};
check();
for (const { position, stream, revision, type, id, data } of rows) {
  const place = `leaf ${count}, ${stream} revision ${revision} (position ${position})`;
  last = place;
  const leaf = sha256(Buffer.of(0), data);
  // The id is a UUID of version 8 made from the first 16 bytes of the leaf hash.
  const bytes = Buffer.from(leaf.subarray(0, 16));
  bytes[6] = (bytes[6] & 0x0f) | 0x80;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  if (bytes.toString('hex') !== id.replaceAll('-', '')) refuse(`the id is not that of the bytes at ${place}`);
  const record = JSON.parse(Buffer.from(data).toString('utf8'));
  if (record.stream !== stream || record.revision !== revision || record.type !== type)
    refuse(`the record says it stands elsewhere than at ${place}`);
  const stored = storedLeaf(count);
  if (stored !== undefined && !stored.equals(leaf)) differing ??= `another event was signed at ${place}`;
  add(leaf);
  check();
}
const most = sizes.at(-1);
if (count < most)
  refuse(differing ?? `${most} events were signed and ${count} are there; the last is ${last ?? 'none'}`);
process.stdout.write(`HOLDS: ${count} events, signed up to ${most}, log ${name}\n`);
