import { createHash } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { leafHash } from '#kernel';
import {
  consistencyProof,
  cosignaturesOf,
  formatAddCheckpoint,
  parseWitnessKey,
  rootOf,
  signCheckpoint,
  signerOf,
  splitNotes,
  withSignatures,
} from '#transparency';
import { fakeChance, temporaryFolder } from '#testing';
import { witnessKey } from './key.ts';
import { serveWitness, type ServedWitness } from './serve.ts';

const log = signerOf('tellonce', fakeChance('log').bytes(32));
const stranger = signerOf('another.example/log', fakeChance('stranger').bytes(32));
const leaves = Array.from({ length: 40 }, (_, n) => leafHash(Buffer.from(`event ${n}`)));
const rewritten = leaves.map((leaf, n) => (n === 2 ? leafHash(Buffer.from('never said')) : leaf));
const headOf = (size: number, from = leaves, signer = log) =>
  signCheckpoint(BigInt(size), rootOf(from.slice(0, size)), signer);
const asking = (old: number, size: number, from = leaves, signer = log) =>
  formatAddCheckpoint({
    old: BigInt(old),
    proof: old === 0 || old === size ? [] : consistencyProof(from.slice(0, size), old),
    checkpoint: headOf(size, from, signer),
  });

let folder: ReturnType<typeof temporaryFolder>;
let witness: ServedWitness;
let vkey: string;
const said: string[] = [];
const state = () => join(folder.path, 'state');

async function serve(): Promise<void> {
  const cosigner = witnessKey(join(folder.path, 'key'), 'witness.example/w1');
  vkey = cosigner.vkey;
  const logs = [log.vkey];
  const say = (line: string) => void said.push(line);
  witness = await serveWitness({
    listen: '127.0.0.1:0',
    logs,
    cosigner,
    state: state(),
    now: () => 1_700_000_000n,
    say,
  });
}

beforeEach(async () => {
  folder = temporaryFolder();
  said.splice(0);
  await serve();
});
afterEach(async () => {
  await witness.close();
  folder.remove();
});

const post = async (body: string) => {
  const answer = await fetch(`${witness.url}/add-checkpoint`, { method: 'POST', body });
  return { status: answer.status, text: await answer.text(), type: answer.headers.get('content-type') };
};

describe('a witness over HTTP (C2SP tlog-witness)', () => {
  it('cosigns what continues, keeps it before it answers, and serves it', async () => {
    for (const [old, size] of [
      [0, 5],
      [5, 9],
      [9, 9],
      [9, 40],
    ] as const) {
      const answer = await post(asking(old, size));
      expect(answer.status).toBe(200);
      const cosigned = withSignatures(headOf(size), [answer.text.trimEnd()]);
      expect(cosignaturesOf(cosigned, [parseWitnessKey(vkey)])).toMatchObject({
        ok: true,
        value: [{ seconds: 1_700_000_000n }],
      });
      expect(splitNotes(readFileSync(state(), 'utf8'))).toEqual([cosigned]);
    }
    const hash = createHash('sha256').update('tellonce').digest('hex');
    const latest = await fetch(`${witness.url}/${hash}/checkpoint`);
    expect([latest.status, await latest.text()]).toEqual([200, readFileSync(state(), 'utf8').slice(0, -1)]);
  });

  it('goes on after a restart from what it kept', async () => {
    await post(asking(0, 20));
    await witness.close();
    await serve();
    expect(await post(asking(0, 9))).toEqual({ status: 409, text: '20\n', type: 'text/x.tlog.size' });
    expect((await post(asking(20, 40))).status).toBe(200);
  });

  it('answers each refusal with its status, and cosigns nothing', async () => {
    await post(asking(0, 9));
    const before = readFileSync(state(), 'utf8');
    const refusals: readonly (readonly [string, number])[] = [
      [asking(5, 20), 409],
      [asking(9, 20, rewritten), 422],
      [asking(9, 9, rewritten), 422],
      [asking(9, 20, leaves, signerOf('tellonce', fakeChance('other').bytes(32))), 403],
      [asking(0, 5, leaves, stranger), 404],
      ['old 9\n', 400],
      ['', 400],
      [asking(20, 20).replace('old 20', 'old 21'), 400],
    ];
    for (const [body, status] of refusals)
      expect([body.slice(0, 20), (await post(body)).status]).toEqual([body.slice(0, 20), status]);
    expect(readFileSync(state(), 'utf8')).toBe(before);
    expect((await fetch(`${witness.url}/add-checkpoint`)).status).toBe(405);
    expect((await fetch(`${witness.url}/`)).status).toBe(404);
    expect((await fetch(`${witness.url}/${'0'.repeat(64)}/checkpoint`)).status).toBe(404);
  });

  it('keeps both heads of a contradiction, as the log signed them, and says so', async () => {
    await post(asking(0, 9));
    await post(asking(9, 9, rewritten));
    const evidence = splitNotes(readFileSync(`${state()}.evidence`, 'utf8'));
    expect(evidence.map((note) => note.split('\n').slice(0, 3))).toEqual(
      [headOf(9), headOf(9, rewritten)].map((note) => note.split('\n').slice(0, 3)),
    );
    expect(said).toEqual([expect.stringMatching(/^DO NOT TRUST tellonce: /)]);
  });

  it('does not roll back where two requests come at once', async () => {
    await post(asking(0, 5));
    const answers = await Promise.all([post(asking(5, 40)), post(asking(5, 9)), post(asking(5, 20))]);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(2);
  });

  it('takes no endless body', async () => {
    expect((await post(`old 0\n\n${'a'.repeat(70_000)}`)).status).toBe(413);
    const port = Number(new URL(witness.url).port);
    const cut = await new Promise<string>((resolve) => {
      let text = '';
      const socket = connect(port, '127.0.0.1', () => {
        socket.write('POST /add-checkpoint HTTP/1.1\r\nhost: w\r\ntransfer-encoding: chunked\r\n\r\n');
        const more = setInterval(() => socket.write(`2000\r\n${'a'.repeat(8192)}\r\n`), 1);
        socket.on('close', () => {
          clearInterval(more);
          resolve(text);
        });
      });
      socket.on('error', () => undefined);
      socket.on('data', (part) => (text += part.toString('utf8')));
    });
    expect(cut === '' || cut.startsWith('HTTP/1.1 413')).toBe(true);
    expect(existsSync(state())).toBe(false);
  });
});

describe('the key of a witness', () => {
  it('is made once, for its owner alone, and names the witness', () => {
    const path = join(folder.path, 'key');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(witnessKey(path, undefined).vkey).toBe(vkey);
    expect(() => witnessKey(path, 'witness.example/w2')).toThrow('w1');
    expect(() => witnessKey(join(folder.path, 'none'), undefined)).toThrow('--name');
    chmodSync(path, 0o644);
    expect(() => witnessKey(path, undefined)).toThrow('chmod 600');
  });
});
