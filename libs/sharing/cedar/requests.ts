import { dayOf, epochMs } from '#kernel';
import {
  CATEGORIES,
  ROLE_PURPOSES,
  type AgreementInForce,
  type BreakGlassGranted,
  type RelationshipClaimed,
  type RelationshipStarted,
  type SharingDecided,
} from '#contracts';
import type { Protection, Question, Registry, Slice } from '#sharing';
import type { CedarValueJson, EntityJson } from '@cedar-policy/cedar-wasm/nodejs';
import type { CedarAction, CedarRequest } from './engine.ts';
import { saidOf } from './said.ts';

/**
 * Every way the question can be put to Cedar, which can't say "some relationship" or "some agreement": one request for each
 * relationship and agreement that could matter; the first that is permitted permits. Written apart from `decide`
 * and without its indexes, so that a fault there shows. Throws where something is missing.
 */
export function* requestsOf(question: Question, slice: Slice): Generator<CedarRequest> {
  const { reader, purpose, breakGlass, registry } = question;
  const streams = question.protections?.filter((each) => each !== undefined) ?? [];
  if (registry === undefined || streams.length === 0 || streams.length !== question.protections?.length)
    throw new Error('missing');
  const asked = { purpose, day: number(dayOf(question.at)), instant: epochMs(question.at) };
  const base = entitiesOf(question, slice, streams);
  const put = (action: CedarAction, names: Context, chosen: readonly EntityJson[]): CedarRequest => ({
    action,
    principal: { type: 'Reader', id: reader.sub },
    resource: { type: 'Slice', id: 'slice' },
    context: { ...asked, ...names },
    entities: withReferred([...base, ...chosen], registry),
  });
  for (const grant of streams.flatMap(({ grants }) => [...grants.values()])) {
    if (grant.grant !== breakGlass) continue;
    yield put('read-in-emergency', { grant: ref('Grant', grant.grant) }, [grantEntity(grant)]);
  }
  const own = ({ organisation }: RelationshipStarted | RelationshipClaimed) => organisation === reader.organisation;
  const starts = streams.flatMap((each) => [...each.starts.values()]).filter(own);
  const claims = streams.flatMap((each) => [...each.claims.values()]).filter(own);
  const relationships = [...starts.map((start) => relationshipEntity(start, streams)), ...claims.map(claimEntity)];
  const agreements = [...registry.agreements.values()].filter(
    ({ source, recipient }) => source === slice.organisation && recipient === reader.organisation,
  );
  for (const action of ['read', 'know-of'] as const) {
    for (const relationship of orNone(relationships)) {
      for (const agreement of orNone(agreements.map(agreementEntity))) {
        const chosen = { relationship, agreement };
        yield put(action, namesOf(chosen), Object.values(chosen).filter(isThere));
      }
    }
  }
}

type Context = Record<string, CedarValueJson>;

function entitiesOf({ reader, purpose, at }: Question, slice: Slice, streams: readonly Protection[]): EntityJson[] {
  const day = dayOf(at);
  const decided = (outcome: SharingDecided['outcome']): CedarValueJson[] =>
    streams
      .flatMap(({ sharingDecisions }) => [...sharingDecisions.values()])
      .filter((each) => each.outcome === outcome && each.from <= day && (each.until === null || day <= each.until))
      .filter(({ recipient }) => recipient === null || recipient === reader.organisation)
      .flatMap(({ source, categories, purposes }) =>
        pairs(categories, purposes).map((pair) => ({ source: ref('Organisation', source), ...pair })),
      );
  const said = saidOf(slice.category, purpose, day, streams);
  return [
    entity('Reader', reader.sub, {
      organisation: ref('Organisation', reader.organisation),
      role: ref('Role', reader.role),
      sub: reader.sub,
      ...(reader.team === undefined ? {} : { team: reader.team }),
    }),
    entity('Child', 'child', {
      notShared: decided('not-to-share'),
      sharedWithoutConsent: decided('without-consent'),
    }),
    entity('Slice', 'slice', {
      child: ref('Child', 'child'),
      source: ref('Organisation', slice.organisation),
      category: ref('Category', slice.category),
      reliesOnConsent: slice.reliesOnConsent,
      said: { ...said, carersGiving: [...said.carersGiving], carersRefusing: [...said.carersRefusing] },
    }),
  ];
}

function namesOf(chosen: Readonly<Record<string, EntityJson | undefined>>): Context {
  return Object.fromEntries(
    Object.entries(chosen).flatMap(([name, each]) => (each === undefined ? [] : [[name, { __entity: uidOf(each) }]])),
  );
}

function uidOf({ uid }: EntityJson): { readonly type: string; readonly id: string } {
  return '__entity' in uid ? uid.__entity : uid;
}

function isThere(each: EntityJson | undefined): each is EntityJson {
  return each !== undefined;
}

function grantEntity(granted: BreakGlassGranted): EntityJson {
  return entity('Grant', granted.grant, {
    child: ref('Child', 'child'),
    organisation: ref('Organisation', granted.organisation),
    person: granted.person,
    role: ref('Role', granted.role),
    purpose: granted.purpose,
    from: epochMs(granted.from),
    until: epochMs(granted.until),
  });
}

function claimEntity(claimed: RelationshipClaimed): EntityJson {
  return entity('Relationship', claimed.claim, {
    child: ref('Child', 'child'),
    organisation: ref('Organisation', claimed.organisation),
    kind: 'self-claimed',
    from: number(claimed.from),
    until: number(claimed.until),
    person: claimed.person,
    role: ref('Role', claimed.role),
  });
}

function relationshipEntity(start: RelationshipStarted, streams: readonly Protection[]): EntityJson {
  const lastDays = streams
    .flatMap(({ ends }) => [...ends.values()])
    .filter((end) => end.organisation === start.organisation && end.kind === start.kind && end.name === start.name)
    .map(({ until }) => number(until))
    .filter((until) => until >= number(start.from))
    .sort((a, b) => a - b);
  return entity('Relationship', start.fact, {
    child: ref('Child', 'child'),
    organisation: ref('Organisation', start.organisation),
    kind: start.kind,
    from: number(start.from),
    ...(lastDays[0] === undefined ? {} : { until: lastDays[0] }),
    ...(start.team === undefined ? {} : { team: start.team }),
    ...(start.person === undefined ? {} : { person: start.person }),
  });
}

function agreementEntity(agreement: AgreementInForce): EntityJson {
  return entity('Agreement', agreement.agreement, {
    source: ref('Organisation', agreement.source),
    recipient: ref('Organisation', agreement.recipient),
    categories: agreement.categories.map((category) => ref('Category', category)),
    existenceOnly: (agreement.terms?.existenceOnly ?? []).map((category) => ref('Category', category)),
    purposes: [...agreement.purposes],
    roles: agreement.roles.map((role) => ref('Role', role)),
    from: number(agreement.from),
    ...(agreement.until === null ? {} : { until: number(agreement.until) }),
  });
}

function pairs(categories: readonly string[], purposes: readonly string[]) {
  return categories.flatMap((category) =>
    purposes.map((purpose) => ({ category: ref('Category', category), purpose })),
  );
}

/** Adds the organisations, roles and categories that the entities name: exactly what the rules may look at, nothing more. */
function withReferred(entities: readonly EntityJson[], registry: Registry): readonly EntityJson[] {
  const referred = new Map<string, EntityJson>();
  const visit = (value: CedarValueJson): void => {
    if (value === null || typeof value !== 'object') return;
    if (Array.isArray(value)) {
      value.forEach(visit);
      return;
    }
    if (!('__entity' in value)) {
      Object.values(value as Record<string, CedarValueJson>).forEach(visit);
      return;
    }
    const { type, id } = value['__entity'] as { type: string; id: string };
    if (type === 'Organisation')
      referred.set(
        `${type} ${id}`,
        entity(type, id, { registered: [...registry.organisations.keys()].some((each) => each === id) }),
      );
    if (type === 'Role')
      referred.set(
        `${type} ${id}`,
        entity(type, id, { purposes: [...((ROLE_PURPOSES as Record<string, readonly string[]>)[id] ?? [])] }),
      );
    if (type === 'Category')
      referred.set(
        `${type} ${id}`,
        entity(type, id, { sensitivity: (CATEGORIES as Record<string, string>)[id] ?? 'sealed' }),
      );
  };
  for (const { attrs } of entities) visit(attrs);
  return [...entities, ...referred.values()];
}

function entity(type: string, id: string, attrs: Record<string, CedarValueJson>): EntityJson {
  return { uid: { type, id }, attrs, parents: [] };
}

function ref(type: string, id: string): { readonly __entity: { readonly type: string; readonly id: string } } {
  return { __entity: { type, id } };
}

function number(day: string): number {
  return Number(day.replaceAll('-', ''));
}

function orNone<T>(items: readonly T[]): readonly (T | undefined)[] {
  return items.length === 0 ? [undefined] : items;
}
