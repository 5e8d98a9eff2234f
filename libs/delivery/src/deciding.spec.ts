import { describe, expect, it } from '@jest/globals';
import type { AgreementInForce, Category, FactBody, Purpose } from '#contracts';
import type { ChildId, FactId, Instant, OrganisationId, PlainDate, RecordId } from '#kernel';
import {
  emptyProtection,
  emptyRegistry,
  evolveProtection,
  evolveRegistry,
  type CompleteQuestion,
  type Protection,
} from '#sharing';
import { mayTell, receiverOf, signalRule, stillMayTell } from './deciding.ts';
import type { OutboxRow, OutboxSignal } from './outbox/outbox.ts';
import type { StandingFact } from './standing.ts';

const [school, trust] = ['oakfield-school', 'bridgewater-trust'] as OrganisationId[] as [
  OrganisationId,
  OrganisationId,
];
const child = '0b7c3b8e-7e0f-4d62-8f38-0c8f2b0f0001' as ChildId;
const at = '2026-09-01T09:00:00.000Z' as Instant;

const agreement: AgreementInForce = {
  agreement: 'hearing',
  version: 1,
  title: 'Hearing',
  source: trust,
  recipient: school,
  categories: ['health.screening', 'voice'],
  purposes: ['sen-support'],
  roles: ['organisation-system'],
  from: '2020-01-01' as PlainDate,
  until: null,
};
const organisations = [school, trust].reduce(
  (folded, organisation) =>
    evolveRegistry(folded, {
      type: 'organisation.registered.v1',
      data: { organisation, name: organisation, sector: 'education', codes: {}, keys: [], profile: {} },
    }),
  emptyRegistry(),
);
const registry = evolveRegistry(organisations, { type: 'agreement.in-force.v1', data: agreement });
const onRoll = evolveProtection(emptyProtection(child), {
  type: 'relationship.started.v1',
  data: {
    fact: 'f' as FactId,
    organisation: school,
    kind: 'on-roll',
    name: '100101',
    from: '2022-09-01' as PlainDate,
  },
});
const consented = evolveProtection(onRoll, {
  type: 'consent.given.v1',
  data: {
    consent: 'c1',
    categories: ['voice'],
    purposes: ['sen-support'],
    authority: 'parental-responsibility',
    by: 'person-1',
    from: '2022-09-01' as PlainDate,
    until: null,
  } as never,
});

const signal = (over: Partial<OutboxSignal> = {}): OutboxSignal => ({
  id: 'signal-1',
  subscription: 's1',
  organisation: school,
  key: 'k',
  kind: 'fact-published',
  category: 'health.screening',
  source: trust,
  purpose: 'sen-support',
  reliesOnConsent: false,
  fact: 'fact-1' as FactId,
  record: 'r' as RecordId,
  time: at,
  correlationId: 'c',
  ...over,
});
const standing = (
  over: { category?: Category; reliesOnConsent?: boolean; purposes?: FactBody['purposes'] } = {},
): StandingFact => ({
  source: trust,
  category: 'health.screening',
  reliesOnConsent: false,
  purposes: ['sen-support'],
  ...over,
});
const question = (protection: Protection, purpose: Purpose = 'sen-support'): CompleteQuestion => ({
  reader: receiverOf(signal()).reader,
  purpose,
  at,
  registry,
  protections: [protection],
});
const ruled = (told: OutboxSignal, now: StandingFact, protection = consented, purpose: Purpose = 'sen-support') => {
  const ruling = signalRule(told, now)(question(protection, purpose));
  return ruling.effect === 'deny' ? ruling.reasons.join() : ruling.slices.map(({ category }) => category).join();
};

describe('what an organisation may know of what a signal is about', () => {
  const voice = { category: 'voice', reliesOnConsent: true } as const;
  it.each<[string, string, string]>([
    ['a slice that is agreed', ruled(signal(), standing()), 'health.screening'],
    ['what rests on consent that is given', ruled(signal(voice), standing(voice)), 'voice'],
    ['what rests on consent that is not', ruled(signal(voice), standing(voice), onRoll), 'no-consent'],
    ['a fact that was withdrawn: under what it was told', ruled(signal(), 'withdrawn'), 'health.screening'],
    ['a child it has nothing to do with', ruled(signal(), standing(), emptyProtection(child)), 'no-relationship'],
    ['a category nobody agreed on', ruled(signal({ category: 'health.therapy' }), standing()), 'no-agreement'],
    ['a fact that was corrected into such', ruled(signal(), standing({ category: 'health.therapy' })), 'no-agreement'],
    [
      'a fact that was corrected into another',
      ruled(signal(), standing({ category: 'voice' })),
      'health.screening,voice',
    ],
    ['a fact that rests on consent by now', ruled(signal(), standing(voice), onRoll), 'no-consent'],
    ['a fact that is restricted by now', ruled(signal(), 'hidden'), 'restricted'],
    [
      'a fact that is not stated for the purpose any more',
      ruled(signal(), standing({ purposes: ['direct-care'] })),
      'not-for-this-purpose',
    ],
    [
      'another purpose than it was subscribed for',
      ruled(signal(), standing(), consented, 'direct-care'),
      'not-for-this-purpose',
    ],
  ])('%s', (_what, is, wanted) => expect(is).toBe(wanted));

  it('is decided for the system that subscribed, under its purpose', () => {
    expect(receiverOf(signal())).toEqual({
      reader: {
        sub: 'signals:s1',
        organisation: school,
        role: 'organisation-system',
        acr: 'urn:tellonce:acr:signal',
        client: 'signals:s1',
      },
      purpose: 'sen-support',
      requestId: 'signal-1',
      correlationId: 'c',
    });
  });
});

describe('what is about to leave', () => {
  const row = { ...signal({ category: 'voice', reliesOnConsent: true }), attempts: 0 } as OutboxRow;
  const now = standing({ category: 'voice', reliesOnConsent: true });

  it('may, while consent holds at the tail; not once it is withdrawn', async () => {
    let protection = consented;
    const tails = { registry: async () => registry, protections: async () => [protection] };
    const still = stillMayTell(tails, { now: () => at });
    expect(await still(child, row, now)).toBe(true);
    protection = onRoll;
    expect(await still(child, row, now)).toBe(false);
  });

  it('may not, where its fact was restricted meanwhile', async () => {
    const tails = { registry: async () => registry, protections: async () => [consented] };
    expect(await stillMayTell(tails, { now: () => at })(child, row, 'hidden')).toBe(false);
  });
});

describe('what is taken in at all', () => {
  const tails = (protection: Protection) => ({ registry: async () => registry, protections: async () => [protection] });
  const taken = async (protection: Protection, ...signals: readonly OutboxSignal[]) =>
    (await mayTell(tails(protection), { now: () => at })(child, signals)).map(({ id }) => id);

  it('is what may be told now, and nothing else', async () => {
    const signals = [
      signal({ id: 'agreed' }),
      signal({ id: 'not agreed', category: 'health.therapy' }),
      signal({ id: 'consent', category: 'voice', reliesOnConsent: true }),
      signal({ id: 'elsewhere', organisation: trust }),
    ];
    expect(await taken(consented, ...signals)).toEqual(['agreed', 'consent']);
    expect(await taken(onRoll, ...signals)).toEqual(['agreed']);
    expect(await taken(emptyProtection(child), ...signals)).toEqual([]);
  });

  it('waits where what it rests on cannot be read', async () => {
    const unread = { registry: async () => registry, protections: () => Promise.reject(new Error('away')) };
    await expect(mayTell(unread, { now: () => at })(child, [signal()])).rejects.toThrow('away');
  });
});
