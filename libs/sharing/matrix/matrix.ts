import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { startOfDay, type ChildId, type FactId, type OrganisationId, type PlainDate } from '#kernel';
import type { AgreementInForce, Category, ConsentGiven, RelationshipKind, Sector } from '#contracts';
import type { Protection, Question, RefusalId, Registry, Slice } from '../src/model.ts';
import { emptyProtection, evolveProtection, type ProtectionChange } from '../src/protection/index.ts';
import { emptyRegistry, evolveRegistry, type RegistryChange } from '../src/registry/index.ts';

/** One line of the matrix: a question, a slice, and what has to come out. */
export interface MatrixCase {
  readonly title: string;
  readonly question: Question;
  readonly slice: Slice;
  readonly expected:
    | {
        readonly effect: 'permit';
        readonly rule: string;
        readonly agreement?: { readonly id: string; readonly version: number };
      }
    | { readonly effect: 'deny'; readonly refusals: readonly RefusalId[]; readonly alarm: boolean };
}

interface Directive {
  readonly id: string;
  readonly categories: ConsentGiven['categories'];
  readonly purposes: ConsentGiven['purposes'];
  readonly until?: PlainDate | null;
  readonly withdrawn?: boolean;
}
interface Relationship {
  readonly organisation: OrganisationId;
  readonly kind: RelationshipKind;
  readonly name: string;
  readonly team?: string;
  readonly person?: string;
  readonly from: PlainDate;
  readonly until?: PlainDate;
}
interface ChildOfWorld {
  readonly relationships?: readonly Relationship[];
  readonly ends?: readonly (Omit<Relationship, 'from' | 'until'> & { readonly until: PlainDate })[];
  readonly consents?: readonly Directive[];
  readonly refusals?: readonly Directive[];
}
interface World {
  readonly organisations: Readonly<Record<string, Sector>>;
  readonly agreements: readonly (Omit<AgreementInForce, 'agreement' | 'title'> & {
    readonly id: string;
    readonly ended?: boolean;
  })[];
  readonly children: Readonly<Record<string, ChildOfWorld>>;
}
interface CaseOfFile {
  readonly case: string;
  readonly reader: {
    readonly role: string;
    readonly organisation: string;
    readonly team?: string;
    readonly person?: string;
  };
  readonly purpose: string;
  readonly child: string | readonly string[];
  readonly day: PlainDate;
  readonly expect: Readonly<Record<string, string>>;
}

/** Reads `world.yaml` and `cases.yaml` beside this file: one case for every line of every `expect`. Throws on what it can't read. */
export function matrixCases(folder: string = import.meta.dirname): readonly MatrixCase[] {
  const world = parse(readFileSync(join(folder, 'world.yaml'), 'utf8')) as World;
  const cases = parse(readFileSync(join(folder, 'cases.yaml'), 'utf8')) as readonly CaseOfFile[];
  const registry = registryOf(world);
  return cases.flatMap((each) => {
    const names = typeof each.child === 'string' ? [each.child] : each.child;
    const { role, organisation, team, person } = each.reader;
    const question: Question = {
      // The matrix also asks with roles and purposes that do not exist.
      reader: {
        sub: person ?? 'somebody',
        organisation: organisation as OrganisationId,
        role: role as Question['reader']['role'],
        ...(team === undefined ? {} : { team }),
        acr: 'urn:test:mfa',
        client: 'matrix',
      },
      purpose: each.purpose as Question['purpose'],
      at: startOfDay(each.day),
      registry,
      protections: names.map((name) => protectionOf(name, world.children[name])),
    };
    return Object.entries(each.expect).map(([slice, expected]) => ({
      title: `${each.case}: ${slice} → ${expected}`,
      question,
      slice: sliceOf(slice),
      expected: expectedOf(expected),
    }));
  });
}

function registryOf({ organisations, agreements }: World): Registry {
  const changes: RegistryChange[] = Object.entries(organisations).map(([organisation, sector]) => ({
    type: 'organisation.registered.v1',
    data: {
      organisation: organisation as OrganisationId,
      name: organisation,
      sector,
      codes: {},
      keys: [],
      profile: {},
    },
  }));
  for (const { id, ended, ...terms } of agreements) {
    changes.push({ type: 'agreement.in-force.v1', data: { ...terms, agreement: id, title: id } });
    if (ended === true)
      changes.push({ type: 'agreement.ended.v1', data: { agreement: id, version: terms.version, reason: 'ended' } });
  }
  return changes.reduce(evolveRegistry, emptyRegistry());
}

function protectionOf(name: string, child: ChildOfWorld | undefined): Protection {
  if (child === undefined) throw new Error(`no child ${name} in the world`);
  const changes: ProtectionChange[] = [];
  const authority = 'parental-responsibility';
  for (const { id, categories, purposes, until = null, withdrawn } of child.consents ?? []) {
    changes.push({ type: 'consent.given.v1', data: { consent: id, categories, purposes, until, authority } });
    if (withdrawn === true) changes.push({ type: 'consent.withdrawn.v1', data: { consent: id } });
  }
  for (const { id, categories, purposes, withdrawn } of child.refusals ?? []) {
    changes.push({ type: 'consent.refused.v1', data: { consent: id, categories, purposes, authority } });
    if (withdrawn === true) changes.push({ type: 'consent.withdrawn.v1', data: { consent: id } });
  }
  for (const [n, { until, ...start }] of (child.relationships ?? []).entries()) {
    const { organisation, kind, name: called } = start;
    // The end comes first: the order of arrival must not matter.
    if (until !== undefined) {
      changes.push({
        type: 'relationship.ended.v1',
        data: { fact: `${name}-end-${n}` as FactId, organisation, kind, name: called, until },
      });
    }
    changes.push({ type: 'relationship.started.v1', data: { ...start, fact: `${name}-start-${n}` as FactId } });
  }
  for (const [n, end] of (child.ends ?? []).entries()) {
    changes.push({ type: 'relationship.ended.v1', data: { ...end, fact: `${name}-only-end-${n}` as FactId } });
  }
  return changes.reduce(evolveProtection, emptyProtection(name as ChildId));
}

function sliceOf(text: string): Slice {
  const found = /^(\S+) (\S+)( \(consent\))?$/.exec(text);
  if (found === null) throw new Error(`not a slice: ${text}`);
  return {
    organisation: found[1] as OrganisationId,
    category: found[2] as Category,
    reliesOnConsent: found[3] !== undefined,
  };
}

function expectedOf(text: string): MatrixCase['expected'] {
  if (text === 'own-organisation') return { effect: 'permit', rule: text };
  const agreement = /^agreement (\S+) (\d+)$/.exec(text);
  if (agreement !== null) {
    return {
      effect: 'permit',
      rule: 'agreement',
      agreement: { id: agreement[1] ?? '', version: Number(agreement[2]) },
    };
  }
  const alarm = text.endsWith(' (alarm)');
  return { effect: 'deny', refusals: text.replace(' (alarm)', '').split(', ') as RefusalId[], alarm };
}
