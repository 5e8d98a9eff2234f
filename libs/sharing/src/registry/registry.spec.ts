import { describe, expect, it } from '@jest/globals';
import type { OrganisationId, PlainDate } from '#kernel';
import type { AgreementInForce, OrganisationKeyRevoked, OrganisationRegistered, PublicJwk } from '#contracts';
import {
  emptyRegistry,
  evolveRegistry,
  recipientKey,
  registryDecider,
  type RegistryChange,
  type RegistryCommand,
} from './index.ts';

const id = (text: string) => text as OrganisationId;
const key: PublicJwk = { kid: 'k1', kty: 'EC', alg: 'ES256', crv: 'P-256', x: 'abc', y: 'def' };
const school: OrganisationRegistered = {
  organisation: id('school'),
  name: 'School',
  sector: 'education',
  codes: { urn: '100123' },
  keys: [key],
  profile: {},
};
const trust: OrganisationRegistered = {
  ...school,
  organisation: id('trust'),
  name: 'Trust',
  sector: 'health',
  codes: {},
};
const terms: AgreementInForce = {
  agreement: 'health-to-school',
  version: 1,
  title: 'Health to school',
  source: id('trust'),
  recipient: id('school'),
  categories: ['health.therapy'],
  purposes: ['sen-support', 'ehc-plan-review'],
  roles: ['senco'],
  from: '2026-01-01' as PlainDate,
  until: null,
};
const registered = (data: OrganisationRegistered): RegistryChange => ({ type: 'organisation.registered.v1', data });
const inForce = (data: AgreementInForce): RegistryChange => ({ type: 'agreement.in-force.v1', data });
const endOf = (version: number) => ({ agreement: terms.agreement, version, reason: 'over' });
const ended = (version: number): RegistryChange => ({ type: 'agreement.ended.v1', data: endOf(version) });
const revocation: OrganisationKeyRevoked = { organisation: id('school'), kid: 'k1', reason: 'compromised' };
const revoked: RegistryChange = { type: 'organisation.key-revoked.v1', data: revocation };
const parties = [registered(school), registered(trust)];

const given = (...changes: readonly RegistryChange[]) => changes.reduce(evolveRegistry, emptyRegistry());
const when = (command: RegistryCommand, ...before: readonly RegistryChange[]) =>
  registryDecider.decide(command, given(...before));
const then = (...value: readonly RegistryChange[]) => ({ ok: true, value });
const rejected = (code: string, pointer: string) => ({ ok: false, error: { code, pointer } });

describe('an organisation', () => {
  const register = (data: OrganisationRegistered): RegistryCommand => ({ type: 'registerOrganisation', data });

  it('is registered once, and again only where something changed', () => {
    expect(when(register(school))).toEqual(then(registered(school)));
    expect(when(register({ ...school }), registered(school))).toEqual(then());
    expect(when(register({ ...school, name: 'Other' }), registered(school))).toEqual(
      then(registered({ ...school, name: 'Other' })),
    );
  });

  it.each([
    ['ORGANISATION_ID_INVALID', '/organisation', { organisation: id('School 1') }],
    ['ORGANISATION_ID_RESERVED', '/organisation', { organisation: id('hub') }],
    ['NAME_EMPTY', '/name', { name: ' ' }],
    ['SECTOR_UNKNOWN', '/sector', { sector: 'charity' as 'health' }],
    ['KEY_PRIVATE', '/keys/0/d', { keys: [{ ...key, d: 'secret' }] }],
    ['KEY_PRIVATE', '/keys/0/k', { keys: [{ ...key, k: 'secret' }] }],
    ['KEY_ALGORITHM_UNKNOWN', '/keys/1/alg', { keys: [key, { ...key, kid: 'k2', alg: 'HS256' }] }],
    ['KEY_ALGORITHM_UNKNOWN', '/keys/0/alg', { keys: [{ ...key, alg: 'RS256' }] }],
    ['KEY_ALGORITHM_UNKNOWN', '/keys/0/alg', { keys: [{ ...key, alg: 'constructor' }] }],
    ['KEY_NOT_OF_ITS_ALGORITHM', '/keys/0', { keys: [{ ...key, alg: 'ES384' }] }],
    ['KEY_NOT_OF_ITS_ALGORITHM', '/keys/0', { keys: [{ kid: 'r', kty: 'RSA', alg: 'RS512', n: 'abc' }] }],
    ['KEY_ID_INVALID', '/keys/0/kid', { keys: [{ ...key, kid: '' }] }],
    ['KEY_ID_REPEATED', '/keys/1', { keys: [key, key] }],
    [
      'PURPOSE_UNKNOWN',
      '/profile/x/purposes/0',
      {
        profile: {
          x: {
            lawful: 'public-task',
            condition: 'none',
            confidentiality: 'not-confidential',
            purposes: ['fun' as 'audit'],
          },
        },
      },
    ],
    [
      'BASIS_UNKNOWN',
      '/profile/x/lawful',
      {
        profile: {
          x: {
            lawful: 'whim' as 'consent',
            condition: 'none',
            confidentiality: 'not-confidential',
            purposes: ['audit'],
          },
        },
      },
    ],
  ] as const)('is refused with %s at %s', (code, pointer, change) => {
    expect(when(register({ ...school, ...change }))).toEqual(rejected(code, pointer));
  });

  it('loses a key for good: registering it again does not bring it back', () => {
    const revoke: RegistryCommand = { type: 'revokeKey', data: revocation };
    expect(when(revoke, registered(school))).toEqual(then(revoked));
    expect(when(revoke, registered(school), revoked)).toEqual(then());
    expect(when(revoke)).toEqual(rejected('ORGANISATION_UNKNOWN', '/organisation'));
    expect(when(revoke, registered({ ...school, keys: [] }))).toEqual(rejected('KEY_UNKNOWN', '/kid'));
    const again = given(registered(school), revoked, registered({ ...school, name: 'Again' }));
    expect([...(again.organisations.get(id('school'))?.revokedKeys ?? [])]).toEqual(['k1']);
  });
});

describe('the fold', () => {
  it('indexes the latest version by recipient and purpose, and forgets what ended', () => {
    const v2 = { ...terms, version: 2, purposes: ['ehc-plan-review'] as const };
    const after = given(...parties, inForce(terms), inForce(v2));
    expect(after.byRecipient.get(recipientKey(id('school'), 'sen-support'))).toBeUndefined();
    expect(after.byRecipient.get(recipientKey(id('school'), 'ehc-plan-review'))).toEqual([v2]);
    const over = evolveRegistry(after, ended(2));
    expect(over.byRecipient.size).toBe(0);
    expect(over.revision).toBe(4);
    expect(after.agreements.size).toBe(1);
  });

  it('ignores an end of an older version and a version that does not grow', () => {
    const v2 = { ...terms, version: 2 };
    expect(given(...parties, inForce(v2), ended(1), inForce(terms)).agreements.get(terms.agreement)).toEqual(v2);
  });

  it('gives the same whether one looks after every event or only at the end, and never changes what was given out', () => {
    const changes: readonly RegistryChange[] = [
      ...parties,
      inForce(terms),
      revoked,
      inForce({ ...terms, version: 2 }),
      { type: 'agreement.suspended.v1', data: { ...endOf(2), party: id('school') } },
      { type: 'agreement.resumed.v1', data: { agreement: terms.agreement, version: 2, party: id('school') } },
      { type: 'agreement.undone.v1', data: { ...endOf(2), restores: 1, party: id('school') } },
      ended(2),
      inForce({ ...terms, version: 3 }),
    ];
    const look = ({ organisations, agreements, byRecipient, versions, book, revision }: ReturnType<typeof given>) =>
      structuredClone({ organisations, agreements, byRecipient, versions, book, revision });
    const seen: unknown[] = [];
    const states = [emptyRegistry()];
    for (const change of changes) {
      const next = evolveRegistry(states.at(-1) ?? emptyRegistry(), change);
      states.push(next);
      seen.push(look(next));
    }
    const unseen = changes.map((_, n) => given(...changes.slice(0, n + 1)));
    expect(unseen.reverse().map(look).reverse()).toEqual(seen);
    expect(states.slice(1).map(look)).toEqual(seen);
  });

  it('does not overlook an event of a later release', () => {
    const later = { type: 'agreement.paused.v1', data: { agreement: terms.agreement } } as unknown as RegistryChange;
    expect(() => given(...parties, inForce(terms), later).agreements).toThrow();
  });

  it('catches up over 20,000 events by copying the maps once', () => {
    let registry = emptyRegistry();
    for (let n = 0; n < 20_000; n++) registry = evolveRegistry(registry, inForce({ ...terms, agreement: `a-${n}` }));
    expect(registry.agreements.size).toBe(20_000);
    expect(registry.byRecipient.get(recipientKey(id('school'), 'sen-support'))).toHaveLength(20_000);
  });
});
