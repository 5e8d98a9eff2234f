import { describe, expect, it } from '@jest/globals';
import { PURPOSES, ROLE_PURPOSES, type Role } from '#contracts';
import type { OrganisationId } from '#kernel';
import type { Reader, Registry } from '../model.ts';
import { emptyRegistry } from '../registry/index.ts';
import { auditRule } from './audit-point.ts';

const school = 'school' as OrganisationId;
const registry = { ...emptyRegistry(), organisations: new Map([[school, {}]]) } as unknown as Registry;
const reader = (organisation: string, role: Role): Reader => ({
  sub: 's',
  organisation: organisation as OrganisationId,
  role,
  acr: 'a',
  client: 'c',
});

describe('who may read decisions across children', () => {
  it.each([
    ['hub', { effect: 'permit', scope: { of: 'everybody' } }],
    ['school', { effect: 'permit', scope: { of: 'organisation', organisation: 'school' } }],
    ['gone', { effect: 'deny', reasons: ['organisation-unknown'] }],
  ])('the officer of %s', (organisation, ruling) => {
    const officer = reader(organisation, 'data-protection-officer');
    expect(auditRule({ reader: officer, purpose: 'audit', registry })).toEqual(ruling);
  });

  it('nobody else, and for no other purpose', () => {
    for (const role of Object.keys(ROLE_PURPOSES) as Role[])
      for (const purpose of PURPOSES)
        for (const organisation of ['hub', 'school']) {
          const { effect } = auditRule({ reader: reader(organisation, role), purpose, registry });
          const officer = role === 'data-protection-officer' && purpose === 'audit';
          expect([role, purpose, organisation, effect]).toEqual([
            role,
            purpose,
            organisation,
            officer ? 'permit' : 'deny',
          ]);
        }
  });
});
