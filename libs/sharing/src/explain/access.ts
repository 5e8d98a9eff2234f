import type { ChildId, FactId, OrganisationId, PlainDate } from '#kernel';
import type { Obligation, Purpose, Role } from '#contracts';
import { decide, permitted, refusalsOf } from '../decide/index.ts';
import type { CompleteQuestion, Ruling } from '../disclose/disclose.ts';
import { HUB } from '../disclose/rules.ts';
import {
  POLICY_RELEASE,
  type Permit,
  type Protection,
  type Question,
  type Reader,
  type RefusalId,
  type Registry,
  type Slice,
  type SliceDecision,
} from '../model.ts';
import { emptyProtection, evolveProtection } from '../protection/index.ts';
import { isFamilyRole } from '../protection/relationship.ts';
import { permitWords, REFUSAL_WORDS } from './words.ts';

/** "May X see Y" or, without a slice, "what may X see". */
export interface AccessQuestion {
  readonly organisation: OrganisationId;
  readonly role: Role;
  /** Pseudonymous subject of the sign-in; anybody of that organisation and role where absent. */
  readonly person?: string;
  readonly team?: string;
  readonly purpose: Purpose;
  readonly slice?: Slice;
}

/** On whose behalf somebody asks: for themselves, as the officer of an organisation, as the area's. */
export type Asker = 'self' | 'organisation' | 'area';

/** The answer about one slice, which explains itself. */
export interface AccessDecision {
  readonly source: OrganisationId;
  readonly category: string;
  readonly restsOnConsent: boolean;
  readonly allowed: boolean;
  /** Absent for a refusal. */
  readonly shows?: 'content' | 'existence';
  readonly rule?: string;
  readonly refusals: readonly string[];
  readonly because: readonly string[];
  readonly agreement?: { readonly id: string; readonly version: number };
  readonly obligations: readonly Obligation[];
}

/** What a dry run answers; nothing is disclosed by it and no fact is read for it. */
export interface AccessAnswer {
  readonly policy: string;
  readonly decisions: readonly AccessDecision[];
  /** There are more slices than are listed. */
  readonly more: boolean;
  /** Why nothing may be seen, whatever the slice; empty where that depends on the slice. */
  readonly because: readonly string[];
}

/** At most so many slices in one answer: with a thousand agreements there are thousands. */
const MOST = 500;

/**
 * As whom a reader may put a question, whatever the child; undefined where it is not theirs to put. The area's data-protection officer asks
 * about anybody, an organisation's about its people or its facts, everybody about themselves.
 */
export function askerOf(reader: Reader, purpose: Purpose, asked: AccessQuestion): Asker | undefined {
  const officer = reader.role === 'data-protection-officer' && purpose === 'audit';
  if (officer && reader.organisation === HUB) return 'area';
  const concerned = asked.organisation === reader.organisation || asked.slice?.organisation === reader.organisation;
  if (officer && concerned) return 'organisation';
  const self =
    asked.organisation === reader.organisation &&
    asked.role === reader.role &&
    (asked.person === undefined || asked.person === reader.sub) &&
    (asked.team === undefined || asked.team === reader.team);
  return self ? 'self' : undefined;
}

/**
 * Whether a question about a child may be answered at all: to the area's officer where the child is known, to an organisation's where it told
 * of the child, to anybody else where they work with the child. Otherwise the child is not there.
 */
export function accessRule(question: CompleteQuestion, asker: Asker, tellers: readonly OrganisationId[]): Ruling<true> {
  const { reader, registry } = question;
  const protections: readonly Protection[] = question.protections;
  if (asker === 'self') {
    const { refusals } = refusalsOf(question);
    return refusals.length > 0 ? { effect: 'deny', reasons: refusals } : PERMITTED;
  }
  const known = tellers.length > 0 || protections.some(({ revision }) => revision >= 0);
  if (asker === 'area') return known ? PERMITTED : { effect: 'deny', reasons: ['child-unknown'] };
  const told = tellers.includes(reader.organisation) && registry.organisations.has(reader.organisation);
  return told ? PERMITTED : { effect: 'deny', reasons: ['no-relationship'] };
}

const PERMITTED = { effect: 'permit', scope: true, slices: [] } as const;

/** Answers by the very function that decides. Somebody who asks about themselves is not told what was decided or consented to for the child. */
export function accessAnswer(
  asked: AccessQuestion,
  asker: Asker,
  reader: Reader,
  world: Pick<CompleteQuestion, 'at' | 'registry' | 'protections'>,
): AccessAnswer {
  const question: Question = { ...world, purpose: asked.purpose, reader: asker === 'self' ? reader : readerOf(asked) };
  const told = (refusals: readonly RefusalId[]) => refusalsTold(refusals, asker);
  if (asked.slice !== undefined) {
    const decision = decide(question, asked.slice);
    return {
      policy: POLICY_RELEASE,
      decisions: [decisionOf(decision, world.registry, told)],
      more: false,
      because: [],
    };
  }
  const { permits, refusals } = permitted(question);
  return {
    policy: POLICY_RELEASE,
    decisions: permits.slice(0, MOST).map((each) => decisionOf(each, world.registry, told)),
    more: permits.length > MOST,
    because: told(refusals).map(({ words }) => words),
  };
}

/** A child nobody has said anything about but that this reader works with them: for questions about no child. */
export function anyChild(asked: AccessQuestion, reader: Reader): readonly Protection[] {
  const family = isFamilyRole(asked.role);
  const child = emptyProtection('any' as ChildId);
  const start = {
    fact: 'any' as FactId,
    organisation: asked.organisation,
    kind: family ? 'family' : 'caseload',
    name: 'any',
    ...(family ? { person: asked.person ?? (asked.role === reader.role ? reader.sub : ANYBODY) } : {}),
    from: '1900-01-01' as PlainDate,
  } as const;
  return [evolveProtection(child, { type: 'relationship.started.v1', data: start })];
}

const ANYBODY = 'anybody';

function readerOf({ organisation, role, person = ANYBODY, team }: AccessQuestion): Reader {
  return {
    sub: person,
    organisation,
    role,
    ...(team === undefined ? {} : { team }),
    acr: '',
    client: 'access-decision',
  };
}

type Told = (refusals: readonly RefusalId[]) => readonly { readonly id: string; readonly words: string }[];

/** What a professional may not learn by asking: whether a family consented, or what another organisation decided for this child. */
const OF_THE_CHILD: readonly RefusalId[] = [
  'no-consent',
  'consent-refused',
  'consent-conflicting',
  'decided-not-to-share',
];

function refusalsTold(refusals: readonly RefusalId[], asker: Asker): ReturnType<Told> {
  const plain = refusals
    .filter((id) => asker !== 'self' || !OF_THE_CHILD.includes(id))
    .map((id) => ({ id, words: REFUSAL_WORDS[id] }));
  return plain.length === refusals.length
    ? plain
    : [...plain, { id: 'not-for-this-child', words: 'It is not shared for this child.' }];
}

function decisionOf(decision: SliceDecision, registry: Registry, told: Told): AccessDecision {
  const { organisation: source, category, reliesOnConsent: restsOnConsent } = decision.slice;
  const about = { source, category, restsOnConsent };
  if (decision.effect === 'permit') return { ...about, ...permitOf(decision, registry) };
  const refusals = told(decision.refusals);
  return {
    ...about,
    allowed: false,
    refusals: refusals.map(({ id }) => id),
    because: refusals.map(({ words }) => words),
    obligations: [],
  };
}

function permitOf(permit: Permit, registry: Registry) {
  const { mode, rule, agreement, obligations } = permit;
  return {
    allowed: true,
    shows: mode,
    rule,
    refusals: [],
    because: permitWords(permit, registry),
    ...(agreement === undefined ? {} : { agreement }),
    obligations,
  };
}
