import { createHash, sign, verify, type KeyObject } from 'node:crypto';
import { ed25519Bytes, ed25519Private, ed25519Public, fail, ok, strictBase64, type Outcome } from '#kernel';
import { NoteKeyUnusable, splitNote } from './note.ts';

/** Who is trusted to witness: the public half, as a C2SP vkey of signature type 0x04. */
export interface CosignatureVerifier {
  readonly name: string;
  readonly keyId: Uint8Array;
  readonly key: KeyObject;
}

/** Who witnesses. `vkey` is what logs and verifiers are given. */
export interface Cosigner {
  readonly name: string;
  readonly vkey: string;
  /** Cosigns the text of a checkpoint as of so many seconds since 1970: the signature line, without the newline. */
  cosign(text: string, seconds: bigint): string;
}

/** A cosignature that verifies: at `seconds` since 1970 this was the largest consistent tree the witness had seen. */
export interface Cosignature {
  readonly by: CosignatureVerifier;
  readonly seconds: bigint;
  /** The signature line as it stood in the note. */
  readonly line: string;
}

const COSIGNATURE = 4;
const LENGTH = 4 + 8 + 64;
const MOST_SECONDS = 1n << 63n;
const MOST_SIGNATURES = 100;
const PRIVATE = 'PRIVATE+KEY+';

/** Reads the vkey of a witness (C2SP tlog-cosignature, Ed25519: type 0x04). Throws {@link NoteKeyUnusable}. */
export function parseWitnessKey(vkey: string): CosignatureVerifier {
  const { name, keyId, bytes } = parts(vkey);
  if (!keyId.equals(keyIdOf(name, bytes))) throw new NoteKeyUnusable('the id of the key is not that of its bytes');
  return { name, keyId, key: ed25519Public(bytes) };
}

/** Makes a witness from 32 secret bytes (RFC 8032 seed), used for nothing else: the signed text does not say the name. */
export function cosignerOf(name: string, seed: Uint8Array): Cosigner {
  if (name === '' || /[\s+\p{Cc}]/u.test(name))
    throw new NoteKeyUnusable('the name of a key has no spaces and no plus');
  const key = ed25519Private(seed);
  const publicKey = ed25519Bytes(key);
  const keyId = keyIdOf(name, publicKey);
  return {
    name,
    vkey: spelt(name, keyId, publicKey),
    cosign: (text, seconds) => {
      const time = Buffer.alloc(8);
      time.writeBigUInt64BE(seconds);
      const signature = sign(null, signedMessage(text, seconds), key);
      return `— ${name} ${Buffer.concat([keyId, time, signature]).toString('base64')}`;
    },
  };
}

/** The private key of a witness as it is kept in its file: `PRIVATE+KEY+name+hex+base64(0x04 ‖ seed)`. */
export function formatWitnessSecret(name: string, seed: Uint8Array): string {
  const keyId = Buffer.from(parseWitnessKey(cosignerOf(name, seed).vkey).keyId);
  return `${PRIVATE}${spelt(name, keyId, seed)}`;
}

/** Reads what {@link formatWitnessSecret} wrote. Throws {@link NoteKeyUnusable}. */
export function parseWitnessSecret(text: string): Cosigner {
  if (!text.startsWith(PRIVATE)) throw new NoteKeyUnusable('not the private key of a witness');
  const { name, keyId, bytes } = parts(text.slice(PRIVATE.length));
  const cosigner = cosignerOf(name, bytes);
  if (!keyId.equals(parseWitnessKey(cosigner.vkey).keyId))
    throw new NoteKeyUnusable('the id of the key is not that of its bytes');
  return cosigner;
}

/**
 * The cosignatures of known witnesses on a checkpoint, whatever else signed it. `bad-signature` where one of a known witness does not
 * verify: such a note is to be thrown away whole (C2SP signed-note). Of two by one witness the later counts.
 */
export function cosignaturesOf(
  note: string,
  known: readonly CosignatureVerifier[],
): Outcome<readonly Cosignature[], 'malformed' | 'bad-signature'> {
  const split = splitNote(note);
  if (split === undefined || split.lines.length > MOST_SIGNATURES) return fail('malformed');
  const found = new Map<CosignatureVerifier, Cosignature>();
  for (const line of split.lines) {
    const [, name, encoded] = /^— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})$/u.exec(line) ?? [];
    const bytes = encoded === undefined ? undefined : strictBase64(encoded);
    if (name === undefined || bytes === undefined || bytes.length < 5) return fail('malformed');
    const verifier = known.find((key) => key.name === name && bytes.subarray(0, 4).equals(key.keyId));
    if (verifier === undefined) continue;
    if (bytes.length !== LENGTH) return fail('bad-signature');
    const seconds = bytes.readBigUInt64BE(4);
    if (seconds === 0n || seconds >= MOST_SECONDS) return fail('bad-signature');
    if (!verify(null, signedMessage(split.text, seconds), verifier.key, bytes.subarray(12))) {
      return fail('bad-signature');
    }
    const before = found.get(verifier);
    if (before === undefined || before.seconds < seconds) found.set(verifier, { by: verifier, seconds, line });
  }
  return ok([...found.values()]);
}

/** Whether each of the witnesses cosigned a checkpoint, and none of them wrongly. */
export function cosignedBy(note: string, witnesses: readonly CosignatureVerifier[]): boolean {
  const found = cosignaturesOf(note, witnesses);
  return found.ok && witnesses.every((witness) => found.value.some(({ by }) => by === witness));
}

/** A signed checkpoint with more signature lines under it; those that are there already are not doubled. */
export function withSignatures(note: string, lines: readonly string[]): string {
  const there = new Set(splitNote(note)?.lines);
  return `${note}${lines
    .filter((line) => !there.has(line))
    .map((line) => `${line}\n`)
    .join('')}`;
}

/** C2SP tlog-cosignature: header and time line, then the whole text of the checkpoint. */
function signedMessage(text: string, seconds: bigint): Buffer {
  return Buffer.from(`cosignature/v1\ntime ${seconds}\n${text}`, 'utf8');
}

function keyIdOf(name: string, publicKey: Uint8Array): Buffer {
  return createHash('sha256')
    .update(`${name}\n`)
    .update(Buffer.of(COSIGNATURE))
    .update(publicKey)
    .digest()
    .subarray(0, 4);
}

function spelt(name: string, keyId: Uint8Array, bytes: Uint8Array): string {
  const encoded = Buffer.concat([Buffer.of(COSIGNATURE), bytes]).toString('base64');
  return `${name}+${Buffer.from(keyId).toString('hex')}+${encoded}`;
}

function parts(text: string): { readonly name: string; readonly keyId: Buffer; readonly bytes: Buffer } {
  const [, name, hex, encoded] = /^([^+\s\p{Cc}]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/u.exec(text) ?? [];
  const bytes = encoded === undefined ? undefined : strictBase64(encoded);
  if (name === undefined || hex === undefined || bytes?.length !== 33 || bytes[0] !== COSIGNATURE)
    throw new NoteKeyUnusable('not the key of a witness (Ed25519 cosignature, type 4)');
  return { name, keyId: Buffer.from(hex, 'hex'), bytes: bytes.subarray(1) };
}
