import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { placeOf } from './place.ts';

describe('where a batch stands', () => {
  const batch = { first: 10, last: 19 };
  it.each<[string, number | undefined, number | undefined, ReturnType<typeof placeOf>]>([
    ['nothing was stored', undefined, undefined, { kind: 'take', from: 10 }],
    ['it begins with the next one', 10, undefined, { kind: 'take', from: 10 }],
    ['it overlaps', 15, undefined, { kind: 'take', from: 15 }],
    ['all of it was handled', 20, undefined, { kind: 'take', from: 20 }],
    ['it is behind', 21, undefined, { kind: 'seek', to: 21 }],
    ['it is ahead', 5, undefined, { kind: 'seek', to: 5 }],
    ['it is ahead although the place was asked for', 5, 5, { kind: 'gap', from: 10 }],
    ['it is behind although the place was asked for', 21, 21, { kind: 'began-anew', from: 10 }],
    ['another place was asked for', 5, 4, { kind: 'seek', to: 5 }],
  ])('when %s', (_, next, sought, place) => {
    expect(placeOf(batch, next, sought)).toEqual(place);
  });

  it('never passes over what is there: reading a log to its end handles each offset once, whatever is fetched first', () => {
    fc.assert(
      fc.property(
        fc.nat(30),
        fc.nat(30),
        fc.integer({ min: 1, max: 7 }),
        fc.array(fc.nat(30)),
        (stored, start, size, jumps) => {
          const end = 31;
          let next: number | undefined = stored === 0 ? undefined : stored;
          let sought: number | undefined;
          let fetch = next === undefined ? 0 : start;
          const handled: number[] = [];
          for (let turn = 0; turn < 200 && (next ?? 0) < end; turn++) {
            // Another assignment: Kafka begins anywhere again.
            if (turn < jumps.length && next !== undefined) [fetch, sought] = [jumps[turn] ?? 0, undefined];
            const last = Math.min(fetch + size, end) - 1;
            if (fetch >= end) fetch = 0;
            else {
              const place = placeOf({ first: fetch, last }, next, sought);
              if (place.kind === 'seek') sought = fetch = place.to;
              else {
                expect(place.kind).toBe('take');
                if (place.kind !== 'take') return;
                for (let at = Math.max(place.from, fetch); at <= last; at++) handled.push(at);
                next = Math.max(last + 1, next ?? 0);
                fetch = last + 1;
              }
            }
          }
          const expected = Array.from({ length: end - stored }, (_, at) => stored + at);
          expect(handled).toEqual(expected);
        },
      ),
    );
  });
});
