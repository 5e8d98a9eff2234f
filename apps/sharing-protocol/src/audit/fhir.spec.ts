import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { PURPOSE_OF_USE, type Purpose } from '#contracts';
import { auditEvent, exportEvent, type AuditEvent } from './fhir.ts';
import type { AuditRow } from './row.ts';

const CHILD = '0b7c3b8e-7e0f-4d62-8f38-0c8f2b0f0001';
const ROW: AuditRow = {
  decision: '5f0d7a52-3c1e-4c8b-9d43-6a0e5b1c2d01',
  event: '5f0d7a52-3c1e-8c8b-9d43-6a0e5b1c2d02',
  time: '2026-11-24T09:30:00.000Z',
  effect: 'permit',
  organisation: 'oakfield-primary',
  role: 'senco',
  user: 'person-7f3a',
  team: null,
  acr: 'urn:mfa',
  client: 'demonstration',
  purpose: 'sen-support',
  detail: null,
  route: 'GET /v1/children/:childId/timeline',
  child: CHILD,
  slices: [
    {
      organisation: 'bridgewater-community-trust' as never,
      category: 'health.screening',
      rule: 'agreement',
      agreement: 'hearing',
      version: 2,
      consent: 'voice-1',
    },
  ],
  reasons: [],
  relationship: { kind: 'enrolment', id: 'fact-1' },
  breakGlass: null,
  obligations: [],
  alarm: false,
  facts: 3,
  policy: '2026.1',
  registryRevision: 7,
  protection: [{ child: CHILD as never, revision: 4 }],
  request: '5f0d7a52-3c1e-4c8b-9d43-6a0e5b1c2d03',
};
const DENIED: AuditRow = {
  ...ROW,
  effect: 'deny',
  slices: [],
  facts: 0,
  reasons: [{ reason: 'no-relationship', words: 'Nothing says that the reader works with, or cares for, the child.' }],
};
const MARK = { query: 'q', export: 'e', sub: 'person-d0d0', organisation: 'hub', at: '2026-11-24T10:00:00.000Z' };

const byType = (event: AuditEvent, code: string) =>
  event.agent.filter(({ type }) => type.coding.some((coding) => coding.code === code));
const entities = (event: AuditEvent, code: string) => event.entity.filter(({ type }) => type.code === code);

/** What FHIR R4 demands of every AuditEvent: members it knows, required ones there, and its invariant sev-1. */
function structure(event: AuditEvent): void {
  const known = ['resourceType', 'id', 'meta', 'type', 'subtype', 'action', 'recorded', 'outcome', 'outcomeDesc'];
  expect(Object.keys(event).filter((name) => ![...known, 'agent', 'source', 'entity'].includes(name))).toEqual([]);
  expect(event.resourceType).toBe('AuditEvent');
  expect(event.id).toMatch(/^[A-Za-z0-9\-.]{1,64}$/);
  expect(['0', '4', '8', '12']).toContain(event.outcome);
  expect(event.type).toMatchObject({ system: expect.any(String), code: expect.any(String) });
  expect(event.agent.length).toBeGreaterThan(0);
  for (const agent of event.agent) expect(typeof agent.requestor).toBe('boolean');
  expect(event.source.observer).toBeDefined();
  for (const entity of event.entity) expect('name' in entity && 'query' in entity).toBe(false);
}

/** What IHE BALP 1.1 demands of a user. */
function user(event: AuditEvent, purpose: Purpose): void {
  const [agent] = byType(event, 'IRCP');
  expect(agent).toMatchObject({ requestor: true, who: expect.any(Object) });
  expect(agent).not.toHaveProperty('network');
  expect(agent?.purposeOfUse?.[0]?.coding).toEqual([
    { system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason', code: PURPOSE_OF_USE[purpose] },
  ]);
}

function patient(event: AuditEvent): void {
  const [one, ...others] = entities(event, '1');
  expect(others).toEqual([]);
  expect(one).toMatchObject({ what: { type: 'Patient', identifier: { value: CHILD } }, role: { code: '1' } });
}

const SAMPLES = process.env['SAMPLES_DIR'] ?? join(import.meta.dirname, '../../../../../shared/samples');
const file = join(SAMPLES, 'fhir-r4', 'auditevent-example.json');
const sampled = existsSync(file) ? it : it.skip;
const why = existsSync(file) ? '' : ' (skipped: the samples are absent, set SAMPLES_DIR)';

describe('a decision as an AuditEvent', () => {
  it('that disclosed is a PatientQuery of BALP', () => {
    const event = auditEvent(ROW, MARK);
    structure(event);
    expect(event.meta.profile).toEqual([
      'https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.PatientQuery',
    ]);
    expect([event.type.code, event.subtype?.[0]?.code, event.action, event.outcome]).toEqual([
      'rest',
      'search',
      'E',
      '0',
    ]);
    // A query flows from the client to the server.
    for (const code of ['110153', '110152']) {
      expect(byType(event, code)).toEqual([
        expect.objectContaining({ who: expect.any(Object), network: expect.objectContaining({ type: '5' }) }),
      ]);
    }
    expect(byType(event, '110153')[0]?.who.identifier?.value).toBe('demonstration');
    user(event, 'sen-support');
    patient(event);
    const [query, ...others] = entities(event, '2');
    expect(others).toEqual([]);
    expect(Buffer.from(query?.query ?? '', 'base64').toString()).toBe(ROW.route);
    expect(query).not.toHaveProperty('what');
    expect(query).not.toHaveProperty('detail');
    expect(entities(event, 'XrequestId')[0]?.what?.identifier?.value).toContain(ROW.request);
    expect(JSON.stringify(entities(event, 'decision'))).toContain(
      'bridgewater-community-trust health.screening agreement agreement hearing@2 consent voice-1',
    );
  });

  it('that read one thing is a PatientRead, where the data flows the other way', () => {
    const event = auditEvent({ ...ROW, route: 'GET /v1/children/:childId' }, MARK);
    structure(event);
    expect(event.meta.profile?.[0]).toMatch(/PatientRead$/);
    expect([event.subtype?.[0]?.code, event.action]).toEqual(['read', 'R']);
    expect(byType(event, '110152')[0]?.who.identifier?.value).toBe('demonstration');
    expect(entities(event, '2')).toEqual([
      expect.objectContaining({ what: expect.any(Object), role: expect.objectContaining({ code: '4' }) }),
    ]);
    patient(event);
  });

  it.each([
    [DENIED, '8', /Nothing says that the reader works/],
    [{ ...ROW, effect: 'aborted' as const }, '4', /nothing was disclosed/],
  ])('that refused or was aborted is an AuthZconsent with its reason', (row, outcome, why) => {
    const event = auditEvent(row, MARK);
    structure(event);
    expect(event.meta.profile?.[0]).toMatch(/IHE\.BasicAudit\.AuthZconsent$/);
    expect([event.type.code, event.subtype?.[0]?.code, event.action, event.outcome]).toEqual([
      '110113',
      'AuthZ-Consent',
      'E',
      outcome,
    ]);
    expect(event.outcomeDesc).toMatch(why);
    for (const code of ['110150', 'IRCP', 'PROV', 'authserver'])
      expect([code, byType(event, code).length]).toEqual([code, 1]);
    expect(byType(event, '110150')[0]).toHaveProperty('network');
    // val-audit-source: who authorised is who observed.
    expect(byType(event, 'authserver')[0]?.who).toEqual(event.source.observer);
    user(event, 'sen-support');
    patient(event);
    // The slices of entity are closed: patient, consents, token.
    expect(event.entity.map(({ type }) => type.code)).toEqual(['1', 'Consent']);
    expect(entities(event, 'Consent')[0]?.what?.identifier?.value).toBe(`${CHILD}@4`);
  });

  it('that was refused before any child was asked about claims no profile', () => {
    const event = auditEvent({ ...DENIED, child: null, protection: [] }, MARK);
    structure(event);
    expect(event.meta).not.toHaveProperty('profile');
    expect(event.outcome).toBe('8');
    expect(entities(event, '1')).toEqual([]);
  });

  it('of somebody else’s person says that it is not told who', () => {
    const event = auditEvent({ ...ROW, user: null, client: null, request: null, facts: null, protection: [] }, MARK);
    structure(event);
    expect(byType(event, 'IRCP')[0]?.who).toEqual({ display: 'not told to this organisation' });
    expect(JSON.stringify(event)).not.toMatch(/person-7f3a|demonstration/);
  });

  it('bears who was handed it, and the file ends with the export', () => {
    expect(auditEvent(ROW, MARK).meta.tag).toEqual([
      { system: 'urn:tellonce:export', code: 'e' },
      { system: 'urn:tellonce:exported-to', code: 'person-d0d0' },
    ]);
    const [whole, cut] = [exportEvent(MARK, 2, 'complete'), exportEvent(MARK, 2, 'right-ended')];
    for (const event of [whole, cut]) structure(event);
    expect([whole.type.code, whole.outcome, cut.outcome, cut.outcomeDesc]).toEqual([
      '110106',
      '0',
      '4',
      'truncated: right-ended',
    ]);
  });

  sampled(`has no member that the published example’s resource would not have${why}`, () => {
    const example = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown> & {
      readonly agent: readonly object[];
      readonly entity: readonly object[];
      readonly source: object;
    };
    const event = auditEvent(ROW, MARK);
    const beyond = (ours: object, theirs: object, also: readonly string[]) =>
      Object.keys(ours).filter((name) => !(name in theirs) && !also.includes(name));
    const any = (parts: readonly object[]): object =>
      Object.fromEntries(parts.flatMap((part) => Object.entries(part) as [string, unknown][]));
    // Members of R4 that the example happens not to use.
    expect(beyond(event, example, ['meta', 'outcomeDesc'])).toEqual([]);
    expect(beyond(event.source, example.source, [])).toEqual([]);
    for (const agent of event.agent) expect(beyond(agent, any(example.agent), ['purposeOfUse'])).toEqual([]);
    for (const entity of event.entity) expect(beyond(entity, any(example.entity), ['query', 'detail'])).toEqual([]);
    for (const name of ['type', 'recorded', 'outcome', 'agent', 'source'])
      expect([name, typeof event[name as keyof AuditEvent]]).toEqual([name, typeof example[name]]);
  });
});
