import { describe, expect, it } from '@jest/globals';
import { fakeChance } from '#testing';
import { signCheckpoint } from './checkpoint.ts';
import {
  cosignaturesOf,
  cosignedBy,
  cosignerOf,
  formatWitnessSecret,
  parseWitnessKey,
  parseWitnessSecret,
  withSignatures,
} from './cosignature.ts';
import { EMPTY_ROOT } from './merkle.ts';
import { openNote, parseVkey, signerOf, splitNote } from './note.ts';

// A checkpoint of a Certificate Transparency log as it was served, cosigned by public witnesses: made by other implementations.
const REMORA = 'remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2';
const SERVED = `arche2025h1.staging.ct.transparency.dev
1432088532
U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=

— arche2025h1.staging.ct.transparency.dev zTM8sQAAAZ5W0WdjBAMARjBEAiBjW5IQf9pvsYLfQFX6hoGREPMHbdQ3urbllzalApkptQIgIpwtEroeW2BXaHAI4kJXFbon5Ch9MNL5zRNZ55lvGt0=
— arche2025h1.staging.ct.transparency.dev ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3NygNI75MdhL1bfTW9g8Ei59RA23oHP7Ry1k3ZFWwQ=
— remora.n621.de 2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk5XeU/zZ0WBxtqB0DrAWfBw==
`;
/** The key and note of C2SP signed-note, "Example". */
const FOO = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k';
const FOO_NOTE =
  'This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n';

const log = signerOf('tellonce', fakeChance('log').bytes(32));
const note = signCheckpoint(7n, EMPTY_ROOT, log);
const text = splitNote(note)?.text ?? '';
const [one, two] = ['witness.example/w1', 'witness.example/w2'].map((name) =>
  cosignerOf(name, fakeChance(name).bytes(32)),
) as [ReturnType<typeof cosignerOf>, ReturnType<typeof cosignerOf>];
const [first, second] = [parseWitnessKey(one.vkey), parseWitnessKey(two.vkey)];

describe('notes of others', () => {
  it('verifies the cosignature that a public witness made', () => {
    const remora = parseWitnessKey(REMORA);
    expect(cosignaturesOf(SERVED, [remora])).toMatchObject({ ok: true, value: [{ by: remora, seconds: 1779573024n }] });
    for (const [from, to] of [
      ['1432088532', '1432088533'],
      ['U7WM', 'U7WN'],
      ['staging.ct.transparency.dev\n', 'staging.ct.transparency.dew\n'],
    ] as const)
      expect(cosignaturesOf(SERVED.replace(from, to), [remora])).toEqual({ ok: false, error: 'bad-signature' });
  });

  it('verifies the example of the specification of signed notes', () => {
    expect(openNote(FOO_NOTE, [parseVkey(FOO)])).toMatchObject({ ok: true, value: { signedBy: ['example.com/foo'] } });
    expect(openNote(FOO_NOTE.replace('This', 'Thus'), [parseVkey(FOO)])).toEqual({ ok: false, error: 'bad-signature' });
  });
});

describe('cosigning', () => {
  it('says what it signs and when, byte for byte as the specification has it', () => {
    const line = one.cosign(text, 1_679_315_147n);
    const cosigned = withSignatures(note, [line]);
    expect(cosignaturesOf(cosigned, [first, second])).toEqual({
      ok: true,
      value: [{ by: first, seconds: 1_679_315_147n, line }],
    });
    expect(withSignatures(cosigned, [line])).toBe(cosigned);
    expect([cosignedBy(cosigned, [first]), cosignedBy(cosigned, [first, second]), cosignedBy(cosigned, [])]).toEqual([
      true,
      false,
      true,
    ]);
  });

  it('is nobody else’s signature: not the log’s, not of another text or time', () => {
    const line = one.cosign(text, 5n);
    expect(openNote(`${text}\n${line}\n`, [parseVkey(log.vkey)])).toEqual({ ok: false, error: 'no-known-key' });
    const [, , encoded = ''] = line.split(' ');
    const bytes = Buffer.from(encoded, 'base64');
    bytes.writeBigUInt64BE(6n, 4);
    const moved = `— ${one.name} ${bytes.toString('base64')}`;
    for (const bad of [`${text}\n${moved}\n`, `${text.replace('7', '8')}\n${line}\n`])
      expect(cosignaturesOf(bad, [first])).toEqual({ ok: false, error: 'bad-signature' });
    for (const seconds of [0n, 1n << 63n])
      expect(cosignaturesOf(`${text}\n${one.cosign(text, seconds)}\n`, [first]).ok).toBe(false);
    expect(cosignaturesOf(`${text}\n${line.replace('—', '-')}\n`, [first])).toEqual({ ok: false, error: 'malformed' });
  });

  it('counts the later of two by one witness', () => {
    const lines = [one.cosign(text, 9n), one.cosign(text, 8n)];
    expect(cosignaturesOf(withSignatures(note, lines), [first])).toMatchObject({ ok: true, value: [{ seconds: 9n }] });
  });
});

describe('the keys of witnesses', () => {
  it('are of type 4 and no other', () => {
    expect(parseWitnessKey(one.vkey)).toMatchObject({ name: 'witness.example/w1' });
    for (const bad of [log.vkey, REMORA.replace('da77ade7', 'da77ade8'), REMORA.replace('+BO', '+AO'), 'x', ''])
      expect(() => parseWitnessKey(bad)).toThrow('key');
    expect(() => parseVkey(one.vkey)).toThrow('key');
  });

  it('are kept as one line that names them', () => {
    const secret = formatWitnessSecret('witness.example/w1', fakeChance('witness.example/w1').bytes(32));
    expect(parseWitnessSecret(secret).vkey).toBe(one.vkey);
    for (const bad of [secret.slice(8), secret.replace('w1', 'w2')])
      expect(() => parseWitnessSecret(bad)).toThrow('key');
  });
});
