import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { chmodSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fakeChance, temporaryFolder } from '#testing';
import { openCheckpoint, parseCheckpointText, signCheckpoint } from './checkpoint.ts';
import { EMPTY_ROOT } from './merkle.ts';
import { loadSigner, openNote, parseSkey, parseVkey, signerOf, signNote } from './note.ts';

// The example of golang.org/x/mod/sumdb/note: made by another implementation.
const vkey = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const skey = 'PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz';
const text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const line =
  '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=';
const note = `${text}\n${line}\n`;
const known = [parseVkey(vkey)];
const signer = signerOf('tellonce.example/area', fakeChance('seed').bytes(32));
const ours = [parseVkey(signer.vkey)];

describe('signed notes', () => {
  it('reads and writes the note that another implementation wrote, byte for byte', () => {
    expect(openNote(note, known)).toEqual({ ok: true, value: { text, signedBy: ['PeterNeumann'] } });
    expect(signNote(text, parseSkey(skey))).toBe(note);
    expect(parseSkey(skey).vkey).toBe(vkey);
  });

  it('ignores unknown keys but not a wrong signature of a known one', () => {
    const other = signer.signatureLine(text);
    expect(openNote(`${text}\n${other}\n${line}\n`, known).ok).toBe(true);
    expect(openNote(`${text}\n${other}\n`, known)).toEqual({ ok: false, error: 'no-known-key' });
    expect(openNote(note.replace('think', 'thinK'), known)).toEqual({ ok: false, error: 'bad-signature' });
    const wrong = line.replace('JnAM=', 'JnAI=');
    expect(openNote(`${text}\n${wrong}\n${line}\n`, known)).toEqual({ ok: false, error: 'bad-signature' });
  });

  it.each([
    ['no blank line', note.replace('\n\n', '\n')],
    ['no last newline', note.slice(0, -1)],
    ['a carriage return', note.replace('problem,', 'problem,\r')],
    ['a hyphen for the dash', note.replace('—', '-')],
    ['a second space', note.replace('PeterNeumann ', 'PeterNeumann  ')],
    ['base64 without its end', note.replace('JnAM=', 'JnAM')],
    ['base64 with slack bits', note.replace('JnAM=', 'JnAN=')],
    ['no signature', `${text}\n`],
  ])('refuses %s', (_, changed) => {
    expect(openNote(changed, known)).toEqual({ ok: false, error: 'malformed' });
  });

  it('refuses keys that are none', () => {
    for (const bad of [
      'x',
      vkey.replace('c74f20a3', 'c74f20a4'),
      vkey.replace('+AR', '+AB'),
      vkey.replace('Peter', 'P '),
    ]) {
      expect(() => parseVkey(bad)).toThrow('key');
    }
  });
});

describe('checkpoints', () => {
  it('reads what it signed, and refuses every single changed character', () => {
    const signed = signCheckpoint(20_852_163n, EMPTY_ROOT, signer);
    expect(openCheckpoint(signed, ours)).toMatchObject({ ok: true, value: { size: 20_852_163n, root: EMPTY_ROOT } });
    for (let at = 0; at < signed.length; at += 1) {
      const changed = `${signed.slice(0, at)}${signed[at] === 'A' ? 'B' : 'A'}${signed.slice(at + 1)}`;
      expect({ at, ok: openCheckpoint(changed, ours).ok }).toEqual({ at, ok: false });
    }
  });

  it.each([
    'o\n01\nR\n',
    'o\n-1\nR\n',
    'o\n1\n\nR\n',
    'o\n1 \nR\n',
    '\n1\nR\n',
    'o\n1\nAAAA\n',
    'o\n18446744073709551616\nR\n',
  ])('refuses the text %j', (template) => {
    const root = Buffer.from(EMPTY_ROOT).toString('base64');
    expect(parseCheckpointText('o\n1\nR\n'.replace('R', root))).toBeDefined();
    expect(parseCheckpointText(template.replace('R', root))).toBeUndefined();
  });

  it('is of the log whose key signed it', () => {
    const foreign = signNote(`another.example/log\n1\n${Buffer.from(EMPTY_ROOT).toString('base64')}\n`, signer);
    expect(openCheckpoint(foreign, ours)).toEqual({ ok: false, error: 'wrong-origin' });
  });
});

describe('the file of the signing key', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  beforeEach(() => {
    folder = temporaryFolder();
  });
  afterEach(() => folder.remove());

  it('is made once, for its owner alone', () => {
    const path = join(folder.path, 'log.key');
    const options = { name: 'tellonce.example/area', create: true, chance: fakeChance() };
    const made = loadSigner(path, options);
    expect(loadSigner(path, options).vkey).toBe(made.vkey);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    chmodSync(path, 0o644);
    expect(() => loadSigner(path, options)).toThrow('chmod 600');
  });
});
