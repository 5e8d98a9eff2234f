import { describe, expect, it } from '@jest/globals';
import type { ChildId, FactId, Instant, OrganisationId, PlainDate } from '#kernel';
import type { Protection, Question, Slice } from '../model.ts';
import { emptyProtection, evolveProtection } from '../protection/index.ts';
import { emptyRegistry, evolveRegistry } from '../registry/index.ts';
import { decide, permittedSlices, refusalsOf } from './index.ts';

const school = 'school' as OrganisationId;
const slice: Slice = { organisation: school, category: 'education.enrolment', reliesOnConsent: false };
const registry = evolveRegistry(emptyRegistry(), {
  type: 'organisation.registered.v1',
  data: { organisation: school, name: 'School', sector: 'education', codes: {}, keys: [], profile: {} },
});
const onRoll = evolveProtection(emptyProtection('c' as ChildId), {
  type: 'relationship.started.v1',
  data: { fact: 's' as FactId, organisation: school, kind: 'on-roll', name: 'roll', from: '2026-06-01' as PlainDate },
});
const question: Question = {
  reader: { sub: 'p', organisation: school, role: 'senco', acr: 'x', client: 'x' },
  purpose: 'sen-support',
  at: '2026-06-15T09:00:00.000Z' as Instant,
  registry,
  protections: [onRoll],
};
/** Agreements without terms, and one's own facts, limit and ask nothing. */
const UNLIMITED = { mode: 'content', obligations: [], minimum: {} } as const;
const alarm = (change: Partial<Question>) => {
  const asked = { ...question, ...change };
  expect(permittedSlices(asked)).toEqual([]);
  const decision = decide(asked, slice);
  expect(refusalsOf(asked)).toMatchObject({ policyAlarm: decision.effect === 'deny' && decision.policyAlarm });
  return decision;
};

describe('an organisation’s system', () => {
  it('reads nothing for subject access, though it works with the child: there it answers, and never reads', () => {
    const asked: Question = {
      ...question,
      reader: { ...question.reader, role: 'organisation-system' },
      purpose: 'subject-access',
    };
    expect(permittedSlices(asked)).toEqual([]);
    expect(decide(asked, slice)).toMatchObject({ effect: 'deny', refusals: ['role-lacks-purpose'] });
  });
});

describe('what should be there and is not', () => {
  it('permits where everything is there', () => {
    expect(decide(question, slice)).toEqual({ effect: 'permit', slice, rule: 'own-organisation', ...UNLIMITED });
    expect(refusalsOf(question)).toEqual({ refusals: [], policyAlarm: false });
  });

  it.each<[string, Partial<Question>]>([
    ['the registry', { registry: undefined }],
    ['every protection', { protections: undefined }],
    ['any protection', { protections: [] }],
    ['one of two protections', { protections: [onRoll, undefined] }],
    ['a part of a protection', { protections: [{ ...onRoll, ends: undefined } as unknown as Protection] }],
    [
      'the decisions not to share',
      { protections: [{ ...onRoll, sharingDecisions: undefined } as unknown as Protection] },
    ],
    ['a readable time', { at: 'yesterday' as Instant }],
  ])('%s: refused, and somebody is told', (_name, change) => {
    expect(alarm(change)).toMatchObject({ effect: 'deny', policyAlarm: true });
  });

  it('raises no alarm for an ordinary refusal', () => {
    expect(alarm({ protections: [emptyProtection('c' as ChildId)] })).toMatchObject({
      effect: 'deny',
      refusals: ['no-relationship'],
      policyAlarm: false,
    });
  });
});

describe('the day', () => {
  it('is the day in the area: in summer it begins an hour before midnight in UTC', () => {
    expect(decide({ ...question, at: '2026-05-31T22:59:59.999Z' as Instant }, slice).effect).toBe('deny');
    expect(decide({ ...question, at: '2026-05-31T23:00:00.000Z' as Instant }, slice).effect).toBe('permit');
  });
});

describe('an answer', () => {
  it('cites the agreement in force and the consent relied on', () => {
    const trust = 'trust' as OrganisationId;
    const terms = {
      title: 't',
      source: trust,
      recipient: school,
      categories: ['health.therapy'],
      purposes: ['sen-support'],
      roles: ['senco'],
    } as const;
    const agreed = [
      { ...terms, agreement: 'old', version: 1, from: '2025-01-01' as PlainDate, until: '2026-06-14' as PlainDate },
      { ...terms, agreement: 'new', version: 4, from: '2026-06-15' as PlainDate, until: null },
    ].reduce((now, data) => evolveRegistry(now, { type: 'agreement.in-force.v1', data }), registry);
    const consented = evolveProtection(onRoll, {
      type: 'consent.given.v1',
      data: {
        consent: 'c7',
        categories: ['health.therapy'],
        purposes: ['sen-support'],
        authority: 'parental-responsibility',
        until: null,
      },
    });
    const asked: Slice = { organisation: trust, category: 'health.therapy', reliesOnConsent: true };
    const permit = {
      effect: 'permit',
      slice: asked,
      rule: 'agreement',
      ...UNLIMITED,
      agreement: { id: 'new', version: 4 },
      consent: 'c7',
    };
    expect(decide({ ...question, registry: agreed, protections: [consented] }, asked)).toEqual(permit);
    expect(permittedSlices({ ...question, registry: agreed, protections: [consented] })).toContainEqual(permit);
  });

  it('says that those who may consent disagree', () => {
    const terms = { categories: ['voice'], purposes: ['sen-support'], authority: 'parental-responsibility' } as const;
    const disagreeing = [
      { type: 'consent.given.v1', data: { consent: 'yes', ...terms, by: 'mother', until: null } } as const,
      { type: 'consent.refused.v1', data: { consent: 'no', ...terms, by: 'father' } } as const,
    ].reduce(evolveProtection, onRoll);
    const asked: Slice = { organisation: school, category: 'voice', reliesOnConsent: true };
    expect(decide({ ...question, protections: [disagreeing] }, asked)).toMatchObject({
      effect: 'deny',
      refusals: ['consent-conflicting'],
      policyAlarm: false,
    });
  });

  it('cannot be changed by whoever got it: permits are made once and given out many times', () => {
    const [first] = permittedSlices(question);
    expect(Object.isFrozen(first) && Object.isFrozen(first?.slice)).toBe(true);
  });
});
