import { expect, it } from '@jest/globals';
import type { EncodedRecord } from '#contracts';
import { appendSurely } from '../src/command-handling.ts';
import { AppendInDoubt, InvalidAppend, WrongExpectedRevision, type Appended, type EventLog } from '../src/port.ts';
import { MAX_BYTES, MAX_EVENTS } from '../src/validate.ts';
import { ids, type Setting } from './setting.ts';

const wrong = (promise: Promise<unknown>) => expect(promise).rejects.toBeInstanceOf(WrongExpectedRevision);
const soon = { sleep: () => Promise.resolve() };

/** The same log behind a connection that loses answers: of so many appends, first those that were not stored, then those that were. */
function losingAnswers(log: EventLog, lost: { unstored: number; stored: number }): EventLog {
  const append: EventLog['append'] = async (...args) => {
    if (lost.unstored-- > 0) throw new AppendInDoubt('lost before');
    const appended = await log.append(...args);
    if (lost.stored-- > 0) throw new AppendInDoubt('lost after');
    return appended;
  };
  return Object.assign(Object.create(log) as EventLog, { append });
}

/** Expectations, idempotency, limits. */
export function appendContract({ log, event, stream }: Setting): void {
  it('appends under three expectations and names the actual revision in a conflict', async () => {
    const [a, b, c, name] = [event('a'), event('b'), event('c'), stream('fact', '1')];
    await wrong(log().append(name, 'exists', [a]));
    await wrong(log().append(name, 0, [a]));
    expect((await log().append(name, 'none', [a])).revision).toBe(0);
    expect((await log().append(name, 0, [b])).revision).toBe(1);
    expect((await log().append(name, 'exists', [c])).revision).toBe(2);
    const conflict = log().append(name, 0, [c]);
    await expect(conflict).rejects.toMatchObject({ stream: name, expected: 0, actual: 2 });
    await expect(log().append(name, 7, [c])).rejects.toMatchObject({ expected: 7, actual: 2 });
    await expect(log().append(stream('fact', '2'), 7, [c])).rejects.toMatchObject({ actual: -1 });
  });

  it('answers a repeated append, or a prefix of it, as before, also after later ones', async () => {
    const [a, b, c, d, name] = [event('a'), event('b'), event('c'), event('d'), stream('fact', '1')];
    const first = await log().append(name, 'none', [a, b]);
    const third = await log().append(name, 1, [c]);
    expect(await log().append(name, 'none', [a, b])).toEqual(first);
    expect((await log().append(name, 'none', [a])).revision).toBe(0);
    expect(await log().append(name, 1, [c])).toEqual(third);
    expect(await log().append(name, 'exists', [c])).toEqual(third);
    const fourth = await log().append(name, 'exists', [d]);
    expect(await log().append(name, 'exists', [c])).toEqual(third);
    expect(await log().append(name, 'exists', [d])).toEqual(fourth);
    expect(await log().tail(name)).toBe(3);
  });

  it('refuses another order, a longer append and other bytes under a known id', async () => {
    const [a, b, c, name] = [event('a'), event('b'), event('c'), stream('fact', '1')];
    await log().append(name, 'none', [a, b]);
    await wrong(log().append(name, 'none', [b, a]));
    await wrong(log().append(name, 'none', [a, b, c]));
    await wrong(log().append(name, 'none', [event('a', 'other')]));
    await wrong(log().append(name, 0, [event('b', 'other')]));
    await wrong(log().append(name, 'none', [a, event('b', 'other')]));
    expect(ids(await log().readStream(name))).toEqual([a.id, b.id]);
  });

  it('takes an id again in another stream', async () => {
    const a = event('a');
    await log().append(stream('fact', '1'), 'none', [a]);
    const other = event('a', 'other');
    expect((await log().append(stream('fact', '2'), 'none', [other])).revision).toBe(0);
    expect((await log().readStream(stream('fact', '2')))[0]?.data).toEqual(new Uint8Array(other.data));
  });

  it('stores identical appends in flight once, and lets one of 32 different ones win', async () => {
    const [a, one, two] = [event('a'), stream('fact', '1'), stream('fact', '2')];
    const same = await Promise.all(Array.from({ length: 32 }, () => log().append(one, 'none', [a])));
    expect(new Set(same.map(({ token }) => token)).size).toBe(1);
    expect(await log().readStream(one)).toHaveLength(1);
    const raced = await Promise.allSettled(
      Array.from({ length: 32 }, (_, at) => log().append(two, 'none', [event(`race ${at}`)])),
    );
    expect(raced.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const each of raced) {
      if (each.status === 'rejected') expect(each.reason).toBeInstanceOf(WrongExpectedRevision);
    }
    expect(await log().readStream(two)).toHaveLength(1);
  });

  it('acknowledges no other bytes of one id that are in flight at the same time', async () => {
    const bodies = Array.from({ length: 8 }, (_, n) => event('a', `body ${n}`));
    const name = stream('fact', '1');
    const answers = await Promise.allSettled(bodies.map((body) => log().append(name, 'none', [body])));
    const [stored] = await log().readStream(name);
    const acknowledged = bodies.filter((_, at) => answers[at]?.status === 'fulfilled');
    expect(acknowledged.map(({ data }) => new Uint8Array(data))).toEqual([stored?.data]);
  });

  it('stores once what is repeated because its answer was lost, however often', async () => {
    const [a, b, name] = [event('a'), event('b'), stream('fact', '1')];
    const unsure = losingAnswers(log(), { unstored: 1, stored: 2 });
    const first = await appendSurely(unsure, name, -1, [a], soon);
    expect(first.revision).toBe(0);
    const second = await appendSurely(losingAnswers(log(), { unstored: 0, stored: 3 }), name, 0, [b], soon);
    const stored = await log().readStream(name);
    expect(stored.map(({ id, token }) => [id, token])).toEqual([
      [a.id, first.token],
      [b.id, second.token],
    ]);
  });

  it('tells the loser of a race whose answer was lost that he lost', async () => {
    const name = stream('fact', '1');
    await log().append(name, 'none', [event('first')]);
    const unsure = losingAnswers(log(), { unstored: 2, stored: 0 });
    await wrong(appendSurely(unsure, name, -1, [event('second')], soon));
    expect(await log().tail(name)).toBe(0);
  });

  it('refuses what no backend may store', async () => {
    const [a, name, before] = [event('a'), stream('fact', '1'), await log().head()];
    const refused: readonly [string, readonly EncodedRecord[]][] = [
      [name, []],
      [name, [a, a]],
      ['unknown-1', [a]],
      ['', [a]],
      [name, [{ ...a, id: 'no uuid' }]],
      [name, [{ ...a, type: '' }]],
      [name, [{ ...a, type: '$system' }]],
      [name, [{ ...a, data: new Uint8Array(MAX_BYTES + 1) }]],
      [name, Array.from({ length: MAX_EVENTS + 1 }, (_, at) => event(String(at)))],
    ];
    for (const [to, events] of refused) {
      await expect(log().append(to, 'none', events)).rejects.toBeInstanceOf(InvalidAppend);
    }
    expect(await log().head()).toBe(before);
  });

  it('takes as many events and bytes in one append as it may', async () => {
    const [many, large] = [stream('fact', 'many'), stream('fact', 'large')];
    const events = Array.from({ length: MAX_EVENTS }, (_, at) => event(`event ${at}`, `${at}`.padEnd(1000, '.')));
    expect((await log().append(many, 'none', events)).revision).toBe(MAX_EVENTS - 1);
    expect(ids(await log().readStream(many))).toEqual(ids(events));
    const one = { ...event('large'), data: Buffer.alloc(MAX_BYTES, 'x') };
    await log().append(large, 'none', [one]);
    expect((await log().readStream(large))[0]?.data.byteLength).toBe(MAX_BYTES);
  });

  it('gives bytes back as they were: unicode, nothing, every byte there is, and 900 kB', async () => {
    const events = [
      event('u', 'Zoë 👩‍👧 \u0000 ş'),
      event('empty', ''),
      { ...event('bytes'), data: Buffer.from(Array.from({ length: 256 }, (_, at) => at)) },
      event('large', 'x'.repeat(900_000)),
    ];
    await log().append(stream('fact', '1'), 'none', events);
    const read = await log().readStream(stream('fact', '1'));
    expect(read.map(({ data }, at) => Buffer.compare(data, events[at]?.data ?? Buffer.alloc(1)))).toEqual([0, 0, 0, 0]);
    expect(read.map(({ type }) => type)).toEqual(events.map(({ type }) => type));
  });

  it('gives many writers each its own answer, and all of them one order', async () => {
    const appended: Appended[] = await Promise.all(
      Array.from({ length: 200 }, (_, at) => log().append(stream('fact', `${at}`), 'none', [event(`${at}`)])),
    );
    const tokens = appended.map(({ token }) => token);
    expect(new Set(tokens).size).toBe(200);
    const [last] = tokens.toSorted((one, other) => log().compare(other, one));
    expect(await log().head()).toBe(last);
  });
}
