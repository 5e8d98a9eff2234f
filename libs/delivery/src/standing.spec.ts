import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { encodeRecord, factStream } from '#contracts';
import type { EventLog } from '#event-log';
import { openSqliteLog } from '#event-log/sqlite';
import { toInstant, type FactId, type OrganisationId } from '#kernel';
import { standingFact } from './standing.ts';

const fact = 'fact-one' as FactId;
const organisation = 'bridgewater-trust' as OrganisationId;
let log: EventLog;
let revision: number;
beforeEach(async () => {
  log = await openSqliteLog({ path: ':memory:' });
  revision = -1;
});
afterEach(() => log.close());

async function said(type: string, at: number, over: object = {}): Promise<void> {
  const stream = factStream(fact);
  const stated = { at: toInstant(at * 1000), rank: type.includes('withdrawn') ? 2 : 0, by: `s${String(at)}` };
  const data = {
    recordId: 'r',
    organisation,
    factType: 't',
    category: 'health.contact',
    index: {},
    happenedAt: toInstant(0),
    stated,
    purposes: ['sen-support'],
    reliesOnConsent: false,
    provenance: { kind: 'family', kid: 'k', alg: 'EdDSA' },
    sealed: { key: 'k', iv: 'i', text: 't' },
    ...over,
  };
  const envelope = { format: 1, stream, type, recordedAt: toInstant(0), by: organisation, correlationId: 'c' } as const;
  const expected = revision < 0 ? 'none' : revision;
  revision += 1;
  await log.append(stream, expected, [encodeRecord({ ...envelope, revision, data })]);
}

it('is what the statement says that holds, which need not be the last that came', async () => {
  expect(await standingFact(log, fact)).toBe('withdrawn');
  await said('fact.published.v1', 5);
  await said('fact.corrected.v1', 9, { category: 'voice', reliesOnConsent: true, purposes: ['direct-care'] });
  const corrected = { source: organisation, category: 'voice', reliesOnConsent: true, purposes: ['direct-care'] };
  expect(await standingFact(log, fact)).toEqual(corrected);
  await said('fact.corrected.v1', 7);
  expect(await standingFact(log, fact)).toEqual(corrected);
  await said('fact.corrected.v1', 10, { category: 'restricted' });
  expect(await standingFact(log, fact)).toBe('hidden');
  await said('fact.withdrawn.v1', 11);
  expect(await standingFact(log, fact)).toBe('withdrawn');
});
