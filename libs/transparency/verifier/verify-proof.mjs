#!/usr/bin/env node
// Checks, offline and with nothing of the hub's, that a receipt (c2sp.org/tlog-proof@v1) proves an event to be in the log.
//   node verify-proof.mjs <receipt.tlog-proof> <vkey> [event-bytes-file] [--witness <vkey>]...
// The event's bytes come from the file, or from the receipt's `extra` line. Each witness named must have cosigned the checkpoint
// (c2sp.org/tlog-cosignature, Ed25519). Exit code 0: proven; 1: not; 2: wrong use.
import { createHash, createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';

const sha256 = (...parts) => createHash('sha256').update(Buffer.concat(parts)).digest();
const refuse = (why) => {
  process.stderr.write(`NOT PROVEN: ${why}\n`);
  process.exit(1);
};
const base64 = (text, what) => {
  const bytes = Buffer.from(text ?? '', 'base64');
  return bytes.toString('base64') === text ? bytes : refuse(`${what} is not base64`);
};

const [files, witnessKeys] = [[], []];
for (const args = process.argv.slice(2); args.length > 0;) {
  const next = args.shift();
  if (next === '--witness') witnessKeys.push(args.shift() ?? '');
  else files.push(next);
}
const [receiptFile, vkey, dataFile] = files;
if (receiptFile === undefined || vkey === undefined || files.length > 3) {
  process.stderr.write(
    'use: node verify-proof.mjs <receipt.tlog-proof> <vkey> [event-bytes-file] [--witness <vkey>]...\n',
  );
  process.exit(2);
}
const receipt = readFileSync(receiptFile, 'utf8');

// A key: name+hex(key id)+base64(type || 32 bytes), C2SP signed-note; type 1 signs notes, type 4 cosigns checkpoints.
const readKey = (text, type) => {
  const [, name, hex, encoded] = /^([^+\s]+)\+([0-9a-f]{8})\+(.+)$/u.exec(text) ?? refuse('a key is no vkey');
  const bytes = base64(encoded, 'a key');
  if (bytes.length !== 33 || bytes[0] !== type) refuse('a key is not Ed25519, or of another use');
  const id = sha256(Buffer.from(`${name}\n`), bytes).subarray(0, 4);
  if (id.toString('hex') !== hex) refuse('the id of a key is not that of its bytes');
  const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), bytes.subarray(1)]);
  return { name, id, key: createPublicKey({ key: spki, format: 'der', type: 'spki' }), type };
};
const log = readKey(vkey, 1);
const witnesses = witnessKeys.map((text) => readKey(text, 4));

// The receipt: first line, extra?, index, hashes; empty line; the checkpoint.
const split = receipt.indexOf('\n\n');
const [first, ...lines] = receipt.slice(0, split).split('\n');
if (split < 0 || first !== 'c2sp.org/tlog-proof@v1') refuse('not a receipt');
const extra = lines[0]?.startsWith('extra ') ? base64(lines.shift().slice(6), 'extra') : undefined;
const [, indexText] = /^index (0|[1-9][0-9]{0,19})$/.exec(lines.shift() ?? '') ?? refuse('no index');
const hashes = lines.map((line) => base64(line, 'a hash'));
if (hashes.some((hash) => hash.length !== 32)) refuse('a hash has another size');
const data = dataFile === undefined ? extra : readFileSync(dataFile);
if (data === undefined) refuse('the bytes of the event are not given');

// The checkpoint: origin, size, root; empty line; signatures. The log's own key must have signed.
const note = receipt.slice(split + 2);
const end = note.lastIndexOf('\n\n');
if (end < 1 || !note.endsWith('\n')) refuse('the checkpoint is malformed');
const text = note.slice(0, end + 1);
const signers = new Set();
for (const line of note.slice(end + 2, -1).split('\n')) {
  const [, signer, encoded] = /^— ([^\s+]+) (\S+)$/u.exec(line) ?? refuse('a signature is malformed');
  const bytes = base64(encoded, 'a signature');
  const known = [log, ...witnesses].find(({ name, id }) => signer === name && bytes.subarray(0, 4).equals(id));
  if (known === undefined) continue;
  // A cosignature has its time, 8 bytes, before the signature, and signs that time too.
  const cosigned = known.type === 4 && bytes.length === 76;
  const signedText = cosigned ? `cosignature/v1\ntime ${bytes.readBigUInt64BE(4)}\n${text}` : text;
  if (known.type === 4 && !cosigned) refuse(`the cosignature of ${signer} is malformed`);
  if (!verify(null, Buffer.from(signedText), known.key, bytes.subarray(cosigned ? 12 : 4)))
    refuse(`the signature of ${signer} is wrong`);
  signers.add(known);
}
if (!signers.has(log)) refuse('the checkpoint is not signed by this key');
const missing = witnesses.find((witness) => !signers.has(witness));
if (missing !== undefined) refuse(`the checkpoint is not cosigned by ${missing.name}`);
const [origin, sizeText, encodedRoot] = text.split('\n');
if (origin !== log.name || !/^(0|[1-9][0-9]{0,19})$/.test(sizeText ?? '')) refuse('the checkpoint is of another log');
const root = base64(encodedRoot, 'the root');

// Inclusion, RFC 9162 §2.1.3.2.
const [index, size] = [BigInt(indexText), BigInt(sizeText)];
if (index >= size) refuse('the index lies beyond the tree');
let [fn, sn, hash] = [index, size - 1n, sha256(Buffer.of(0), data)];
for (const element of hashes) {
  if (sn === 0n) refuse('the proof is too long');
  if (fn & 1n || fn === sn) {
    hash = sha256(Buffer.of(1), element, hash);
    while (!(fn & 1n) && fn !== 0n) [fn, sn] = [fn >> 1n, sn >> 1n];
  } else hash = sha256(Buffer.of(1), hash, element);
  [fn, sn] = [fn >> 1n, sn >> 1n];
}
if (sn !== 0n || !hash.equals(root)) refuse('these bytes are not the leaf that was signed');
const cosigners = witnesses.map(({ name }) => `, cosigned by ${name}`).join('');
process.stdout.write(`PROVEN: leaf ${index} of ${size}, log ${origin}${cosigners}\n`);
