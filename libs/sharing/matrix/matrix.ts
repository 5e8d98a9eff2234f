import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { startOfDay, type ChildId, type FactId, type Instant, type OrganisationId, type PlainDate } from '#kernel';
import {
  isCategory,
  type AgreementInForce,
  type AgreementTerms,
  type AuthorityRecorded,
  type BreakGlassGranted,
  type CompetenceAssessed,
  type ConsentGiven,
  type RelationshipClaimed,
  type RelationshipKind,
  type Sector,
  type SharingDecided,
} from '#contracts';
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
        readonly mode: 'content' | 'existence';
        readonly obligations: readonly string[];
        readonly agreement?: { readonly id: string; readonly version: number };
        /** The decision to share without consent relied on. */
        readonly sharingDecision?: string;
      }
    | { readonly effect: 'deny'; readonly refusals: readonly RefusalId[]; readonly alarm: boolean };
}

interface Directive {
  readonly id: string;
  readonly categories: ConsentGiven['categories'];
  readonly purposes: ConsentGiven['purposes'];
  readonly until?: PlainDate | null;
  /** Who said so. */
  readonly by?: string;
  /** As whom; somebody with parental responsibility where it is not said. */
  readonly as?: ConsentGiven['authority'];
  /** The court or local authority whose word it is. */
  readonly of?: OrganisationId;
  readonly withdrawn?: boolean;
}
/** Evidence of who may decide that an organisation saw. */
interface AuthorityOfWorld extends Pick<AuthorityRecorded, 'kind' | 'evidence' | 'organisation' | 'from'> {
  readonly id: string;
  readonly person?: string;
  readonly holder?: OrganisationId;
  /** The last day, where one was recorded. */
  readonly until?: PlainDate;
  /** The first day on which it does not hold. */
  readonly endedOn?: PlainDate;
}
/** Whether the child may decide: all five criteria met, or not. */
interface AssessmentOfWorld extends Pick<
  CompetenceAssessed,
  'test' | 'person' | 'categories' | 'purposes' | 'on' | 'until'
> {
  readonly id: string;
  readonly competent: boolean;
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
interface ClaimOfWorld extends Pick<RelationshipClaimed, 'organisation' | 'person' | 'role' | 'from' | 'until'> {
  readonly id: string;
  readonly ended?: boolean;
}
interface GrantOfWorld extends Omit<BreakGlassGranted, 'grant' | 'reason'> {
  readonly id: string;
  readonly ended?: boolean;
}
interface DecisionOfWorld extends Pick<SharingDecided, 'outcome' | 'source' | 'categories' | 'purposes' | 'from'> {
  readonly id: string;
  readonly recipient?: OrganisationId;
  readonly until?: PlainDate;
  readonly ended?: boolean;
}
interface ChildOfWorld {
  readonly claims?: readonly ClaimOfWorld[];
  readonly grants?: readonly GrantOfWorld[];
  readonly decisions?: readonly DecisionOfWorld[];
  readonly relationships?: readonly Relationship[];
  readonly ends?: readonly (Omit<Relationship, 'from' | 'until'> & { readonly until: PlainDate })[];
  readonly consents?: readonly Directive[];
  readonly refusals?: readonly Directive[];
  readonly authorities?: readonly AuthorityOfWorld[];
  readonly assessments?: readonly AssessmentOfWorld[];
}
interface World {
  readonly organisations: Readonly<Record<string, Sector>>;
  readonly agreements: readonly (Omit<AgreementInForce, 'agreement' | 'title' | 'terms'> & {
    readonly id: string;
    readonly ended?: boolean;
    readonly terms?: Partial<AgreementTerms>;
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
  /** The moment of that day, where it matters; the day's beginning else. */
  readonly at?: Instant;
  /** The grant of emergency access that the reader names. */
  readonly breakGlass?: string;
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
      at: each.at ?? startOfDay(each.day),
      ...(each.breakGlass === undefined ? {} : { breakGlass: each.breakGlass }),
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

const NO_TERMS: AgreementTerms = {
  bases: { lawful: ['public-task'], condition: ['none'], schedule1: null, confidentiality: ['statute'] },
  obligations: [],
  existenceOnly: [],
  minimum: {},
  retentionDays: null,
  reviewBy: '2027-01-01' as PlainDate,
};

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
  for (const { id, ended, terms, ...content } of agreements) {
    const stated = terms === undefined ? {} : { terms: { ...NO_TERMS, ...terms } };
    changes.push({ type: 'agreement.in-force.v1', data: { ...content, agreement: id, title: id, ...stated } });
    if (ended === true)
      changes.push({ type: 'agreement.ended.v1', data: { agreement: id, version: content.version, reason: 'ended' } });
  }
  return changes.reduce(evolveRegistry, emptyRegistry());
}

function protectionOf(name: string, child: ChildOfWorld | undefined): Protection {
  if (child === undefined) throw new Error(`no child ${name} in the world`);
  const changes: ProtectionChange[] = [];
  changes.push(...whoMayDecide(child));
  for (const said of child.consents ?? []) {
    const { id: consent, categories, purposes, until = null } = said;
    changes.push({ type: 'consent.given.v1', data: { consent, categories, purposes, until, ...speakerOf(said) } });
    if (said.withdrawn === true) changes.push(withdrawalOf(said));
  }
  for (const said of child.refusals ?? []) {
    const { id: consent, categories, purposes } = said;
    changes.push({ type: 'consent.refused.v1', data: { consent, categories, purposes, ...speakerOf(said) } });
    if (said.withdrawn === true) changes.push(withdrawalOf(said));
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
  for (const { id, ended, ...claim } of child.claims ?? []) {
    changes.push({ type: 'relationship.claimed.v1', data: { claim: id, reason: 'new-referral', ...claim } });
    if (ended === true)
      changes.push({ type: 'relationship.claim-ended.v1', data: { claim: id, because: 'no-longer-needed' } });
  }
  for (const { id, ended, ...grant } of child.grants ?? []) {
    changes.push({ type: 'break-glass.granted.v1', data: { grant: id, reason: 'medical-emergency', ...grant } });
    if (ended === true) changes.push({ type: 'break-glass.ended.v1', data: { grant: id } });
  }
  for (const { id, ended, recipient = null, until = null, ...decided } of child.decisions ?? []) {
    const about = { decision: id, recipient, until, ground: 'risk-to-child', by: 'somebody' } as const;
    changes.push({ type: 'sharing.decided.v1', data: { ...decided, ...about } });
    if (ended === true) changes.push({ type: 'sharing.decision-ended.v1', data: { decision: id, by: 'somebody' } });
  }
  return changes.reduce(evolveProtection, emptyProtection(name as ChildId));
}

function speakerOf({ by, as = 'parental-responsibility', of }: Directive) {
  return { authority: as, ...(by === undefined ? {} : { by }), ...(of === undefined ? {} : { organisation: of }) };
}

function withdrawalOf(said: Directive): ProtectionChange {
  const { authority, ...who } = speakerOf(said);
  const because = authority === 'court-order' ? ({ because: 'order-ended' } as const) : {};
  return { type: 'consent.withdrawn.v1', data: { consent: said.id, ...who, ...because } };
}

function whoMayDecide({ authorities = [], assessments = [] }: ChildOfWorld): readonly ProtectionChange[] {
  const changes: ProtectionChange[] = [];
  for (const { id: authority, person = null, until = null, endedOn, ...recorded } of authorities) {
    changes.push({ type: 'authority.recorded.v1', data: { ...recorded, authority, person, until } });
    if (endedOn !== undefined)
      changes.push({ type: 'authority.ended.v1', data: { authority, endedOn, because: 'ended' } });
  }
  for (const { id: assessment, competent, ...assessed } of assessments) {
    const criteria = { understands: true, retains: true, weighs: competent, communicates: true, voluntary: true };
    const by = { organisation: 'community-health-trust' as OrganisationId, role: 'school-nurse', by: 'nurse' } as const;
    changes.push({ type: 'competence.assessed.v1', data: { assessment, ...assessed, criteria, ...by } });
  }
  return changes;
}

function sliceOf(text: string): Slice {
  const found = /^(\S+) (\S+)( \(consent\))?$/.exec(text);
  const category = found?.[2];
  // A misspelt category is refused for want of an agreement, so its row would hold for the wrong reason.
  if (found === null || !isCategory(category)) throw new Error(`not a slice: ${text}`);
  return {
    organisation: found[1] as OrganisationId,
    category,
    reliesOnConsent: found[3] !== undefined,
  };
}

/** `agreement NAME VERSION; existence only; asks A + B; by decision NAME`, a rule alone, or reasons with commas. */
function expectedOf(text: string): MatrixCase['expected'] {
  const [rule = '', ...more] = text.split('; ');
  const [name, id = '', version] = rule.split(' ');
  if (name !== 'agreement' && rule !== 'own-organisation' && rule !== 'break-glass') {
    const alarm = text.endsWith(' (alarm)');
    return { effect: 'deny', refusals: text.replace(' (alarm)', '').split(', ') as RefusalId[], alarm };
  }
  const after = (start: string) => more.find((each) => each.startsWith(start))?.slice(start.length);
  const decision = after('by decision ');
  return {
    effect: 'permit',
    rule: name ?? rule,
    mode: more.includes('existence only') ? 'existence' : 'content',
    obligations: after('asks ')?.split(' + ') ?? [],
    ...(version === undefined ? {} : { agreement: { id, version: Number(version) } }),
    ...(decision === undefined ? {} : { sharingDecision: decision }),
  };
}
