import { createHash, createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { leafHash } from '#kernel';
import {
  CheckpointFolder,
  cosignerOf,
  openMerkleTree,
  parseReceipt,
  parseVkey,
  parseWitnessKey,
  signerOf,
  splitNote,
  startCheckpointer,
  verifyConsistency,
  verifyReceipt,
  withSignatures,
} from '#transparency';
import { figure, median } from './lib.ts';

/**
 * Proof and its verification on a tree of as many events as an area makes in four months (3.3 million a year). The baseline of a verification is what
 * no implementation can leave out, measured interleaved with it: one Ed25519 verification by node:crypto and the hashes of the path.
 */
const EVENTS = Number(process.argv[2] ?? 1_000_000);
/** Many short rounds: what else the machine does then falls on a figure and on its baseline alike. */
const ROUNDS = 200;
const EACH = 20;
const BATCH = 500;

const folder = mkdtempSync(join(tmpdir(), 'tellonce-bench-'));
const tree = openMerkleTree(join(folder, 'tree.db'));
const signer = signerOf('tellonce', Buffer.alloc(32, 1));
const witness = cosignerOf('witness.example/w1', Buffer.alloc(32, 2));
const bytesOf = (n: number): Buffer => Buffer.from(JSON.stringify({ n, sealed: 'x'.repeat(900) }));

const grown = performance.now();
for (let at = 0; at < EVENTS; at += BATCH) {
  const count = Math.min(BATCH, EVENTS - at);
  tree.append(
    Array.from({ length: count }, (_, n) => ({ id: String(at + n), data: bytesOf(at + n), token: String(at + n) })),
  );
}
const grownSeconds = (performance.now() - grown) / 1_000;

const checkpointer = startCheckpointer({
  tree,
  signer,
  timer: { after: () => () => undefined },
  folder: new CheckpointFolder(join(folder, 'checkpoints')),
  onFailure: (error) => {
    throw error;
  },
});
checkpointer.signNow();
const head = checkpointer.latest();
if (head === undefined) throw new Error('nothing is signed');

// Places spread over the tree: not the last tile again and again.
const places = Array.from({ length: EACH * ROUNDS }, (_, n) => (n * 2_654_435_761) % EVENTS);
const receipts = places.map((n) => ({ bytes: bytesOf(n), text: checkpointer.receipt(String(n), bytesOf(n)) ?? '' }));
const line = witness.cosign(splitNote(head.note)?.text ?? '', 1n);
const cosigned = receipts.map(({ bytes, text }) => ({ bytes, text: withSignatures(text, [line]) }));
const [known, witnesses] = [[parseVkey(signer.vkey)], [parseWitnessKey(witness.vkey)]];
const verified = receipts.every(({ text, bytes }) => verifyReceipt(text, bytes, known).ok);
const witnessed = cosigned.every(({ text, bytes }) => verifyReceipt(text, bytes, known, witnesses).ok);
if (!verified || !witnessed) throw new Error('a receipt does not verify: not the work that is claimed');

const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, 1)]);
const privateKey = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
const publicKey = createPublicKey(privateKey);
const signedText = Buffer.from(splitNote(head.note)?.text ?? '');
const signature = sign(null, signedText, privateKey);
const path = parseReceipt(receipts[0]?.text ?? '')?.hashes.length ?? 0;

/** Microseconds for one, of EACH done one after another; every round has other places. */
function each(round: number, work: (n: number) => void): number {
  const start = performance.now();
  for (let n = 0; n < EACH; n++) work(round * EACH + n);
  return ((performance.now() - start) * 1_000) / EACH;
}

/** What cannot be left out: the signatures, the leaf hash and one hash of 65 bytes for each step of the path. */
function bare(round: number, signatures: number): number {
  return each(round, (n) => {
    for (let at = 0; at < signatures; at++) verify(null, signedText, publicKey, signature);
    let hash = leafHash(receipts[n]?.bytes ?? signature);
    for (let step = 0; step < path; step++) hash = createHash('sha256').update(hash).update(hash).digest();
  });
}

const rounds = Array.from({ length: ROUNDS }, (_, at) => ({
  proof: each(at, (n) => void tree.inclusionProof(places[n] ?? 0)),
  receipt: each(at, (n) => void checkpointer.receipt(String(places[n] ?? 0), receipts[n]?.bytes)),
  consistency: each(at, (n) => void tree.consistencyProof((places[n] ?? 0) + 1)),
  bareOne: bare(at, 1),
  one: each(at, (n) => void verifyReceipt(receipts[n]?.text ?? '', receipts[n]?.bytes ?? signature, known)),
  bareTwo: bare(at, 2),
  two: each(at, (n) => void verifyReceipt(cosigned[n]?.text ?? '', cosigned[n]?.bytes ?? signature, known, witnesses)),
}));
const of = (name: keyof (typeof rounds)[number]): number => median(rounds.map((round) => round[name]));
const ratio = (name: 'one' | 'two', to: 'bareOne' | 'bareTwo'): number =>
  median(rounds.map((round) => round[name] / round[to]));

const older = Math.floor(EVENTS / 3) + 1;
const proof = tree.consistencyProof(older);
if (!verifyConsistency(BigInt(older), BigInt(EVENTS), tree.root(older), tree.root(), proof))
  throw new Error('a consistency proof does not verify');

const bench = 'proof';
const over = `tree of ${EVENTS} events`;
figure({ bench, figure: `leaves added, ${over}`, value: EVENTS / grownSeconds, unit: 'events/s' });
figure({ bench, figure: `inclusion proof made from a tile not read before, ${over}`, value: of('proof'), unit: 'µs' });
figure({
  bench,
  figure: `receipt made from a tile read before, ${over}`,
  value: of('receipt'),
  unit: 'µs',
  target: 1_000,
  atMost: true,
});
figure({ bench, figure: `consistency proof made, ${over}`, value: of('consistency'), unit: 'µs' });
figure({
  bench,
  figure: 'receipt verified, beside one Ed25519 verification and its hashes',
  value: of('one'),
  unit: 'µs',
  baseline: of('bareOne'),
  ratio: ratio('one', 'bareOne'),
  target: 1.5,
  atMost: true,
});
figure({
  bench,
  figure: 'receipt with one cosignature verified, beside two Ed25519 verifications and its hashes',
  value: of('two'),
  unit: 'µs',
  baseline: of('bareTwo'),
  ratio: ratio('two', 'bareTwo'),
  target: 1.5,
  atMost: true,
});
figure({
  bench,
  figure: 'size of a receipt without the event',
  value: Buffer.byteLength(checkpointer.receipt(String(places[0])) ?? ''),
  unit: 'bytes',
});

checkpointer.close();
tree.close();
rmSync(folder, { recursive: true });
