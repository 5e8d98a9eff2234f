import { describe, expect, it } from '@jest/globals';
import { OutboundRefused, type OutboundAnswer, type OutboundRequest } from '#delivery';
import { leafHash } from '#kernel';
import {
  consistencyProof,
  cosignerOf,
  openCheckpoint,
  parseVkey,
  rootOf,
  ruleAddCheckpoint,
  signCheckpoint,
  signerOf,
  splitNote,
  withCosigners,
  type Checkpoint,
  type CosignedHead,
} from '#transparency';
import { fakeChance } from '#testing';
import { knownWitnesses } from './witness-client.ts';
import { Witnesses } from './witnesses.ts';

const log = signerOf('tellonce', fakeChance('log').bytes(32));
const key = parseVkey(log.vkey);
const cosigner = cosignerOf('witness.example/w1', fakeChance('w').bytes(32));
const leaves = Array.from({ length: 40 }, (_, n) => leafHash(Buffer.from(`event ${n}`)));
const rewritten = leaves.map((leaf, n) => (n === 2 ? leafHash(Buffer.from('never said')) : leaf));
const headOf = (size: number, from = leaves) => ({
  size: BigInt(size),
  note: signCheckpoint(BigInt(size), rootOf(from.slice(0, size)), log),
});

/** A hub's side with a witness that rules as the specification says, unless it is told to answer otherwise. */
function world(from = leaves) {
  const asked: string[] = [];
  const alarms: string[] = [];
  let held: Checkpoint | undefined;
  let time = 0;
  let size = 0;
  let behind = 0;
  let otherwise: (() => OutboundAnswer) | undefined;
  const answer = (status: number, text = '', contentType = 'text/plain') => ({ status, text, contentType });
  const send = async (_to: unknown, { body = '' }: OutboundRequest): Promise<OutboundAnswer> => {
    asked.push(body.split('\n')[0] ?? '');
    if (otherwise !== undefined) return otherwise();
    const ruling = ruleAddCheckpoint(body, [key], () => held);
    if (ruling.kind === 'refuse') return answer(ruling.status);
    if (ruling.kind === 'other-size') return answer(409, `${String(ruling.size)}\n`, 'text/x.tlog.size');
    held = ruling.checkpoint;
    return answer(200, `${cosigner.cosign(splitNote(ruling.note)?.text ?? '', 5n)}\n`);
  };
  const settings = [{ name: cosigner.name, vkey: cosigner.vkey, url: 'https://witness.example', allowPrivate: false }];
  const witnesses = knownWitnesses(settings);
  let cosigned: CosignedHead | undefined;
  const latest = () => (size === 0 ? undefined : headOf(size, from));
  const rounds = new Witnesses({
    witnesses,
    send,
    signer: log,
    latest,
    newest: async () => {
      size = Math.max(size, behind);
      return latest();
    },
    prove: (older, newer) => consistencyProof(from.slice(0, Number(newer)), Number(older)),
    keep: async (head, lines) => void (cosigned = withCosigners(cosigned, head, lines, time)),
    cosignedSize: () => cosigned?.size ?? 0n,
    everyMs: 1_000,
    silentMs: 60_000,
    now: () => time,
    alarm: (what, error) => alarms.push(`${what} ${(error as { code: string }).code}`),
  });
  return {
    asked,
    alarms,
    rounds,
    cosigned: { current: () => cosigned },
    answer,
    /** The log grows, time goes on, and the hub asks. */
    async grow(to: number, milliseconds = 1_000) {
      [size, time] = [to, time + milliseconds];
      await rounds.round();
    },
    /** The log holds more than this process has read. */
    holdsUnread(of: number) {
      behind = of;
    },
    /** The same, while the hub is stopping. */
    async stopping(to: number) {
      [size, time] = [to, time + 1_000];
      await rounds.round(AbortSignal.abort());
    },
    holds(of: number, source = leaves) {
      const opened = openCheckpoint(headOf(of, source).note, [key]);
      if (opened.ok) held = opened.value;
    },
    answersWith(make: (() => OutboundAnswer) | undefined) {
      otherwise = make;
    },
  };
}

describe('asking witnesses to cosign', () => {
  it('brings each newest head with its proof, no faster than allowed', async () => {
    const { grow, asked, alarms, cosigned, rounds } = world();
    await grow(5);
    await grow(9, 10);
    expect([asked, cosigned.current()?.size]).toEqual([['old 0'], 5n]);
    await grow(12);
    await grow(12);
    expect([asked, cosigned.current()?.size, alarms]).toEqual([['old 0', 'old 5'], 12n, []]);
    expect(rounds.status()).toEqual({ size: 12, behindSeconds: 0, conflicts: 0 });
  });

  it('learns from the answer what the witness holds', async () => {
    const { grow, holds, asked, cosigned } = world();
    holds(7);
    await grow(9);
    expect([asked, cosigned.current()?.size]).toEqual([['old 0', 'old 7'], 9n]);
  });

  it.each([
    ['does not answer', () => Promise.reject(new OutboundRefused('time-out', 'w')), 'witness-unreachable time-out'],
    ['leads elsewhere', () => Promise.reject(new OutboundRefused('address', 'w')), 'witness-unreachable address'],
    ['does not know this log', () => ({ status: 404, text: '', contentType: '' }), 'witness-unreachable status-404'],
    ['signs nothing', () => ({ status: 200, text: 'thanks\n', contentType: '' }), 'witness-unreachable status-200'],
    [
      'signs with another key',
      () => {
        const other = cosignerOf(cosigner.name, fakeChance('other').bytes(32));
        const line = other.cosign(splitNote(headOf(5).note)?.text ?? '', 5n);
        return { status: 200, text: `${line}\n`, contentType: '' };
      },
      'witness-unreachable status-200',
    ],
    [
      'names no size',
      () => ({ status: 409, text: 'a lot', contentType: 'text/x.tlog.size' }),
      'witness-unreachable status-409',
    ],
    [
      'names a size as a page',
      () => ({ status: 409, text: '5\n', contentType: 'text/html' }),
      'witness-unreachable status-409',
    ],
  ] as const)(
    'waits longer each time where a witness %s, says it once, and says its silence',
    async (_what, reply, said) => {
      const { grow, answersWith, asked, alarms, rounds, cosigned } = world();
      answersWith(reply as () => OutboundAnswer);
      for (let seconds = 0; seconds < 59; seconds++) await grow(5);
      // At 1, 2, 4, 8, 16 and 32 seconds after one another.
      expect([asked.length, alarms]).toEqual([6, [said]]);
      await grow(6, 2_000);
      expect(alarms).toEqual([said, 'witness-silent silent']);
      expect(rounds.status()).toEqual({ size: 0, behindSeconds: 60, conflicts: 0 });
      answersWith(undefined);
      await grow(7, 40_000);
      expect([cosigned.current()?.size, rounds.status().behindSeconds]).toEqual([7n, 0]);
    },
  );

  it('raises the alarm where a witness says that heads contradict each other, or holds more than there is', async () => {
    const other = world(rewritten);
    other.holds(5);
    await other.grow(9);
    expect([other.alarms, other.rounds.status().conflicts]).toEqual([['witness-conflict witness-differs'], 1]);
    await other.grow(10, 60_000);
    expect(other.alarms).toHaveLength(2);
    const behind = world();
    behind.holds(20);
    await behind.grow(9);
    expect([behind.alarms, behind.cosigned.current()]).toEqual([['witness-conflict witness-ahead'], undefined]);
  });

  it('reads on before it says so: another process may have shown what this one has not read', async () => {
    const { holds, holdsUnread, grow, alarms, asked, cosigned, rounds } = world();
    holds(20);
    holdsUnread(21);
    await grow(9);
    expect([asked, alarms, cosigned.current()?.size]).toEqual([['old 0', 'old 20'], [], 21n]);
    expect(rounds.status()).toEqual({ size: 21, behindSeconds: 0, conflicts: 0 });
  });
});

it('a hub that stops blames no witness', async () => {
  const other = world();
  other.answersWith(() => {
    throw new OutboundRefused('time-out', 'w');
  });
  await other.stopping(5);
  expect(other.alarms).toEqual([]);
});

describe('before the hub starts', () => {
  const start = (at: ReturnType<typeof world>, signed: number, size: number, from = leaves) =>
    at.rounds.checkAtStart(signed === 0 ? undefined : headOf(signed, from), async () => BigInt(size));

  it('goes on where the witness holds as much, less or nothing, and cosigns at once', async () => {
    for (const [holding, signed] of [
      [0, 0],
      [0, 9],
      [5, 9],
      [9, 9],
    ] as const) {
      const at = world();
      if (holding > 0) at.holds(holding);
      await start(at, signed, signed);
      expect([holding, signed, at.alarms, at.cosigned.current()?.size]).toEqual([holding, signed, [], BigInt(signed)]);
    }
  });

  it('goes on where the witness holds more than we have heads of, but not more than the log', async () => {
    const at = world();
    at.holds(12);
    await start(at, 9, 15);
    expect(at.alarms).toEqual([]);
  });

  it.each([
    ['more than the log has', 20, 9, leaves, 'witness-ahead'],
    ['something, and the log is empty', 20, 0, leaves, 'witness-ahead'],
    ['as much, but other events', 9, 9, rewritten, 'witness-differs'],
    ['less, but other events', 5, 9, rewritten, 'witness-differs'],
  ] as const)('refuses where the witness holds %s', async (_what, holding, signed, from, reason) => {
    const at = world([...from]);
    at.holds(holding);
    await expect(start(at, signed, signed, [...from])).rejects.toMatchObject({ name: 'RollbackDetected', reason });
  });

  it('goes on, and says so, where the witness does not answer', async () => {
    const at = world();
    at.answersWith(() => {
      throw new OutboundRefused('unreachable', 'w');
    });
    await start(at, 9, 9);
    expect(at.alarms).toEqual(['witness-unreachable unreachable']);
  });
});
