import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { canonicalBytes, type JsonObject } from '#kernel';
import { validateFact } from '../registry.ts';
import { decodeRecord, readRecord, upcast, UnreadableRecord, type Upcasters } from '../stored/decode.ts';
import { encodeRecord } from '../stored/record.ts';

/**
 * What happens as versions meet. The pretended next release renames `reason` of an agreement's end to `because` (v2) and adds `by` (v3);
 * its upcasters exist only here.
 */
const NEXT: Upcasters = new Map([
  [
    'agreement.ended.v1',
    { to: 'agreement.ended.v2', upcast: ({ reason, ...data }: JsonObject) => ({ ...data, because: reason ?? null }) },
  ],
  ['agreement.ended.v2', { to: 'agreement.ended.v3', upcast: (data: JsonObject) => ({ ...data, by: 'unknown' }) }],
]);

const oldBytes: Uint8Array = readFileSync(new URL('../../golden/agreement.ended.v1.json', import.meta.url));
const old = readRecord(oldBytes);
const written = (changes: object): Uint8Array => encodeRecord({ ...old, ...changes }).data;
const codeOf = (read: () => unknown) => {
  try {
    read();
    return 'read';
  } catch (error) {
    return error instanceof UnreadableRecord ? error.code : 'threw';
  }
};

describe('old event, new code', () => {
  it('comes up step by step to the version the new code knows', () => {
    const { type, data, ...rest } = decodeRecord(oldBytes, NEXT);
    expect(type).toBe('agreement.ended.v3');
    expect(data).toEqual({
      agreement: 'isa-oakfield-trust',
      version: 2,
      because: 'replaced by an area-wide agreement',
      by: 'unknown',
    });
    const { type: oldType, data: oldData, ...oldRest } = old;
    expect([oldType, oldData['reason']]).toEqual(['agreement.ended.v1', 'replaced by an area-wide agreement']);
    expect(rest).toEqual(oldRest);
  });

  it('stays as it is in the log: what is verified is what was written', () => {
    expect(Buffer.from(encodeRecord(readRecord(oldBytes, NEXT)).data).equals(oldBytes)).toBe(true);
  });

  it('enters in the middle where it was written in the middle', () => {
    const middle = written({ type: 'agreement.ended.v2', data: { agreement: 'a', version: 1, because: 'x' } });
    expect(decodeRecord(middle, NEXT)).toMatchObject({
      type: 'agreement.ended.v3',
      data: { because: 'x', by: 'unknown' },
    });
    const last = written({ type: 'agreement.ended.v3', data: { agreement: 'a', version: 1, because: 'x', by: 'y' } });
    expect(decodeRecord(last, NEXT).data).toEqual({ agreement: 'a', version: 1, because: 'x', by: 'y' });
  });

  it('does not go round for ever where upcasters make a circle', () => {
    const same = (data: JsonObject) => data;
    const circle: Upcasters = new Map([
      ['agreement.ended.v1', { to: 'agreement.ended.v2', upcast: same }],
      ['agreement.ended.v2', { to: 'agreement.ended.v1', upcast: same }],
    ]);
    expect(() => upcast(old, circle)).toThrow('circle');
  });
});

describe('new event, old code', () => {
  it('of a version not known yet is named, never skipped', () => {
    expect(codeOf(() => decodeRecord(written({ type: 'agreement.ended.v2' })))).toBe('RECORD_TYPE_UNKNOWN');
    expect(codeOf(() => decodeRecord(written({ type: 'agreement.paused.v1' })))).toBe('RECORD_TYPE_UNKNOWN');
  });

  it('of a new format is named before anything else is judged', () => {
    expect(codeOf(() => decodeRecord(canonicalBytes({ ...old, format: 2, place: 7 })))).toBe('RECORD_FORMAT_UNKNOWN');
  });

  it('keeps a member of its data that the old code does not know', () => {
    const bytes = written({ data: { ...old.data, noticeDays: 30 } });
    const read = decodeRecord(bytes);
    expect(read.data['noticeDays']).toBe(30);
    expect(Buffer.from(encodeRecord(read).data).equals(bytes)).toBe(true);
  });

  it('has no new member of the record itself: that takes a new format', () => {
    expect(codeOf(() => decodeRecord(written({ tenant: 'x' })))).toBe('RECORD_MALFORMED');
  });

  it('is quarantined as unknown where an organisation states a fact of a later version', () => {
    expect(validateFact({ type: 'education.enrolment-started.v2', data: { fact: {} } })).toEqual([
      { code: 'TYPE_UNKNOWN', pointer: '/type' },
    ]);
  });
});
