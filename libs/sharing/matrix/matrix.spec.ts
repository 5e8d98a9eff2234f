import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { cedarOracle } from '../cedar/index.ts';
import { decide, permittedSlices, refusalsOf } from '../src/decide/index.ts';
import { matrixCases } from './matrix.ts';

const cases = matrixCases();
const cedar = cedarOracle();

describe('the case matrix', () => {
  it('has at least sixty cases, and as many of each kind as it takes to mean something', () => {
    expect(cases.length).toBeGreaterThanOrEqual(60);
    const permitted = cases.filter(({ expected }) => expected.effect === 'permit').length;
    expect(permitted).toBeGreaterThan(25);
    expect(cases.length - permitted).toBeGreaterThan(25);
  });

  it.each(cases.map((each) => [each.title, each] as const))('%s', (_title, { question, slice, expected }) => {
    const decision = decide(question, slice);
    if (expected.effect === 'permit') {
      const { rule, mode, obligations } = expected;
      expect(decision).toMatchObject({ effect: 'permit', slice, rule, mode, obligations });
      const relied = decision.effect === 'permit' ? [decision.agreement, decision.sharingDecision] : [];
      expect(relied).toEqual([expected.agreement, expected.sharingDecision]);
    } else {
      expect(decision).toEqual({ effect: 'deny', slice, refusals: expected.refusals, policyAlarm: expected.alarm });
    }

    const listed = permittedSlices(question).filter((permit) => JSON.stringify(permit.slice) === JSON.stringify(slice));
    expect(listed).toEqual(decision.effect === 'permit' ? [decision] : []);

    const published = cedar(question, slice);
    expect(published.effect).toBe(expected.effect);
    expect(published.alarm).toBe(expected.effect === 'deny' && expected.alarm);
    if (expected.effect === 'permit')
      expect(published).toMatchObject({ policies: [expected.rule], mode: expected.mode });
    else if (!expected.alarm)
      expect(published.policies).toEqual(
        expect.arrayContaining(expected.refusals.filter((id) => id !== 'no-agreement')),
      );
  });

  it('refuses a category that there is not: its row would hold for want of an agreement', () => {
    const folder = mkdtempSync(join(tmpdir(), 'matrix-'));
    try {
      for (const file of ['world.yaml', 'cases.yaml']) {
        const text = readFileSync(join(import.meta.dirname, file), 'utf8');
        writeFileSync(join(folder, file), text.replace('send-team ehc.plan:', 'send-team ehcp.plan:'));
      }
      expect(() => matrixCases(folder)).toThrow('not a slice: send-team ehcp.plan');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('says why nothing at all may be read where that does not depend on the slice', () => {
    for (const { question, expected } of cases) {
      const { refusals } = refusalsOf(question);
      if (refusals.length > 0) expect(expected).toMatchObject({ effect: 'deny', refusals });
    }
  });
});
