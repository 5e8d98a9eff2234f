import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { leafHash } from '#kernel';
import { encodeRecord, readRecord, type StoredRecord } from '#contracts';
import { evolveErasureRequest, type ErasureRequest, type ErasureRequestChange } from './erasure-request/index.ts';
import { evolveLegalHolds, NO_HOLDS, type LegalHoldChange } from './legal-hold/index.ts';
import { evolveSubjectAccess, type SubjectAccess, type SubjectAccessChange } from './subject-access/index.ts';

/** One sample of every event of requests and holds, byte for byte as the first release wrote it; never written again. New types get new files. */
const folder = new URL('../golden/', import.meta.url);
const bytesOf = (name: string): Uint8Array => readFileSync(new URL(`${name}.json`, folder));
const PINNED = JSON.parse(Buffer.from(bytesOf('leaf-hashes')).toString('utf8')) as Readonly<Record<string, string>>;

/** Which the compiler holds to be all of them. */
const TYPES = Object.keys({
  'legal-hold.placed.v1': true,
  'legal-hold.reviewed.v1': true,
  'legal-hold.lifted.v1': true,
  'erasure-request.received.v1': true,
  'erasure-request.granted.v1': true,
  'erasure-request.refused.v1': true,
  'erasure-request.started.v1': true,
  'erasure-request.incomplete.v1': true,
  'erasure-request.carried-out.v1': true,
  'subject-access.received.v1': true,
  'subject-access.identity-verified.v1': true,
  'subject-access.paused.v1': true,
  'subject-access.resumed.v1': true,
  'subject-access.extended.v1': true,
  'subject-access.answered.v1': true,
  'subject-access.item-marked.v1': true,
  'subject-access.redactions-approved.v1': true,
  'subject-access.released.v1': true,
  'subject-access.refused.v1': true,
  'subject-access.withdrawn.v1': true,
} satisfies Record<(LegalHoldChange | ErasureRequestChange | SubjectAccessChange)['type'], true>);
const FAMILIES = new Set(['legalHold', 'erasureRequest', 'subjectAccess']);

const samples = readdirSync(folder)
  .map((file) => file.replace(/\.json$/, ''))
  .filter((name) => name !== 'leaf-hashes')
  .filter((name) => FAMILIES.has(readRecord(bytesOf(name)).stream.split('-')[0] ?? ''));
const recordOf = (type: string): StoredRecord => readRecord(bytesOf(type));
const change = (type: string): never => recordOf(type) as never;

describe('golden bytes of requests and holds', () => {
  it('are of every type and of no other', () => {
    expect(samples.toSorted()).toEqual(TYPES.toSorted());
  });

  it.each(TYPES)('of %s have the leaf hash they always had, and are written again as they were', (type) => {
    const bytes = bytesOf(type);
    expect(Buffer.from(leafHash(bytes)).toString('hex')).toBe(PINNED[type]);
    expect(recordOf(type).type).toBe(type);
    expect(Buffer.from(encodeRecord(recordOf(type)).data).equals(bytes)).toBe(true);
  });

  it('fold to what they say', () => {
    const of = (family: string) => TYPES.filter((type) => type.startsWith(family) && !/refused|withdrawn/.test(type));
    expect(of('legal-hold').reduce((state, type) => evolveLegalHolds(state, change(type)), NO_HOLDS).lifted.size).toBe(
      1,
    );
    const erased = of('erasure-request').reduce<ErasureRequest>(
      (state, type) => evolveErasureRequest(state, change(type)),
      { status: 'none' },
    );
    expect(erased).toMatchObject({ status: 'carried-out', carriedOut: { records: 1, scan: { hits: 0 } } });
    const access = of('subject-access').reduce<SubjectAccess>(
      (state, type) => evolveSubjectAccess(state, change(type)),
      { status: 'none' },
    );
    expect(access).toMatchObject({ status: 'released', clock: { extended: true, pauses: [{ until: '2026-11-27' }] } });
  });
});
