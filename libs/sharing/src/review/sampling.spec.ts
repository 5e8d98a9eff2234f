import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { DecisionId, OrganisationId } from '#kernel';
import type { SamplingLine } from '#contracts';
import { access } from '../detection/accesses.spec-help.ts';
import { drawOf, isCandidate, isDrawn, isSampled, sampledAs, samplingDecider, type Candidate } from './sampling.ts';

const id = fc.uuid().map((text) => text as DecisionId);
const line: SamplingLine = { of: 'permits', percent: 1, purpose: null, organisation: null };

describe('the draw', () => {
  it('is the one that anybody makes from the id', () => {
    // printf 'tellonce review sample 00000000-0000-4000-8000-000000000000' | sha256sum | cut -c1-8
    expect(
      drawOf('00000000-0000-4000-8000-000000000000' as DecisionId)
        .toString(16)
        .padStart(8, '0'),
    ).toBe('bdd8e3cd');
  });

  it('takes about as many in a hundred as the plan says, and of a larger share everything that a smaller one takes', () => {
    const draws = Array.from({ length: 20_000 }, (_, n) => drawOf(`decision ${String(n)}` as DecisionId));
    for (const percent of [1, 5, 50]) {
      const drawn = draws.filter((draw) => isDrawn(draw, percent)).length;
      expect(Math.abs(drawn / 200 - percent)).toBeLessThan(1);
    }
    expect(draws.every((draw) => isDrawn(draw, 100))).toBe(true);
    fc.assert(
      fc.property(
        id,
        fc.double({ min: 0, max: 100, noNaN: true }),
        fc.double({ min: 0, max: 100, noNaN: true }),
        (one, a, b) => {
          if (isDrawn(drawOf(one), Math.min(a, b))) expect(isDrawn(drawOf(one), Math.max(a, b))).toBe(true);
        },
      ),
    );
  });
});

describe('what is sampled', () => {
  it('has one kind, and is kept ready wherever some plan could draw it', () => {
    expect(sampledAs(access(0))).toBe('permits');
    expect(sampledAs(access(0, { effect: 'deny' }))).toBe('refusals');
    expect(sampledAs(access(0, { standing: 'self-claimed' }))).toBe('self-claims');
    expect(sampledAs(access(0, { standing: 'none', breakGlass: 'g' }))).toBe('break-glass');
    expect(sampledAs(access(0, { kind: 'other' }))).toBeUndefined();
    expect(sampledAs(access(0, { kind: 'match' }))).toBeUndefined();
    expect(sampledAs(access(0, { aborted: true }))).toBeUndefined();
    const plan = (percent: number, of: SamplingLine['of']): SamplingLine => ({ ...line, percent, of });
    fc.assert(
      fc.property(
        id,
        fc.constantFrom<SamplingLine['of']>('permits', 'refusals', 'self-claims', 'break-glass'),
        fc.double({ min: 0.001, max: 100, noNaN: true }),
        (one, of, percent) => {
          const lines = [plan(percent, of)];
          if (!samplingDecider.decide({ lines, by: 'o' }, undefined).ok) return;
          const candidate: Candidate = { of, draw: drawOf(one), purpose: 'sen-support', organisation: 'school' };
          if (isSampled(candidate, lines)) expect(isCandidate(of, candidate.draw)).toBe(true);
        },
      ),
    );
  });

  it('is what a line names: purpose and organisation, or all', () => {
    const candidate: Candidate = { of: 'permits', draw: 0, purpose: 'safeguarding', organisation: 'trust' };
    const trust = 'trust' as OrganisationId;
    expect(isSampled(candidate, [line])).toBe(true);
    expect(isSampled(candidate, [{ ...line, purpose: 'safeguarding', organisation: trust }])).toBe(true);
    expect(isSampled(candidate, [{ ...line, purpose: 'transition' }])).toBe(false);
    expect(isSampled(candidate, [{ ...line, organisation: 'school' as OrganisationId }])).toBe(false);
    expect(isSampled(candidate, [{ ...line, of: 'refusals' }])).toBe(false);
    expect(isSampled({ ...candidate, draw: 2 ** 32 * 0.01 }, [line])).toBe(false);
  });
});

describe('the plan', () => {
  const decide = (lines: readonly SamplingLine[], before?: readonly SamplingLine[]) =>
    samplingDecider.decide({ lines, by: 'o' }, before === undefined ? undefined : { lines: before, by: 'p' });

  it('is replaced as a whole, and the same again changes nothing', () => {
    expect(decide([line])).toMatchObject({ ok: true, value: [{ type: 'review.sampling-planned.v1' }] });
    expect(decide([line], [line])).toEqual({ ok: true, value: [] });
    expect(decide([], [line])).toMatchObject({ ok: true, value: [{ data: { lines: [] } }] });
  });

  it('takes of ordinary accesses no more than five in a hundred, of claims and emergencies all', () => {
    const refused = { ok: false, error: { code: 'PERCENT_OUT_OF_RANGE', pointer: '/lines/1/percent' } };
    for (const percent of [0, -1, 5.1, 100, Number.NaN])
      expect([percent, decide([line, { ...line, percent }])]).toEqual([percent, refused]);
    for (const kind of ['self-claims', 'break-glass'] as const) {
      expect(decide([{ ...line, of: kind, percent: 100 }])).toMatchObject({ ok: true });
      expect(decide([line, { ...line, of: kind, percent: 101 }])).toEqual(refused);
    }
  });
});
