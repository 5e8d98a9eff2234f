import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { encodeRecord } from '#contracts';
import { leafHash, type Instant, type OrganisationId } from '#kernel';
import { fakeChance } from '#testing';
import { signCheckpoint } from './checkpoint.ts';
import { cosignerOf, parseWitnessKey, withSignatures } from './cosignature.ts';
import { exportManifest, looksLikeManifest, verifyManifest } from './manifest.ts';
import { inclusionProof, rootOf } from './merkle.ts';
import { openCheckpoint } from './checkpoint.ts';
import { parseVkey, signerOf, signNote, splitNote } from './note.ts';
import { formatReceipt } from './tlog-proof.ts';

const log = signerOf('tellonce', fakeChance('log').bytes(32));
const other = signerOf('tellonce', fakeChance('other').bytes(32));
const witness = cosignerOf('witness.example/w1', fakeChance('w').bytes(32));
const DECISIONS = ['0b7c3b8e-7e0f-4d62-8f38-0c8f2b0f0001', '0b7c3b8e-7e0f-4d62-8f38-0c8f2b0f0002'] as const;
const made = '2026-11-24T09:30:00.000Z' as Instant;
const stored = DECISIONS.map(
  (decision) =>
    encodeRecord({
      format: 1,
      stream: `look-${decision}`,
      revision: 0,
      type: 'look.recorded.v1',
      recordedAt: made,
      by: 'oakfield' as OrganisationId,
      correlationId: 'c',
      data: { decision },
    }).data,
);
const leaves = stored.map((bytes) => leafHash(bytes));
const plain = signCheckpoint(2n, rootOf(leaves), log);
const cosigned = withSignatures(plain, [witness.cosign(splitNote(plain)?.text ?? '', 5n)]);
const receipt = (index: number, checkpoint = cosigned) =>
  formatReceipt({
    index: BigInt(index),
    hashes: inclusionProof(leaves, index),
    checkpoint,
    extra: stored[index] ?? new Uint8Array(),
  });

const words = Buffer.from('decision,time\n');
const there = { sha256: createHash('sha256').update(words).digest(), bytes: words.length };
const content = {
  made,
  files: [{ name: 'looks of October.csv', ...there }],
  decisions: DECISIONS.map((decision, index) => ({ decision, receipt: receipt(index) })),
  checkpoint: cosigned,
};
const manifest = exportManifest(content, log);
const verified = (note: string, found: typeof there | undefined = there, witnesses = [parseWitnessKey(witness.vkey)]) =>
  verifyManifest(note, {
    log: parseVkey(log.vkey),
    witnesses,
    file: (name) => (name === 'looks of October.csv' ? found : undefined),
  });

describe('the manifest of an export', () => {
  it('holds, with every file and decision', () => {
    expect(looksLikeManifest(manifest)).toBe(true);
    expect(verified(manifest)).toMatchObject({
      ok: true,
      value: {
        made,
        decisions: [
          { decision: DECISIONS[0], index: 0n },
          { decision: DECISIONS[1], index: 1n },
        ],
      },
    });
    expect(verified(exportManifest({ ...content, files: [], decisions: [] }, log)).ok).toBe(true);
  });

  it('is no checkpoint, though one key signs both', () => {
    expect(openCheckpoint(manifest, [parseVkey(log.vkey)])).toEqual({ ok: false, error: 'malformed' });
    expect(verified(plain)).toEqual({ ok: false, error: { why: 'malformed' } });
  });

  it.each([
    [
      'a file was changed',
      () => verified(manifest, { ...there, sha256: createHash('sha256').update('x').digest() }),
      'file-differs',
    ],
    ['a file was cut', () => verified(manifest, { ...there, bytes: 3 }), 'file-differs'],
    [
      'a file is missing',
      () => verifyManifest(manifest, { log: parseVkey(log.vkey), file: () => undefined }),
      'file-missing',
    ],
    ['another key signed', () => verified(exportManifest(content, other)), 'no-known-key'],
    ['a character was changed', () => verified(manifest.replace('October', 'october')), 'bad-signature'],
    [
      'a receipt is another decision’s',
      () => verified(exportManifest({ ...content, decisions: [{ decision: DECISIONS[0], receipt: receipt(1) }] }, log)),
      'decision-not-proven',
    ],
    [
      'a receipt has another place',
      () =>
        verified(
          exportManifest(
            { ...content, decisions: [{ decision: DECISIONS[0], receipt: receipt(0).replace('index 0', 'index 1') }] },
            log,
          ),
        ),
      'decision-not-proven',
    ],
    [
      'the checkpoint is not cosigned',
      () => verified(exportManifest({ ...content, checkpoint: plain }, log)),
      'bad-checkpoint',
    ],
    [
      'a receipt is not cosigned',
      () =>
        verified(
          exportManifest({ ...content, decisions: [{ decision: DECISIONS[0], receipt: receipt(0, plain) }] }, log),
        ),
      'decision-not-proven',
    ],
    ['a line is none of its', () => verified(signNote(`${splitNote(manifest)?.text ?? ''}more\n`, log)), 'malformed'],
  ] as const)('fails where %s', (_what, verify, why) => {
    const result = verify();
    expect(result.ok).toBe(false);
    if (!result.ok) expect(result.error.why).toBe(why);
  });

  it('takes no name that leaves its folder', () => {
    for (const name of ['../x', 'a/b', 'a\\b', '', '.', '..', ' x', 'x\n', 'a\u0000'])
      expect(() => exportManifest({ ...content, files: [{ name, ...there }] }, log)).toThrow(RangeError);
    expect(() => exportManifest({ ...content, decisions: [{ decision: 'x', receipt: '' }] }, log)).toThrow(RangeError);
  });
});
