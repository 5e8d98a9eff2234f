import { createHash, sign, verify, type KeyObject } from 'node:crypto';
import { closeSync, fstatSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import {
  ed25519Bytes,
  ed25519Private,
  ed25519Public,
  fail,
  ok,
  strictBase64,
  type Chance,
  type Outcome,
} from '#kernel';

/** Who verifies: the public half, as a C2SP signed-note key `name+hex+base64`. */
export interface NoteVerifier {
  readonly name: string;
  readonly keyId: Uint8Array;
  readonly key: KeyObject;
}

/** Who signs. `vkey` is what outsiders are given. */
export interface NoteSigner {
  readonly name: string;
  readonly vkey: string;
  /** Ed25519 signature of a note's text, as its signature line without the newline. */
  signatureLine(text: string): string;
}

/** Why a note is not believed. */
export type NoteProblem = 'malformed' | 'bad-signature' | 'no-known-key';

/** A key that is no signed-note key; or its file is missing or open to others. */
export class NoteKeyUnusable extends Error {
  override readonly name = 'NoteKeyUnusable';
}

const ED25519 = 1;
const PRIVATE = 'PRIVATE+KEY+';
const MOST_SIGNATURES = 100;

/** Reads `name+hex+base64` (C2SP signed-note, Ed25519). Throws {@link NoteKeyUnusable}. */
export function parseVkey(vkey: string): NoteVerifier {
  const { name, keyId, bytes } = keyParts(vkey);
  if (!equal(keyId, keyIdOf(name, bytes))) throw new NoteKeyUnusable('the id of the key is not that of its bytes');
  const key = ed25519Public(bytes);
  return { name, keyId, key };
}

/** Makes a signer from 32 secret bytes (RFC 8032 seed). Throws {@link NoteKeyUnusable} for a name that can't be one. */
export function signerOf(name: string, seed: Uint8Array): NoteSigner {
  if (!isKeyName(name)) throw new NoteKeyUnusable('the name of a key has no spaces and no plus');
  const key = ed25519Private(seed);
  const publicKey = ed25519Bytes(key);
  const keyId = keyIdOf(name, publicKey);
  return {
    name,
    vkey: `${name}+${keyId.toString('hex')}+${Buffer.concat([Buffer.of(ED25519), publicKey]).toString('base64')}`,
    signatureLine: (text) => {
      const signature = sign(null, Buffer.from(text, 'utf8'), key);
      return `— ${name} ${Buffer.concat([keyId, signature]).toString('base64')}`;
    },
  };
}

/**
 * Reads the log's signing key from its file (`PRIVATE+KEY+name+hex+base64`, mode 0600, outside `var`); with `create`, makes it
 * first where missing. Throws {@link NoteKeyUnusable}.
 */
export function loadSigner(
  path: string,
  options: { readonly name: string; readonly create: boolean; readonly chance: Chance },
): NoteSigner {
  if (options.create) createKeyFile(path, options.name, options.chance);
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    throw new NoteKeyUnusable('the file of the signing key cannot be read');
  }
  try {
    if (process.platform !== 'win32' && (fstatSync(file).mode & 0o077) !== 0) {
      throw new NoteKeyUnusable('the file of the signing key is open to others; chmod 600');
    }
    const text = readFileSync(file, 'utf8').trim();
    if (!text.startsWith(PRIVATE)) throw new NoteKeyUnusable('the file holds no signing key');
    return parseSkey(text);
  } finally {
    closeSync(file);
  }
}

/** Reads `PRIVATE+KEY+name+hex+base64`. Throws {@link NoteKeyUnusable}. */
export function parseSkey(text: string): NoteSigner {
  const { name, keyId, bytes } = keyParts(text.slice(PRIVATE.length));
  const signer = signerOf(name, bytes);
  if (!equal(parseVkey(signer.vkey).keyId, keyId))
    throw new NoteKeyUnusable('the id of the key is not that of its bytes');
  return signer;
}

/** A note: text, blank line, one signature. Throws TypeError for a text that no note may have. */
export function signNote(text: string, signer: NoteSigner): string {
  if (!isNoteText(text) || !text.endsWith('\n')) throw new TypeError('not the text of a note');
  return `${text}\n${signer.signatureLine(text)}\n`;
}

/**
 * C2SP signed-note: the text, where at least one known key signed and none of them wrongly. Unknown keys are ignored.
 * The order and number of signatures may vary; anything else that differs from the format is `malformed`.
 */
export function openNote(
  note: string,
  known: readonly NoteVerifier[],
): Outcome<{ readonly text: string; readonly signedBy: readonly string[] }, NoteProblem> {
  const split = splitNote(note);
  if (split === undefined) return fail('malformed');
  const { text, lines } = split;
  if (lines.length > MOST_SIGNATURES) return fail('malformed');
  const signedBy: string[] = [];
  for (const line of lines) {
    const [, name, encoded] = /^— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})$/u.exec(line) ?? [];
    const bytes = encoded === undefined ? undefined : strictBase64(encoded);
    if (name === undefined || bytes === undefined || bytes.length < 5) return fail('malformed');
    const verifier = known.find((key) => key.name === name && equal(key.keyId, bytes.subarray(0, 4)));
    if (verifier === undefined) continue;
    if (!verify(null, Buffer.from(text, 'utf8'), verifier.key, bytes.subarray(4))) return fail('bad-signature');
    signedBy.push(name);
  }
  return signedBy.length === 0 ? fail('no-known-key') : ok({ text, signedBy });
}

/** A note in its two parts: the text with its last newline, and the signature lines without theirs. Verifies nothing. */
export function splitNote(note: string): { readonly text: string; readonly lines: readonly string[] } | undefined {
  const split = note.lastIndexOf('\n\n');
  if (split < 1 || !isNoteText(note) || !note.endsWith('\n')) return undefined;
  return { text: note.slice(0, split + 1), lines: note.slice(split + 2, -1).split('\n') };
}

function createKeyFile(path: string, name: string, chance: Chance): void {
  const seed = Buffer.from(chance.bytes(32));
  const keyId = Buffer.from(parseVkey(signerOf(name, seed).vkey).keyId).toString('hex');
  let file: number;
  try {
    file = openSync(path, 'wx', 0o600);
  } catch (error) {
    if (typeof error === 'object' && error !== null && 'code' in error && error.code === 'EEXIST') return;
    throw new NoteKeyUnusable('the file of the signing key cannot be made');
  }
  try {
    writeSync(file, `${PRIVATE}${name}+${keyId}+${Buffer.concat([Buffer.of(ED25519), seed]).toString('base64')}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function keyParts(text: string): { readonly name: string; readonly keyId: Buffer; readonly bytes: Buffer } {
  const [, name, hex, encoded] = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/u.exec(text) ?? [];
  const bytes = encoded === undefined ? undefined : strictBase64(encoded);
  if (name === undefined || hex === undefined || !isKeyName(name)) throw new NoteKeyUnusable('not a key of a note');
  if (bytes?.length !== 33 || bytes[0] !== ED25519) throw new NoteKeyUnusable('not an Ed25519 key of a note');
  return { name, keyId: Buffer.from(hex, 'hex'), bytes: bytes.subarray(1) };
}

function keyIdOf(name: string, publicKey: Uint8Array): Buffer {
  return createHash('sha256').update(`${name}\n`).update(Buffer.of(ED25519)).update(publicKey).digest().subarray(0, 4);
}

function isKeyName(name: string): boolean {
  return name.length > 0 && !/[\s+\p{Cc}]/u.test(name) && name.isWellFormed();
}

function isNoteText(text: string): boolean {
  if (!text.isWellFormed()) return false;
  // C2SP signed-note: no ASCII control character but newline.
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code < 0x20 && code !== 0x0a) return false;
  }
  return true;
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
