import { expect, it } from '@jest/globals';
import type { DecisionId, Instant } from '#kernel';
import { budgetOf, exportBudget } from './export-budget.ts';

const take = (rows: number, most = 10) => ({
  sub: 'person-1',
  day: '2026-11-24',
  query: 'q',
  decision: 'd' as DecisionId,
  rows,
  most,
});

it('hands out rows up to the budget of the day, and not one more', () => {
  const [first] = [exportBudget.decide(take(7), { rows: 0 })];
  expect(first).toEqual({
    ok: true,
    value: [
      {
        type: 'audit-query.rows-taken.v1',
        data: { sub: 'person-1', day: '2026-11-24', query: 'q', decision: 'd', rows: 7 },
      },
    ],
  });
  expect(exportBudget.decide(take(3), { rows: 7 })).toMatchObject({ ok: true, value: [{ data: { rows: 3 } }] });
  expect(exportBudget.decide(take(4), { rows: 7 })).toEqual({ ok: false, error: 'export-budget-reached' });
  expect(exportBudget.decide(take(0), { rows: 10 })).toEqual({ ok: true, value: [] });
});

it('counts by person and by day of the area, where a night in summer belongs to the next day', () => {
  const person = { sub: 'person-1', organisation: 'hub' };
  const of = (at: string) => budgetOf(person, at as Instant);
  expect(of('2026-07-01T23:30:00.000Z').day).toBe('2026-07-02');
  expect(of('2026-07-01T23:30:00.000Z').stream).toBe(of('2026-07-02T12:00:00.000Z').stream);
  expect(of('2026-07-01T22:30:00.000Z').stream).not.toBe(of('2026-07-02T12:00:00.000Z').stream);
  expect(budgetOf({ ...person, sub: 'person-2' }, '2026-07-02T12:00:00.000Z' as Instant).stream).not.toBe(
    of('2026-07-02T12:00:00.000Z').stream,
  );
});
