import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { canonicalBytes, leafHash, parseStrictJson, type Json } from '#kernel';
import { ALL_FACTS, factDefinition, validateFact } from './registry.ts';
import { decodeRecord, readRecord } from './stored/decode.ts';
import { encodeRecord } from './stored/record.ts';
import { EVENT_TYPES } from './stored/types.ts';
import { parseSubmission } from './submission.ts';

/**
 * One sample of everything that is stored or signed, byte for byte as the first release wrote it. No command writes them again: a change
 * that turns one of these specs red would leave logs that exist unreadable, or their proofs wrong. New types get new files.
 */
const folder = new URL('../golden/', import.meta.url);
const bytesOf = (name: string): Uint8Array => readFileSync(new URL(`${name}.json`, folder));
const PINNED = JSON.parse(Buffer.from(bytesOf('leaf-hashes')).toString('utf8')) as Readonly<Record<string, string>>;

const events = Object.values(EVENT_TYPES).flat();
const facts = ALL_FACTS.map(({ type }) => type);
const files = readdirSync(folder)
  .map((file) => file.replace(/\.json$/, ''))
  .filter((name) => name !== 'leaf-hashes');

describe('golden bytes', () => {
  it('are of every type and of no other', () => {
    expect(files.toSorted()).toEqual([...events, ...facts].toSorted());
    expect(Object.keys(PINNED).toSorted()).toEqual(files.toSorted());
  });

  it.each(files)('of %s have the leaf hash they always had', (name) => {
    expect(Buffer.from(leafHash(bytesOf(name))).toString('hex')).toBe(PINNED[name]);
  });

  it.each(events)('of %s are read, and written again as they were', (type) => {
    const bytes = bytesOf(type);
    const stored = readRecord(bytes);
    expect(stored.type).toBe(type);
    expect(Buffer.from(encodeRecord(stored).data).equals(bytes)).toBe(true);
    expect(decodeRecord(bytes).data).toBeDefined();
  });

  it.each(facts)('of %s are a submission that is still taken', (type) => {
    const bytes = bytesOf(type);
    const json = parseStrictJson(bytes);
    if (!json.ok) throw new Error(json.error.code);
    const parsed = parseSubmission(json.value);
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
    expect(validateFact(parsed.value)).toEqual([]);
    expect(parsed.value.category).toBe(factDefinition(type)?.category);
    expect(Buffer.from(canonicalBytes(json.value satisfies Json)).equals(bytes)).toBe(true);
  });
});
