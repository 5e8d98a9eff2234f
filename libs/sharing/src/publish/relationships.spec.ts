import { describe, expect, it } from '@jest/globals';
import type { ChildId, FactId, OrganisationId, PlainDate } from '#kernel';
import { ALL_FACTS, factDefinition, type AuthorityRecorded } from '#contracts';
import { emptyProtection, evolveProtection } from '../protection/index.ts';
import { concernsProtection, relationshipCommand, restricts } from './relationships.ts';

const trust = 'trust' as OrganisationId;
const fact = 'f' as FactId;
const definition = factDefinition('any.authority-recorded.v1');
if (definition === undefined) throw new Error('not registered');
const said = (change: object = {}) =>
  relationshipCommand(fact, trust, { definition, data: { ...definition.example, ...change } });

describe('a fact that records an authority', () => {
  it('is the only kind beside relationships that a protection follows', () => {
    const types = ALL_FACTS.filter(concernsProtection).map(({ type }) => type);
    expect(types).toContain('any.authority-recorded.v1');
    expect(types.filter((type) => !/relationship|enrolment|authority/.test(type))).toEqual([]);
    expect(concernsProtection(undefined)).toBe(false);
  });

  it('says who, on what evidence, from when and until when; withdrawn it says nothing', () => {
    const recorded = {
      authority: fact,
      fact,
      organisation: trust,
      kind: 'parental-responsibility',
      evidence: 'birth-registration',
      person: 'person-3d77',
      from: '2018-03-20',
      until: null,
    };
    expect(said()).toEqual({ type: 'recordAuthority', data: recorded });
    const nobody = { kind: 'parental-responsibility', evidence: 'birth-registration', startDate: '2018-03-20' };
    const unnamed = relationshipCommand(fact, trust, { definition, data: { ...nobody, endDate: '2030-01-01' } });
    expect(unnamed).toEqual({ type: 'recordAuthority', data: { ...recorded, person: null, until: '2030-01-01' } });
    expect(relationshipCommand(fact, trust, null)).toEqual({ type: 'retractRelationship', data: { fact } });
  });

  it('comes before the fact where it takes something away, and after it where it gives', () => {
    const known: AuthorityRecorded = {
      authority: fact,
      fact,
      organisation: trust,
      kind: 'parental-responsibility',
      evidence: 'birth-registration',
      person: 'person-3d77',
      from: '2018-03-20' as PlainDate,
      until: '2030-01-01' as PlainDate,
    };
    const empty = emptyProtection('c' as ChildId);
    const protection = evolveProtection(empty, { type: 'authority.recorded.v1', data: known });
    expect(restricts(said(), empty)).toBe(false);
    for (const [change, expected] of [
      [{ endDate: '2030-01-01' }, false],
      [{}, false],
      [{ endDate: '2029-12-31' }, true],
      [{ startDate: '2018-03-21' }, true],
      [{ person: 'somebody-else' }, true],
      [{ kind: 'special-guardianship' }, true],
    ] as const)
      expect([change, restricts(said(change), protection)]).toEqual([change, expected]);
    expect(restricts(relationshipCommand(fact, trust, null), protection)).toBe(true);
  });
});
