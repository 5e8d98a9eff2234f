import { describe, expect, it } from '@jest/globals';
import { fail, toInstant, type ChildId, type FactId, type OrganisationId, type RecordId } from '#kernel';
import type { CompleteQuestion, Disclose } from '#sharing';
import { decideSignal } from './deciding.ts';
import type { OutboxRow } from './outbox/outbox.ts';

const row: OutboxRow = {
  id: 'a',
  subscription: 's',
  organisation: 'oakfield-school' as OrganisationId,
  key: 'k',
  kind: 'fact-published',
  category: 'education.attendance',
  source: 'bridgewater-trust' as OrganisationId,
  purpose: 'sen-support',
  reliesOnConsent: false,
  fact: 'f' as FactId,
  record: 'r' as RecordId,
  time: toInstant(0),
  correlationId: 'c',
  seq: 1,
  state: 'waiting',
  attempts: 0,
  dueAt: toInstant(0),
  code: null,
  settledAt: null,
};
const about = { channel: 'webhook', now: 'withdrawn' } as const;
const child = 'child' as ChildId;
/** Asks the rules first, which refuse: it is another purpose. */
const refusing: Disclose = async ({ rule }) => {
  rule({ purpose: 'direct-care' } as CompleteQuestion);
  return fail('not-found');
};
/** As the enforcement point answers where a tail can't be read: the rules are never asked. */
const unread: Disclose = async () => fail('not-found');

describe('a signal that was refused', () => {
  it('is withheld where a rule said so', async () => {
    expect(await decideSignal(refusing, row, { ...about, child })).toBe('withhold');
  });

  it('is decided again where nothing said so but that something could not be read', async () => {
    expect(await decideSignal(unread, row, { ...about, child })).toBe('again');
  });

  it('is withheld where its record was erased', async () => {
    expect(await decideSignal(unread, row, { ...about, child: undefined })).toBe('withhold');
  });
});
