import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { OrganisationId } from '#kernel';
import type { MayLeave, Sent, Signal } from '../src/port.ts';
import { always } from '../src/test/always.ts';
import type { Trouble } from './errors.ts';
import { sendInOrder } from './in-order.ts';
import { recordOf, type OutgoingRecord } from './message.ts';
import { numberOf, signal } from './test/signals.ts';

const oakfield = 'oakfield-primary' as OrganisationId;
const encode = (given: Signal) => recordOf(given, '/hub') ?? { refused: 'not-a-signal' };
const LIMITS = { records: 3, bytes: 100_000 };
const numbers = (records: readonly OutgoingRecord[]) =>
  records.map(({ value }) => numberOf(JSON.parse(value) as { readonly ask: string }));
const kinds = (sent: readonly Sent[]) => sent.map((each) => ('code' in each ? each.code : each.kind));

async function send(
  keys: readonly number[],
  deliver: (numbers: readonly number[]) => Trouble | undefined,
  limits = LIMITS,
  mayLeave: MayLeave = always,
): Promise<{ sent: readonly string[]; batches: readonly (readonly number[])[] }> {
  const batches: (readonly number[])[] = [];
  const all = keys.map((key, n) => signal(oakfield, n, 1, { key: `key-${String(key)}` }));
  const sent = await sendInOrder(
    all,
    {
      encode,
      mayLeave,
      deliver: async (records) => {
        batches.push(numbers(records));
        return deliver(numbers(records));
      },
    },
    limits,
  );
  return { sent: kinds(sent), batches };
}

describe('signals of one topic', () => {
  it('go in batches, one after the other', async () => {
    const { sent, batches } = await send([1, 2, 1, 2, 1], () => undefined);
    expect(batches).toEqual([
      [0, 1, 2],
      [3, 4],
    ]);
    expect(sent).toEqual(['sent', 'sent', 'sent', 'sent', 'sent']);
  });

  it('go in batches of bounded bytes', async () => {
    const { batches } = await send([1, 2, 3], () => undefined, { records: 100, bytes: 700 });
    expect(batches).toEqual([[0], [1], [2]]);
  });

  it('stop at what can be tried again: one of them has lost an attempt, and nothing behind is tried', async () => {
    const { sent, batches } = await send([1, 2, 3, 4, 5, 6, 7], (given) =>
      given.includes(3) ? { code: 'timed-out', again: true } : undefined,
    );
    expect(batches).toEqual([
      [0, 1, 2],
      [3, 4, 5],
    ]);
    expect(sent).toEqual(['sent', 'sent', 'sent', 'timed-out', 'not-tried', 'not-tried', 'not-tried']);
  });

  it('wait a minute where somebody has to change a setting', async () => {
    const all = [signal(oakfield, 0)];
    const [sent] = await sendInOrder(
      all,
      { encode, mayLeave: always, deliver: async () => ({ code: 'not-authorised', again: true, settings: true }) },
      LIMITS,
    );
    expect(sent).toEqual({ kind: 'retry', code: 'not-authorised', afterMs: 60_000 });
  });

  it('find the one that is too large, and stop its key only', async () => {
    const { sent, batches } = await send([1, 2, 3, 2, 1], (given) =>
      given.includes(1) ? { code: 'too-large', again: false } : undefined,
    );
    expect(sent).toEqual(['sent', 'too-large', 'sent', 'not-tried', 'sent']);
    expect(batches).toEqual([[0, 1, 2], [0, 1], [0], [1], [2], [4]]);
  });

  it('are not sent where they are no signals, once everything before them is', async () => {
    const all = [0, 1, 2, 3].map((n) => signal(oakfield, n, 2, n === 1 ? { category: 'Ada Canary' } : {}));
    const sent = await sendInOrder(all, { encode, mayLeave: always, deliver: async () => undefined }, LIMITS);
    expect(kinds(sent)).toEqual(['sent', 'not-a-signal', 'sent', 'not-tried']);
    const deliver = async (): Promise<Trouble> => ({ code: 'timed-out', again: true });
    const stopped = await sendInOrder(all, { encode, mayLeave: always, deliver }, LIMITS);
    expect(kinds(stopped)).toEqual(['timed-out', 'not-tried', 'not-tried', 'not-tried']);
  });

  it('leave as long as they may, asked as their batch does: what may no more is held, with what stands behind it', async () => {
    let delivered = 0;
    const mayLeave: MayLeave = async ({ key }) => key !== 'key-2' || delivered === 0;
    const counted = () => void (delivered += 1);
    const { sent, batches } = await send([1, 2, 3, 1, 2, 3, 2], counted, LIMITS, mayLeave);
    expect(batches).toEqual([
      [0, 1, 2],
      [3, 5],
    ]);
    expect(sent).toEqual(['sent', 'sent', 'sent', 'sent', 'held', 'sent', 'not-tried']);
  });

  it('repeated until all are sent or refused, are stored first in the order of their key, whatever fails', async () => {
    const broker = fc.record({ stored: fc.boolean(), told: fc.constantFrom('ok', 'timed-out', 'unreachable') });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(3), { minLength: 1, maxLength: 20 }),
        fc.array(broker, { maxLength: 20 }),
        fc.uniqueArray(fc.nat(19), { maxLength: 2 }),
        async (keys, answers, tooLarge) => {
          const log: Signal[] = [];
          const refused: string[] = [];
          const all = keys.map((key, n) => signal(oakfield, n, 1, { key: `key-${String(key)}` }));
          const deliver = async (records: readonly OutgoingRecord[]): Promise<Trouble | undefined> => {
            const given = numbers(records);
            if (given.some((n) => tooLarge.includes(n))) return { code: 'too-large', again: false };
            const { stored, told } = answers.shift() ?? { stored: true, told: 'ok' };
            // A lost answer: stored all the same, or not.
            if (stored || told === 'ok') log.push(...all.filter((_, n) => given.includes(n)));
            return told === 'ok' ? undefined : { code: told, again: true };
          };
          let left: readonly Signal[] = all;
          for (let tries = 0; left.length > 0; tries++) {
            expect(tries).toBeLessThan(100);
            const sent = await sendInOrder(left, { encode, mayLeave: always, deliver }, LIMITS);
            refused.push(...left.filter((_, at) => sent[at]?.kind === 'refused').map(({ id }) => id));
            left = left.filter((_, at) => sent[at]?.kind === 'retry');
          }
          const first = log.filter(({ id }, at) => log.findIndex((other) => other.id === id) === at);
          for (const key of new Set(all.map((each) => each.key))) {
            const wanted = all.filter((each) => each.key === key && !refused.includes(each.id));
            expect(first.filter((each) => each.key === key)).toEqual(wanted);
          }
          expect(refused.toSorted()).toEqual(
            all
              .filter((_, n) => tooLarge.includes(n))
              .map(({ id }) => id)
              .toSorted(),
          );
        },
      ),
    );
  });
});
