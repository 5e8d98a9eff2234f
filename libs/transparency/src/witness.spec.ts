import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { appendFileSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { leafHash } from '#kernel';
import { fakeChance, temporaryFolder } from '#testing';
import { openCheckpoint, signCheckpoint, type Checkpoint } from './checkpoint.ts';
import { splitNotes } from './checkpoint-file.ts';
import { headToShow, stillCosigned, withCosigners, type CosignedHead } from './cosigned-head.ts';
import { cosignerOf, parseWitnessKey } from './cosignature.ts';
import { consistencyProof, EMPTY_ROOT, rootOf } from './merkle.ts';
import { parseVkey, signerOf, splitNote } from './note.ts';
import { WitnessFile } from './witness-file.ts';
import {
  formatAddCheckpoint,
  judgeHead,
  parseAddCheckpoint,
  ruleAddCheckpoint,
  type WitnessRuling,
} from './witness.ts';

const log = signerOf('tellonce', fakeChance('log').bytes(32));
const other = signerOf('tellonce', fakeChance('other').bytes(32));
const stranger = signerOf('another.example/log', fakeChance('stranger').bytes(32));
const known = parseVkey(log.vkey);
const leaves = Array.from({ length: 40 }, (_, n) => leafHash(Buffer.from(`event ${n}`)));
/** The same log with one old event rewritten. */
const rewritten = leaves.map((leaf, n) => (n === 2 ? leafHash(Buffer.from('never said')) : leaf));

const headOf = (size: number, from = leaves, signer = log) =>
  signCheckpoint(BigInt(size), rootOf(from.slice(0, size)), signer);
const proofOf = (older: number, newer: number, from = leaves) =>
  older === 0 || older === newer ? [] : consistencyProof(from.slice(0, newer), older);
const asking = (old: number, size: number, from = leaves, signer = log) =>
  formatAddCheckpoint({ old: BigInt(old), proof: proofOf(old, size, from), checkpoint: headOf(size, from, signer) });

/** What a witness that holds the head of a size rules. */
function ruled(body: string, holding?: number): WitnessRuling {
  const held: Checkpoint | undefined =
    holding === undefined
      ? undefined
      : { origin: 'tellonce', size: BigInt(holding), root: rootOf(leaves.slice(0, holding)) };
  return ruleAddCheckpoint(body, [known], (origin) => (origin === 'tellonce' ? held : undefined));
}
const status = (ruling: WitnessRuling) => (ruling.kind === 'refuse' ? ruling.status : ruling.kind);

describe('add-checkpoint', () => {
  it('is written and read in one spelling', () => {
    const request = { old: 5n, proof: proofOf(5, 9), checkpoint: headOf(9) };
    const body = formatAddCheckpoint(request);
    expect(body.split('\n').slice(0, 2)).toEqual(['old 5', Buffer.from(request.proof[0] ?? []).toString('base64')]);
    expect(parseAddCheckpoint(body)).toMatchObject({ old: 5n, checkpoint: request.checkpoint });
    for (const bad of [
      body.replace('old 5', 'old 05'),
      body.replace('old 5', 'old  5'),
      body.replace('old 5', 'old -5'),
      body.replace('old 5\n', ''),
      body.replace('\n\n', '\nAAAA\n\n'),
      body.replace('\n\n', '\n'),
      body.replaceAll('\n', '\r\n'),
      `old 1\n${'jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=\n'.repeat(64)}\n${request.checkpoint}`,
    ])
      expect(parseAddCheckpoint(bad)).toBeUndefined();
  });

  it('is cosigned where it continues what is held, and from nothing', () => {
    for (const [old, size] of [
      [0, 0],
      [0, 9],
      [5, 9],
      [8, 40],
      [9, 9],
    ] as const) {
      const ruling = ruled(asking(old, size), old);
      expect([old, size, ruling]).toMatchObject([old, size, { kind: 'cosign', checkpoint: { size: BigInt(size) } }]);
    }
    expect(ruled(asking(0, 9))).toMatchObject({ kind: 'cosign', note: headOf(9) });
  });

  it('keeps the log’s own signature and no others', () => {
    const note = `${headOf(9)}${stranger.signatureLine(splitNote(headOf(9))?.text ?? '')}\n`;
    const ruling = ruled(formatAddCheckpoint({ old: 0n, proof: [], checkpoint: note }));
    expect(ruling).toMatchObject({ kind: 'cosign', note: headOf(9) });
  });

  it.each([
    ['what is held is newer: 409 with its size', () => ruled(asking(5, 9), 20), 'other-size'],
    ['what is held is older', () => ruled(asking(5, 9), 3), 'other-size'],
    ['nothing is held', () => ruled(asking(5, 9)), 'other-size'],
    ['the old size is above the new', () => ruled(asking(9, 9).replace('old 9', 'old 10'), 10), 400],
    ['an old event was rewritten', () => ruled(asking(5, 9, rewritten), 5), 422],
    ['as many events, but others', () => ruled(asking(9, 9, rewritten), 9), 422],
    ['a proof is missing', () => ruled(formatAddCheckpoint({ old: 5n, proof: [], checkpoint: headOf(9) }), 5), 422],
    [
      'a proof from nothing',
      () => ruled(formatAddCheckpoint({ old: 0n, proof: proofOf(5, 9), checkpoint: headOf(9) })),
      422,
    ],
    [
      'an empty tree with a root',
      () =>
        ruled(
          formatAddCheckpoint({ old: 0n, proof: [], checkpoint: signCheckpoint(0n, leaves[0] ?? EMPTY_ROOT, log) }),
        ),
      422,
    ],
    ['another key signed', () => ruled(asking(0, 9, leaves, other)), 403],
    ['the signature is wrong', () => ruled(asking(5, 9).replace(/.{4}=\n$/, 'AAA=\n'), 5), 400],
    ['another log', () => ruled(asking(0, 9, leaves, stranger)), 404],
    ['no checkpoint', () => ruled('old 0\n\nhello\n'), 400],
    ['nothing at all', () => ruled(''), 400],
  ] as const)('is refused where %s', (_what, rule, expected) => {
    expect(status(rule())).toBe(expected);
  });

  it('says which size it holds', () => {
    expect(ruled(asking(5, 9), 20)).toEqual({ kind: 'other-size', size: 20n });
    expect(ruled(asking(5, 9))).toEqual({ kind: 'other-size', size: 0n });
  });
});

describe('a witness that fetches', () => {
  const judged = (held: string | undefined, offered: string, from = leaves) =>
    judgeHead({ held, offered, log: known, proof: async (a, b) => proofOf(Number(a), Number(b), from) });

  it('takes the first head, the same and one that continues it', async () => {
    expect(await judged(undefined, headOf(9))).toMatchObject({ ok: true, value: { size: 9n } });
    expect(await judged(headOf(9), headOf(9))).toMatchObject({ ok: true });
    expect(await judged(headOf(9), headOf(40))).toMatchObject({ ok: true, value: { size: 40n } });
    expect(await judged(headOf(0), headOf(3))).toMatchObject({ ok: true });
  });

  it.each([
    ['fewer events', headOf(20), headOf(9), leaves, 'rolled-back'],
    ['as many, but others', headOf(9), headOf(9, rewritten), leaves, 'other-root'],
    ['more, but not after those', headOf(9), headOf(20, rewritten), rewritten, 'not-continued'],
    ['another key', headOf(9), headOf(20, leaves, other), leaves, 'wrong-key'],
    ['another log', headOf(9), headOf(20, leaves, stranger), leaves, 'wrong-key'],
    ['a page of something else', headOf(9), '<html>', leaves, 'unreadable'],
  ] as const)('refuses %s', async (_what, held, offered, from, fault) => {
    expect(await judged(held, offered, [...from])).toEqual({ ok: false, error: fault });
  });
});

describe('the files of a witness', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  beforeEach(() => {
    folder = temporaryFolder();
  });
  afterEach(() => folder.remove());

  it('hold one head a log, replaced whole, for their owner alone', () => {
    const path = join(folder.path, 'state');
    const file = new WitnessFile(path);
    expect(file.held('tellonce')).toBeUndefined();
    for (const note of [headOf(9), headOf(4, leaves, stranger), headOf(20)]) file.keep(note);
    const again = new WitnessFile(path);
    expect([again.held('tellonce'), again.held(stranger.name), again.held('x')]).toEqual([
      headOf(20),
      headOf(4, leaves, stranger),
      undefined,
    ]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    appendFileSync(path, 'more');
    expect(() => again.held('tellonce')).toThrow('something else');
  });

  it('keep both heads that contradict each other, once', () => {
    const file = new WitnessFile(join(folder.path, 'state'));
    const path = file.keepEvidence(headOf(9), headOf(9, rewritten));
    file.keepEvidence(headOf(9), headOf(9, rewritten));
    const notes = splitNotes(readFileSync(path, 'utf8'));
    expect(notes).toEqual([headOf(9), headOf(9, rewritten)]);
    expect(notes.map((note) => openCheckpoint(note, [known]).ok)).toEqual([true, true]);
  });

  it('keep at the hub the newest cosigned head, and show outsiders never less than before', () => {
    const witness = cosignerOf('witness.example/w1', fakeChance('w1').bytes(32));
    const line = (size: number) => witness.cosign(splitNote(headOf(size))?.text ?? '', 5n);
    const head = (size: number) => ({ size: BigInt(size), note: headOf(size) });
    const keys = [parseWitnessKey(witness.vkey)];
    let [cosigned, shown]: [CosignedHead | undefined, bigint] = [undefined, 0n];
    const keep = (size: number, now: number) => (cosigned = withCosigners(cosigned, head(size), [line(size)], now));
    const show = (size: number, now: number): string => {
      const next = headToShow(head(size), cosigned, shown, now);
      shown = next.size;
      return next.note;
    };
    expect(show(4, 0)).toBe(headOf(4));
    keep(4, 0);
    expect(show(4, 0)).toBe(`${headOf(4)}${line(4)}\n`);
    // Fresh, so worth more than a newer one that nobody vouches for; later not.
    expect(show(9, 30_000)).toContain(line(4));
    expect(show(9, 90_000)).toBe(headOf(9));
    keep(8, 91_000);
    expect(show(9, 92_000)).toBe(headOf(9));
    keep(9, 93_000);
    const last = cosigned;
    keep(8, 94_000);
    expect(cosigned).toBe(last);
    // After a restart nobody knows how old it is: it is shown while nothing is newer.
    cosigned = stillCosigned(last, known, keys);
    expect(show(9, 0)).toContain(line(9));
    expect(show(10, 0)).toBe(headOf(10));
    expect(stillCosigned(last, known, [])).toBeUndefined();
    expect(stillCosigned(last, parseVkey(other.vkey), keys)).toBeUndefined();
  });
});
