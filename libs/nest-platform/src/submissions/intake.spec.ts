import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { FactId, OrganisationId } from '#kernel';
import { factIdOf, toInstant } from '#kernel';
import { UnreadableFile } from '#contracts';
import type { Connector, TranslatedItem } from '#contracts';
import type { LogToken } from '#event-log';
import type { Publisher, Submission, SubmissionResult } from '#sharing';
import { IN_FLIGHT, Intake } from './intake.ts';
import type { IntakeRequest } from './intake.ts';
import { openSqliteDatabase } from '#database/sqlite';
import { openReceipts, RECEIPTS_STORE } from './receipts-store.ts';
import type { Receipts } from './receipt.ts';

const school = 'oakfield-school' as OrganisationId;
const other = 'elmwood-school' as OrganisationId;

/** Items as many as the file has lines; a line `!` breaks the file off. */
const lines: Connector = {
  format: 'lines/1',
  mediaTypes: ['text/csv'],
  maxBytes: 1e8,
  async *translate(input): AsyncGenerator<TranslatedItem> {
    let text = '';
    for await (const piece of input) text += Buffer.from(piece).toString();
    for (const [index, line] of text.split('\n').entries()) {
      if (line === '!') throw new UnreadableFile({ code: 'BROKEN', row: index + 1 });
      yield { ok: false, row: index + 1, reasons: [{ code: 'X' }], raw: Buffer.from(line) };
    }
  },
};

describe('the intake', () => {
  let receipts: Receipts;
  let ids = 0;
  let seen: Submission[] = [];
  let answer: (submission: Submission) => Promise<Partial<SubmissionResult>> = async () => ({});
  let most = 0;
  let now = 0;

  const publisher: Publisher = {
    async submit(organisation, submission) {
      seen.push(submission);
      now += 1;
      most = Math.max(most, now);
      const row = submission.kind === 'signed' ? submission.row : submission.item.row;
      const factId: FactId = factIdOf(organisation, String(row));
      const token = `t${row}` as LogToken;
      try {
        return {
          row,
          outcome: 'published',
          factId,
          reasons: [],
          repeated: false,
          token,
          ...(await answer(submission)),
        };
      } finally {
        now -= 1;
      }
    },
  };
  const intake = (): Intake =>
    new Intake({
      publisher,
      receipts,
      clock: { now: () => toInstant(1e12) },
      newId: () => `id-${(ids += 1)}`,
      fault: () => undefined,
    });
  const request = (text: string, more: Partial<IntakeRequest> = {}): IntakeRequest => ({
    organisation: school,
    format: lines,
    body: (async function* () {
      yield Buffer.from(text);
    })(),
    background: false,
    ...more,
  });

  beforeEach(async () => {
    const database = await openSqliteDatabase({ path: ':memory:', store: RECEIPTS_STORE });
    receipts = await openReceipts(database, { clock: { now: () => toInstant(0) }, alone: true });
    seen = [];
    answer = async () => ({});
    most = 0;
  });
  afterEach(() => receipts.close());

  it('submits every item under the hash of the file and keeps a receipt in order', async () => {
    answer = async (submission) => {
      const row = submission.kind === 'translated' ? submission.item.row : 0;
      await new Promise((resolve) => setTimeout(resolve, 5 - row));
      return row === 2 ? { outcome: 'conflict', token: null } : {};
    };
    const taken = await intake().take(request('a\nb\nc'));
    if (taken.kind !== 'accepted') throw new Error(taken.kind);
    expect(taken.receipt).toMatchObject({ state: 'finished', token: 't3', counts: { published: 2, conflict: 1 } });
    expect(await receipts.items(taken.receipt.id, 0, 2)).toMatchObject({
      items: [{ row: 1 }, { row: 2, outcome: 'conflict' }],
      next: 2,
    });
    expect((await receipts.items(taken.receipt.id, 2, 2)).items).toMatchObject([{ row: 3, outcome: 'published' }]);
    expect(new Set(seen.map((one) => (one.kind === 'translated' ? one.fileHash.length : 0)))).toEqual(new Set([64]));
  });

  it('has at most so many items on their way', async () => {
    answer = () => new Promise((resolve) => setImmediate(() => resolve({})));
    await intake().take(request('x\n'.repeat(500)));
    expect(seen).toHaveLength(501);
    expect(most).toBe(IN_FLIGHT);
  });

  it('answers the same request under the same key with the first receipt, and refuses another', async () => {
    const first = await intake().take(request('a', { idempotencyKey: 'k' }));
    expect(await intake().take(request('a', { idempotencyKey: 'k' }))).toEqual(first);
    expect(seen).toHaveLength(1);
    expect(await intake().take(request('b', { idempotencyKey: 'k' }))).toEqual({ kind: 'other-body' });
    const elsewhere = { idempotencyKey: 'k', setting: '123456' };
    expect(await intake().take(request('a', elsewhere))).toEqual({ kind: 'other-body' });
    expect(await intake().take(request('b', { idempotencyKey: 'k', organisation: other }))).toMatchObject({
      kind: 'accepted',
    });
  });

  it('says what cannot be read: nothing taken, or what was taken before the break', async () => {
    expect(await intake().take(request('!'))).toMatchObject({ kind: 'unreadable', reason: { code: 'BROKEN', row: 1 } });
    expect(await intake().take(request('a\n!'))).toMatchObject({
      kind: 'accepted',
      receipt: { state: 'failed', failure: { code: 'BROKEN', row: 2 }, counts: { published: 1 } },
    });
  });

  it('interrupts at a fault of the publisher, keeps what was answered, and goes on when asked again', async () => {
    answer = async (submission) => {
      if (submission.kind === 'translated' && submission.item.row === 2) throw new Error('log failed');
      return {};
    };
    await expect(intake().take(request('a\nb\nc', { idempotencyKey: 'k' }))).rejects.toThrow('log failed');
    const id = `id-${ids}`;
    expect(await receipts.find(school, id)).toMatchObject({ state: 'interrupted', counts: { published: 2 } });
    answer = async () => ({ repeated: true });
    expect(await intake().take(request('a\nb\nc', { idempotencyKey: 'k' }))).toMatchObject({
      receipt: { id, state: 'finished', counts: { published: 3, repeated: 3 } },
    });
  });

  it.each([
    ['a file', 'a', 'database away'],
    ['a file that breaks off', 'a\n!', 'database away'],
  ])('ends what it cannot keep any more, so that the same request goes on: %s', async (_what, text, message) => {
    const ended: string[] = [];
    const kept = receipts;
    receipts = {
      begin: (beginning) => kept.begin(beginning),
      add: () => Promise.reject(new Error('database away')),
      end: async (id, state, at, failure) => {
        ended.push(state);
        await kept.end(id, state, at, failure);
        throw new Error('database away once more');
      },
      find: (organisation, id) => kept.find(organisation, id),
      holds: (id, fact) => kept.holds(id, fact),
      items: (id, cursor, limit) => kept.items(id, cursor, limit),
      close: () => kept.close(),
    };
    await expect(intake().take(request(text, { idempotencyKey: 'k' }))).rejects.toThrow(new Error(message));
    expect(ended).toEqual(['interrupted']);
  });

  it('answers before the work is done where asked to, and finishes it before shutdown', async () => {
    let release: (value: object) => void = () => undefined;
    answer = () => new Promise((resolve) => (release = resolve));
    const one = intake();
    const taken = await one.take(request('a', { background: true }));
    if (taken.kind !== 'accepted') throw new Error(taken.kind);
    expect(taken.receipt.state).toBe('running');
    while (seen.length === 0) await new Promise(setImmediate);
    release({});
    await one.drain();
    expect((await receipts.find(school, taken.receipt.id))?.state).toBe('finished');
  });

  it('takes a batch of signed facts and refuses one that is none', async () => {
    const signed = { format: 'signed-batch' as const };
    expect(await intake().take(request('["a.b.c"]', signed))).toMatchObject({ receipt: { counts: { published: 1 } } });
    expect(seen).toEqual([{ kind: 'signed', jws: 'a.b.c', row: 1 }]);
    expect(await intake().take(request('[1]', signed))).toEqual({
      kind: 'unreadable',
      reason: { code: 'BATCH_ITEM_NOT_A_COMPACT_JWS', pointer: '/0' },
    });
  });

  it('shows a receipt to its own organisation only', async () => {
    const taken = await intake().take(request('a'));
    if (taken.kind !== 'accepted') throw new Error(taken.kind);
    expect(await receipts.find(other, taken.receipt.id)).toBeUndefined();
  });
});
