import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { OrganisationId, PlainDate } from '#kernel';
import {
  evolveLegalHolds,
  holdsOn,
  legalHoldDecider,
  NO_HOLDS,
  type HoldPlaced,
  type LegalHoldChange,
  type LegalHoldCommand,
} from './legal-hold.ts';

const day = (text: string) => text as PlainDate;
const school = 'oakfield-primary' as OrganisationId;
const trust = 'bridgewater-community-trust' as OrganisationId;
const on = day('2026-11-24');
const hold: HoldPlaced = {
  hold: 'h1',
  organisation: null,
  reason: 'public-inquiry',
  reviewOn: day('2027-11-24'),
  by: 'person-d0d0',
};
const placed = (data: HoldPlaced = hold): LegalHoldChange => ({ type: 'legal-hold.placed.v1', data });
const lifted = (id = 'h1'): LegalHoldChange => ({
  type: 'legal-hold.lifted.v1',
  data: { hold: id, by: 'person-d0d0' },
});
const given = (...changes: readonly LegalHoldChange[]) => changes.reduce(evolveLegalHolds, NO_HOLDS);
const when = (command: LegalHoldCommand, ...before: readonly LegalHoldChange[]) =>
  legalHoldDecider.decide(command, given(...before));
const place = (data: HoldPlaced = hold): LegalHoldCommand => ({ type: 'place', on, data });

describe('a legal hold', () => {
  it('is placed, and the same again changes nothing though its words were sealed anew', () => {
    expect(when(place())).toEqual({ ok: true, value: [placed()] });
    const words = { key: 'k', iv: 'i', text: 't' };
    expect(when(place({ ...hold, words }), placed())).toEqual({ ok: true, value: [] });
  });

  it.each<[string, LegalHoldCommand, readonly LegalHoldChange[]]>([
    ['REVIEW_NOT_AHEAD', place({ ...hold, reviewOn: on }), []],
    ['DATE_INVALID', place({ ...hold, reviewOn: day('2027-02-30') }), []],
    ['HOLD_ID_TAKEN', place({ ...hold, reason: 'complaint' }), [placed()]],
    ['HOLD_ALREADY_LIFTED', place(), [placed(), lifted()]],
    ['HOLD_UNKNOWN', { type: 'lift', data: { hold: 'h2', by: 'x' } }, [placed()]],
    [
      'HOLD_UNKNOWN',
      { type: 'review', on, data: { hold: 'h1', by: 'x', reviewOn: day('2028-01-01') } },
      [placed(), lifted()],
    ],
    ['REVIEW_NOT_AHEAD', { type: 'review', on, data: { hold: 'h1', by: 'x', reviewOn: on } }, [placed()]],
  ])('is refused with %s', (code, command, before) => {
    expect(when(command, ...before)).toMatchObject({ ok: false, error: { code } });
  });

  it('is reviewed without ending, and lifted once', () => {
    const reviewed = { hold: 'h1', by: 'x', reviewOn: day('2028-01-01') };
    expect(when({ type: 'review', on, data: reviewed }, placed())).toMatchObject({
      ok: true,
      value: [{ data: reviewed }],
    });
    const after = given(placed(), { type: 'legal-hold.reviewed.v1', data: reviewed });
    expect(after.holding.get('h1')).toEqual({ ...hold, reviewOn: '2028-01-01' });
    expect(when({ type: 'lift', data: { hold: 'h1', by: 'x' } }, placed(), lifted())).toEqual({ ok: true, value: [] });
  });

  it('keeps the records it names, and where it names none every record', () => {
    const own = placed({ ...hold, hold: 'h2', organisation: school });
    const kept = (...changes: readonly LegalHoldChange[]) =>
      [school, trust, null].map((each) => holdsOn(given(...changes), each).map(({ hold: id }) => id));
    expect(kept(placed())).toEqual([['h1'], ['h1'], ['h1']]);
    expect(kept(own)).toEqual([['h2'], [], ['h2']]);
    expect(kept(placed(), own, lifted())).toEqual([['h2'], [], ['h2']]);
  });

  it('stops the fold at an event nobody knows', () => {
    expect(() => evolveLegalHolds(NO_HOLDS, { type: 'legal-hold.moved.v9', data: {} } as never)).toThrow();
  });

  it('holds from its placing until its lifting, whatever else happens', () => {
    const change = fc.record({ id: fc.constantFrom('h1', 'h2', 'h3'), lift: fc.boolean() });
    fc.assert(
      fc.property(fc.array(change), (changes) => {
        const events = changes.map(({ id, lift }) => (lift ? lifted(id) : placed({ ...hold, hold: id })));
        const ids = new Set(['h1', 'h2', 'h3']);
        for (const id of ids) {
          const first = changes.findIndex((each) => each.id === id && each.lift);
          const wasPlaced = changes.some((each) => each.id === id && !each.lift);
          expect(given(...events).holding.has(id)).toBe(wasPlaced && first < 0);
        }
      }),
    );
  });
});
