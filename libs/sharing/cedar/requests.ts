import { dayOf } from '#kernel';
import {
  CATEGORIES,
  ROLE_PURPOSES,
  type AgreementInForce,
  type ConsentGiven,
  type RelationshipStarted,
} from '#contracts';
import type { Protection, Question, Registry, Slice } from '#sharing';
import type { CedarValueJson, EntityJson } from '@cedar-policy/cedar-wasm/nodejs';
import type { CedarRequest } from './engine.ts';

/**
 * Every way the question can be put to Cedar, which can't say "some relationship" or "some agreement": one request for each
 * relationship, consent and agreement that could matter; the first that is permitted permits. Written apart from `decide`
 * and without its indexes, so that a fault there shows. Throws where something is missing.
 */
export function* requestsOf(
  { reader, purpose, at, registry, protections }: Question,
  slice: Slice,
): Generator<CedarRequest> {
  const streams = protections?.filter((each) => each !== undefined) ?? [];
  if (registry === undefined || streams.length === 0 || streams.length !== protections?.length)
    throw new Error('missing');
  const day = number(dayOf(at));
  const relationships = streams
    .flatMap(({ starts }) => [...starts.values()])
    .filter((start) => start.organisation === reader.organisation);
  const consents = slice.reliesOnConsent ? streams.flatMap(({ consents: given }) => [...given.values()]) : [];
  const agreements = [...registry.agreements.values()].filter(
    ({ source, recipient }) => source === slice.organisation && recipient === reader.organisation,
  );
  const base = [
    entity('Reader', reader.sub, {
      organisation: ref('Organisation', reader.organisation),
      role: ref('Role', reader.role),
      sub: reader.sub,
      ...(reader.team === undefined ? {} : { team: reader.team }),
    }),
    entity('Child', 'child', { refusals: streams.flatMap(refusals) }),
    entity('Slice', 'slice', {
      child: ref('Child', 'child'),
      source: ref('Organisation', slice.organisation),
      category: ref('Category', slice.category),
      reliesOnConsent: slice.reliesOnConsent,
    }),
  ];
  for (const relationship of orNone(relationships)) {
    for (const consent of orNone(consents)) {
      for (const agreement of orNone(agreements)) {
        const chosen = [
          ...(relationship === undefined ? [] : [relationshipEntity(relationship, streams)]),
          ...(consent === undefined ? [] : [consentEntity(consent)]),
          ...(agreement === undefined ? [] : [agreementEntity(agreement)]),
        ];
        yield {
          principal: { type: 'Reader', id: reader.sub },
          resource: { type: 'Slice', id: 'slice' },
          context: {
            purpose,
            day,
            ...(relationship === undefined ? {} : { relationship: ref('Relationship', relationship.fact) }),
            ...(consent === undefined ? {} : { consent: ref('Consent', consent.consent) }),
            ...(agreement === undefined ? {} : { agreement: ref('Agreement', agreement.agreement) }),
          },
          entities: withReferred([...base, ...chosen], registry),
        };
      }
    }
  }
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

function consentEntity(consent: ConsentGiven): EntityJson {
  return entity('Consent', consent.consent, {
    child: ref('Child', 'child'),
    categories: consent.categories.map((category) => ref('Category', category)),
    purposes: [...consent.purposes],
    ...(consent.until === null ? {} : { until: number(consent.until) }),
  });
}

function agreementEntity(agreement: AgreementInForce): EntityJson {
  return entity('Agreement', agreement.agreement, {
    source: ref('Organisation', agreement.source),
    recipient: ref('Organisation', agreement.recipient),
    categories: agreement.categories.map((category) => ref('Category', category)),
    purposes: [...agreement.purposes],
    roles: agreement.roles.map((role) => ref('Role', role)),
    from: number(agreement.from),
    ...(agreement.until === null ? {} : { until: number(agreement.until) }),
  });
}

function refusals({ refusals: refused }: Protection): CedarValueJson[] {
  return [...refused.values()].flatMap(({ categories, purposes }) =>
    categories.flatMap((category) => purposes.map((purpose) => ({ category: ref('Category', category), purpose }))),
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
