import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { appendFileSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeRecord, FAMILIES } from '#contracts';
import type { EventLog } from '#event-log';
import { leafHash, uuidOfHash, type Instant, type OrganisationId } from '#kernel';
import { fakeChance, temporaryFolder } from '#testing';
import {
  CheckpointFolder,
  checkAtStart,
  openTree,
  parseVkey,
  RollbackDetected,
  signerOf,
  startCheckpointer,
  verifyLog,
  verifyReceipt,
  type LeafEvent,
  type LeafSource,
  type LogDifference,
  type LogTree,
  type Timer,
} from './index.ts';

/** Checked by the compiler: every event log can be followed. */
export const everyLog = (log: EventLog): LeafSource => log;

const signer = signerOf('tellonce.example/area', fakeChance('seed').bytes(32));
const known = [parseVkey(signer.vkey)];

function event(n: number, word = 'said'): LeafEvent {
  const stream = `fact-${n}`;
  const by = 'trust-a' as OrganisationId;
  const recordedAt = '2026-09-01T09:00:00.000Z' as Instant;
  const record = {
    format: 1,
    stream,
    revision: 0,
    type: 't.v1',
    recordedAt,
    by,
    correlationId: 'c',
    data: { n, word },
  } as const;
  return { ...encodeRecord(record), stream, revision: 0, token: String(n) };
}
const events = Array.from({ length: 1500 }, (_, n) => event(n));

function sourceOf(rows: () => readonly LeafEvent[]): LeafSource {
  async function* from(after: string | null | undefined, batch = 500): AsyncIterable<readonly LeafEvent[]> {
    const all = rows();
    for (let at = after == null ? 0 : Number(after) + 1; at < all.length; at += batch) yield all.slice(at, at + batch);
  }
  return {
    readAll: ({ after, batch }) => from(after, batch),
    async *subscribe({ after, batch }) {
      for await (const found of from(after, batch)) yield { kind: 'events', events: found };
      yield { kind: 'caught-up' };
    },
  };
}

let folder: ReturnType<typeof temporaryFolder>;
let rows: readonly LeafEvent[] = events;
const trees: LogTree[] = [];
const at = (name: string): string => join(folder.path, name);
function treeAt(path = at('tree.db')): LogTree {
  const tree = openTree({ path, log: sourceOf(() => rows) });
  trees.push(tree);
  return tree;
}
function signing(tree: LogTree, timer: Timer = { after: () => () => undefined }): ReturnType<typeof startCheckpointer> {
  const onFailure = (error: unknown): never => {
    throw error;
  };
  const folders = { folder: new CheckpointFolder(at('ours')), witness: new CheckpointFolder(at('witness')) };
  return startCheckpointer({ tree: tree.tree, signer, timer, ...folders, onFailure });
}
const startCheck = (tree: LogTree): ReturnType<typeof checkAtStart> =>
  checkAtStart({
    tree,
    log: sourceOf(() => rows),
    families: FAMILIES,
    folders: [new CheckpointFolder(at('ours')), new CheckpointFolder(at('witness'))],
    known,
  });

beforeEach(() => {
  folder = temporaryFolder();
  rows = events;
});
afterEach(() => {
  for (const tree of trees.splice(0)) tree.close();
  folder.remove();
});

describe('signing as the log grows', () => {
  it('signs after 256 events at once, and otherwise when the timer ends', async () => {
    rows = events.slice(0, 3);
    const tree = treeAt();
    const due: (() => void)[] = [];
    const signed = signing(tree, {
      after: (ms: number, run: () => void) => (expect(ms).toBe(1000), due.push(run), () => undefined),
    });
    await tree.follow(new AbortController().signal);
    expect([signed.latest(), due.length]).toEqual([undefined, 1]);
    due[0]?.();
    expect(signed.latest()?.size).toBe(3n);
    rows = events.slice(0, 300);
    await tree.catchUp();
    expect(signed.latest()?.size).toBe(300n);
    expect(new CheckpointFolder(at('witness')).all()).toHaveLength(2);
  });

  it('gives a receipt that verifies for its event alone, with the script of an outsider too', async () => {
    const tree = treeAt();
    const signed = signing(tree);
    await tree.catchUp();
    signed.signNow();
    const [one, other] = [event(700), event(701)];
    const receipt = signed.receipt(one.id, one.data) ?? '';
    expect(verifyReceipt(receipt, one.data, known)).toMatchObject({ ok: true, value: { index: 700n } });
    expect(verifyReceipt(receipt, other.data, known)).toEqual({ ok: false, error: 'not-included' });
    expect(verifyReceipt(receipt.replace('index 700', 'index 0700'), one.data, known).ok).toBe(false);
    expect(signed.receipt(event(9999).id)).toBeUndefined();
    writeFileSync(at('x.tlog-proof'), receipt);
    writeFileSync(at('other'), other.data);
    const script = 'libs/transparency/verifier/verify-proof.mjs';
    const run = (...more: string[]): number | null =>
      spawnSync(process.execPath, [script, at('x.tlog-proof'), signer.vkey, ...more]).status;
    expect([run(), run(at('other'))]).toEqual([0, 1]);
  });

  it('drops the torn end of its file and goes on', async () => {
    rows = events.slice(0, 300);
    const tree = treeAt();
    const first = signing(tree);
    await tree.catchUp();
    first.close();
    appendFileSync(join(at('ours'), 'checkpoints'), 'tellonce.example/area\n400\nAAAA');
    rows = events.slice(0, 600);
    const second = signing(tree);
    expect(second.latest()?.size).toBe(300n);
    await tree.catchUp();
    expect(new CheckpointFolder(at('ours')).all()).toHaveLength(2);
    expect(new CheckpointFolder(at('ours')).newest()).toEqual([second.latest()?.note, second.latest()?.note]);
  });

  it('finds the newest checkpoint at the end of a long file', () => {
    const long = new CheckpointFolder(at('long'));
    const notes = Array.from({ length: 200 }, (_, n) => `origin\n${n}\nroot\n\n— origin c2lnbmF0dXJl\n`);
    for (const note of notes) long.append(note);
    expect(long.all()).toEqual(notes);
    expect(long.newest()).toEqual([notes.at(-1), notes.at(-1)]);
  });
});

describe('the check at start', () => {
  async function grown(size: number): Promise<void> {
    rows = events.slice(0, size);
    const tree = treeAt();
    await startCheck(tree);
    const signed = signing(tree);
    await tree.catchUp();
    signed.close();
    trees.splice(0).forEach((open) => open.close());
  }
  const reason = (why: string): unknown => expect.objectContaining({ name: 'RollbackDetected', reason: why });

  it('starts on an empty log, on what was signed, and on more', async () => {
    await grown(0);
    await grown(800);
    rows = events;
    await expect(startCheck(treeAt())).resolves.toMatchObject({ size: 800n });
  });

  it('refuses a log that lost its tail', async () => {
    await grown(800);
    rows = events.slice(0, 799);
    await expect(startCheck(treeAt())).rejects.toEqual(reason('log-shorter'));
  });

  it('refuses a log that changed near its end', async () => {
    await grown(1500);
    rows = events.map((found, n) => (n === 1490 ? event(n, 'never said') : found));
    await expect(startCheck(treeAt())).rejects.toMatchObject({ reason: 'recent-leaves-differ', index: 1490 });
  });

  it('refuses last night’s log and tree, because the witness knows better', async () => {
    await grown(500);
    copyFileSync(at('tree.db'), at('night.db'));
    await grown(800);
    rmSync(at('ours'), { recursive: true });
    for (const name of ['tree.db', 'tree.db-wal', 'tree.db-shm']) rmSync(at(name), { force: true });
    copyFileSync(at('night.db'), at('tree.db'));
    rows = events.slice(0, 500);
    await expect(startCheck(treeAt())).rejects.toEqual(reason('log-shorter'));
  });

  it('refuses a rewritten log with a tree made to fit it', async () => {
    await grown(800);
    rows = events.slice(0, 800).map((found, n) => (n === 5 ? event(n, 'never said') : found));
    await expect(startCheck(treeAt(':memory:'))).rejects.toEqual(reason('log-differs'));
    const tree = treeAt(':memory:');
    await tree.catchUp();
    expect(() => signing(tree).signNow()).toThrow(RollbackDetected);
  });

  it('refuses a checkpoint that is not ours', async () => {
    mkdirSync(at('witness'));
    writeFileSync(join(at('witness'), 'latest'), 'x\n');
    await expect(startCheck(treeAt())).rejects.toEqual(reason('checkpoint-unreadable'));
  });
});

describe('the verification of a whole log', () => {
  const small = events.slice(0, 12);
  let checkpoints: readonly string[] = [];
  beforeEach(async () => {
    const tree = treeAt(':memory:');
    const signed = signing(tree);
    for (const size of [4, 8, 12]) {
      rows = events.slice(0, size);
      await tree.catchUp();
      signed.signNow();
    }
    checkpoints = new CheckpointFolder(at('witness')).all();
  });
  const verify = (found: readonly LeafEvent[], leaves?: readonly LeafEvent[]): ReturnType<typeof verifyLog> =>
    verifyLog([found], {
      checkpoints,
      known,
      ...(leaves && { leaf: (n: number) => leaves[n] && leafHash(leaves[n].data) }),
    });
  const named = (n: number): Pick<LogDifference, 'index' | 'at'> => ({
    index: n,
    at: { stream: `fact-${n}`, revision: 0, token: String(n) },
  });

  it('passes what was signed', async () => {
    expect(await verify(small)).toMatchObject({ ok: true, size: 12, signed: 12n });
  });

  it('names every flipped bit of an event', async () => {
    const victim = event(5);
    for (let bit = 0; bit < victim.data.length * 8; bit += 1) {
      const data = victim.data.map((byte, n) => (n === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
      const verdict = await verify(small.map((found, n) => (n === 5 ? { ...found, data } : found)));
      expect(verdict).toMatchObject({ ok: false, difference: named(5) });
    }
    for (const change of [{ id: event(6).id }, { stream: 'fact-x' }, { revision: 1 }, { type: 't.v2' }]) {
      const verdict = await verify(small.map((found, n) => (n === 5 ? { ...found, ...change } : found)));
      expect(verdict).toMatchObject({ ok: false, difference: { index: 5 } });
    }
  });

  it('names a row replaced by one that is right in itself', async () => {
    const forged = small.map((found, n) => (n === 5 ? event(5, 'never said') : found));
    expect(await verify(forged)).toEqual({
      ok: false,
      difference: { fault: 'not-what-was-signed', ...named(4), before: 8 },
    });
    expect(await verify(forged, small)).toEqual({
      ok: false,
      difference: { fault: 'not-what-was-signed', ...named(5) },
    });
  });

  it('names swapped rows, whether their contents or their places changed', async () => {
    const [a, b] = [event(5), event(6)];
    const moved = small.map((found, n) =>
      n === 5 ? { ...b, stream: a.stream } : n === 6 ? { ...a, stream: b.stream } : found,
    );
    expect(await verify(moved)).toMatchObject({ difference: { fault: 'record-stands-elsewhere', index: 5 } });
    const swapped = small.map((found, n) => (n === 5 ? b : n === 6 ? a : found));
    expect(await verify(swapped, small)).toMatchObject({ difference: { fault: 'not-what-was-signed', index: 5 } });
    expect(await verify(swapped)).toMatchObject({ difference: { index: 4, before: 8 } });
  });

  it('names a cut tail and a removed row', async () => {
    expect(await verify(small.slice(0, 10))).toEqual({
      ok: false,
      difference: { fault: 'log-shorter', index: 10, at: named(9).at },
    });
    expect(
      await verify(
        small.filter((_, n) => n !== 5),
        small,
      ),
    ).toMatchObject({ difference: { index: 5 } });
    expect(await verify([])).toMatchObject({ difference: { fault: 'log-shorter', index: 0, at: null } });
  });

  it('names bytes that are spelt in another way, and a checkpoint that is not ours', async () => {
    const data = Buffer.from(` ${Buffer.from(event(5).data).toString('utf8')}`);
    const spaced = { ...event(5), data, id: uuidOfHash(leafHash(data)) };
    expect(await verify(small.map((found, n) => (n === 5 ? spaced : found)))).toMatchObject({
      difference: { fault: 'not-canonical', ...named(5) },
    });
    checkpoints = [...checkpoints, readFileSync(join(at('ours'), 'latest'), 'utf8').replace('\n12\n', '\n11\n')];
    expect(await verify(small)).toMatchObject({ difference: { fault: 'bad-checkpoint', index: 3 } });
  });
});
