import { describe, expect, it } from '@jest/globals';
import { CONTENT } from '../src/registry/agreement.spec-help.ts';
import { changedCases, matrixCases } from './index.ts';

const cases = matrixCases();
/** Facts only, nothing known of. */
const READ = { ...CONTENT, terms: { ...CONTENT.terms, existenceOnly: [] } };
const HEALTH_TO_SCHOOL = { source: 'health', recipient: 'education' } as const;

describe('a draft tried on the case matrix', () => {
  it('lists the cases that it opens, by their titles', () => {
    const draft = { ...READ, categories: ['health.mental'] as const };
    const { run, changed } = changedCases(cases, HEALTH_TO_SCHOOL, undefined, draft);
    expect(run).toBe(cases.length);
    expect(changed.length).toBeGreaterThan(0);
    for (const each of changed) expect(each).toMatchObject({ before: 'deny', after: 'content' });
    expect(changed.map((each) => each.case)).toContainEqual(
      expect.stringMatching(/^A SENCo sees what .*: community-health-trust health\.mental → no-agreement$/),
    );
    for (const each of changed) expect(each.case).toContain('health.mental');
  });

  it('lists those that it closes against the version that holds, and none where the text stays', () => {
    const opening = { ...READ, categories: ['health.mental'] as const };
    const opened = changedCases(cases, HEALTH_TO_SCHOOL, undefined, opening).changed.length;
    const closed = changedCases(cases, HEALTH_TO_SCHOOL, opening, { ...READ, categories: ['health.waiting'] });
    const shut = closed.changed.filter(({ after }) => after === 'deny');
    expect(shut).toHaveLength(opened);
    expect(changedCases(cases, HEALTH_TO_SCHOOL, opening, { ...opening, title: 'x' }).changed).toEqual([]);
    const known = { ...opening, terms: { ...opening.terms, existenceOnly: ['health.mental'] as const } };
    const narrowed = changedCases(cases, HEALTH_TO_SCHOOL, opening, known).changed;
    expect(narrowed).toHaveLength(opened);
    for (const each of narrowed) expect(each).toMatchObject({ before: 'content', after: 'existence' });
  });

  it('never opens what a child’s relationships, consents or the policy release refuse', () => {
    const everything = {
      ...CONTENT,
      categories: ['social.child-protection', 'health.sexual', 'health.diagnosis'] as const,
      roles: ['senco', 'class-teacher'] as const,
    };
    for (const source of ['health', 'social-care'] as const)
      for (const { case: title } of changedCases(cases, { source, recipient: 'education' }, undefined, everything)
        .changed)
        expect(title).not.toMatch(/sealed|restricted|no-relationship|no-consent|consent-refused|role-lacks-purpose/);
  });

  it('changes nothing between sectors that the matrix has no bodies of', () => {
    expect(changedCases(cases, { source: 'hub', recipient: 'education' }, undefined, CONTENT).changed).toEqual([]);
  });
});
