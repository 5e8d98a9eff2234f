import { readdirSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { parseInstant, parsePlainDate } from '#kernel';
import { clearCategory, clearType, indexOf } from './facts/clear.ts';
import type { FactDefinition } from './facts/definition.ts';
import { ALL_FACTS, validateFact } from './registry.ts';
import { CATEGORIES, isHidden } from './vocabulary/categories.ts';

const folder = new URL('facts/', import.meta.url);
/** Files under `facts/<sector>/` that hold words shared by several facts. */
const SHARED = ['equipment/kinds.ts'];

const isDefinition = (value: unknown): value is FactDefinition =>
  typeof value === 'object' && value !== null && 'says' in value && 'bases' in value;

interface Leaf {
  readonly [member: string]: unknown;
  readonly type?: string;
  readonly fieldClass?: string;
  readonly properties?: Readonly<Record<string, Leaf>>;
  readonly items?: Leaf;
}
/** Every leaf of a schema by its path; an object that says its own class is a leaf. */
function leavesOf(schema: Leaf, path = ''): readonly (readonly [string, Leaf])[] {
  if (schema.fieldClass === undefined && schema.properties !== undefined)
    return Object.entries(schema.properties).flatMap(([name, member]) => leavesOf(member, `${path}/${name}`));
  if (schema.fieldClass === undefined && schema.items !== undefined) return leavesOf(schema.items, `${path}/*`);
  return [[path, schema]];
}

describe('the registry of facts', () => {
  it('holds every fact that a file defines, once', async () => {
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
      (file) => file.includes('/') && file.endsWith('.ts') && !file.endsWith('.spec.ts') && !SHARED.includes(file),
    );
    const defined: FactDefinition[] = [];
    for (const file of files) {
      const found = Object.values((await import(new URL(file, folder).href)) as object).filter(isDefinition);
      expect([file, found.length]).toEqual([file, 1]);
      defined.push(...found);
    }
    expect(defined.map(({ type }) => type).toSorted()).toEqual(ALL_FACTS.map(({ type }) => type).toSorted());
    expect(new Set(ALL_FACTS.map(({ type }) => type)).size).toBe(ALL_FACTS.length);
  });

  it.each(ALL_FACTS.map((definition) => [definition.type, definition] as const))('%s is whole', (type, definition) => {
    const { data, example, bases, category, happened } = definition;
    expect(type).toMatch(/^[a-z]+(-[a-z]+)*\.[a-z]+(-[a-z]+)*\.v[1-9]$/);
    expect(Object.hasOwn(CATEGORIES, category)).toBe(true);
    expect(validateFact({ type, data: { fact: example } })).toEqual([]);
    expect(Object.values(bases).every((allowed) => allowed.length > 0)).toBe(true);
    const leaves = leavesOf(data);
    expect(
      leaves.filter(([, { fieldClass }]) => !['identifier', 'content', 'index'].includes(fieldClass ?? '')),
    ).toEqual([]);
    expect(leaves.filter(([, { description }]) => typeof description !== 'string')).toEqual([]);
    if (happened !== undefined) {
      const said = example[happened];
      const day = typeof said === 'string' ? said : '';
      expect(parsePlainDate(day) ?? parseInstant(day)).toBeDefined();
      expect((data as { readonly required?: readonly string[] }).required).toContain(happened);
    }
  });

  it('shows nothing of a hidden category', () => {
    const hidden = ALL_FACTS.filter(({ category }) => isHidden(category));
    expect(hidden.length).toBeGreaterThan(0);
    for (const definition of hidden) {
      expect(
        leavesOf(definition.data as unknown as Leaf).filter(([, { fieldClass }]) => fieldClass === 'index'),
      ).toEqual([]);
      expect(indexOf(definition, definition.example)).toEqual({});
      expect([clearType(definition), clearCategory(definition.category)]).toEqual(['restricted.fact.v1', 'restricted']);
    }
  });

  it('shows only index fields of the others', () => {
    const enrolment = ALL_FACTS.find(({ type }) => type === 'education.enrolment-started.v1');
    if (enrolment === undefined) throw new Error('not registered');
    expect(indexOf(enrolment, enrolment.example)).toEqual({
      setting: '100101',
      startDate: '2026-09-03',
      yearGroup: '4',
    });
    expect(indexOf(enrolment, { setting: '1' })).toEqual({ setting: '1' });
    expect([clearType(enrolment), clearCategory(enrolment.category)]).toEqual([enrolment.type, 'education.enrolment']);
    // Only days, codes of a closed list and short ids stand in the clear: never a text somebody writes.
    for (const { data } of ALL_FACTS) {
      for (const [, leaf] of leavesOf(data)) {
        if (leaf.fieldClass === 'index') expect(leaf['anyOf'] ?? leaf['pattern']).toBeDefined();
      }
    }
  });
});
