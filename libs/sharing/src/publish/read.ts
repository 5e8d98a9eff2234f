import {
  fail,
  factIdOf,
  ok,
  parseInstant,
  parsePlainDate,
  parseStrictJson,
  startOfDay,
  toInstant,
  type Instant,
  type JsonObject,
  type OrganisationId,
  type Outcome,
} from '#kernel';
import {
  factDefinition,
  looksPersonal,
  parseSubmission,
  validateFact,
  type FactDefinition,
  type FactWithdrawn,
  type Provenance,
  type Reason,
  type SharingBasis,
  type SubmittedCloudEvent,
  type TranslatedItem,
} from '#contracts';
import type { Registry } from '../model.ts';
import type { Statement } from './statement.ts';
import type { VerifiedJws } from './signatures.ts';

const CORRECTED = 'any.fact-corrected.v1';
const WITHDRAWN = 'any.fact-withdrawn.v1';
const NOTHING = toInstant(0);

/** A fact's words are at most this many bytes (design §3.2). */
export const MOST_FACT = 256 * 1024;

type Translated = Extract<TranslatedItem, { readonly ok: true }>;

/**
 * A verified JWS as a statement of its organisation. Refusals, nothing of which is stored: FACT_TOO_LARGE, the `JSON_` codes,
 * ORGANISATION_FORGED and what `parseSubmission` says of an envelope.
 */
export function readSigned(
  registry: Registry,
  organisation: OrganisationId,
  jws: string,
  verified: VerifiedJws,
  row: number,
): Outcome<Statement, readonly Reason[]> {
  if (verified.payload.length > MOST_FACT) return fail([{ code: 'FACT_TOO_LARGE' }]);
  const json = parseStrictJson(verified.payload);
  if (!json.ok) return fail([{ code: json.error.code }]);
  const parsed = parseSubmission(json.value);
  if (!parsed.ok) return parsed;
  const event = parsed.value;
  // Before anything else is said about it: what another organisation is made to say is not ours to judge.
  if (event.source !== `/organisations/${organisation}`)
    return fail([{ code: 'ORGANISATION_FORGED', pointer: '/source' }]);
  const { fact } = event.data;
  const { kid, alg, payload } = verified;
  const common = {
    ...commonOf(registry, organisation, event, row),
    submissionId: factIdOf(organisation, event.id),
    bodyBytes: payload,
    jws: () => Buffer.from(jws, 'ascii'),
    provenance: { kind: 'organisation-signed', kid, alg } as Provenance,
    original: { kind: 'signed', jws, row } as const,
  };
  const target = fact[event.type === CORRECTED ? 'corrects' : 'withdraws'];
  // The name of the fact it is about becomes a stream's name too.
  if (typeof target === 'string' && looksPersonal(target)) {
    return fail([{ code: 'ID_LOOKS_PERSONAL', pointer: '/data/fact' }]);
  }
  const invalid = validateFact(event);
  switch (event.type) {
    case CORRECTED: {
      const type = textOf(fact['type']);
      const corrected = (fact['fact'] ?? {}) as JsonObject;
      const definition = type === CORRECTED || type === WITHDRAWN ? undefined : factDefinition(type);
      const inner =
        invalid.length > 0 ? [] : validateFact({ ...event, type, data: { ...event.data, fact: corrected } });
      return ok({
        ...common,
        key: { kind: 'source-id', id: textOf(fact['corrects']) },
        operation: 'correct',
        type,
        definition,
        category: definition?.category ?? event.category,
        basis: basisOf(registry, organisation, event, type),
        fact: corrected,
        happenedAt: happenedAt(definition, corrected, common.stated.at),
        stated: { at: common.stated.at, rank: 1 },
        invalid: [...invalid, ...inner],
      });
    }
    case WITHDRAWN:
      return ok({
        ...common,
        key: { kind: 'source-id', id: textOf(fact['withdraws']) },
        operation: 'withdraw',
        type: null,
        definition: undefined,
        stated: { at: common.stated.at, rank: 2 },
        withdrawalReason: (fact['reason'] ?? 'entered-in-error') as FactWithdrawn['reason'],
        invalid,
      });
    default:
      return ok({ ...common, key: { kind: 'source-id', id: event.id }, operation: 'state', invalid });
  }
}

/** What a connector translated, signed by the hub with file, row and translator (design §3.6). */
export function readTranslated(
  registry: Registry,
  organisation: OrganisationId,
  item: Translated,
  source: { readonly translator: string; readonly fileHash: string },
  signer: { readonly kid: string; readonly sign: (payload: string) => string },
): Outcome<Statement, readonly Reason[]> {
  const { event, key, operation, row } = item;
  if (event.source !== `/organisations/${organisation}`)
    return fail([{ code: 'ORGANISATION_FORGED', pointer: '/source' }]);
  const { translator, fileHash } = source;
  const translation = { file: fileHash, row, translator };
  const common = commonOf(registry, organisation, event, row);
  return ok({
    ...common,
    submissionId: key.kind === 'per-record' ? undefined : factIdOf(organisation, event.id),
    key,
    operation,
    stated: { at: common.stated.at, rank: operation === 'withdraw' ? 2 : 0 },
    bodyBytes: Buffer.from(translatedBody(event, key.kind), 'utf8'),
    jws: () => Buffer.from(signer.sign(JSON.stringify({ ...event, translation })), 'ascii'),
    provenance: { kind: 'hub-translated', kid: signer.kid, alg: 'Ed25519', translator },
    // A withdrawal says which fact, not what it said: the words of what is gone need not be whole.
    invalid: operation === 'withdraw' ? [] : validateFact(event),
    original: { kind: 'translated', item, translator, fileHash },
  });
}

/** What makes a translated item the same or another; of formats without ids the id is only a place in a file. */
export function translatedBody(event: SubmittedCloudEvent, key: 'source-id' | 'per-record'): string {
  const { type, time, category, basis, data } = event;
  return JSON.stringify([key === 'source-id' ? event.id : null, type, time, category, basis ?? null, data]);
}

function commonOf(registry: Registry, organisation: OrganisationId, event: SubmittedCloudEvent, row: number) {
  const { type, category, data } = event;
  const definition = factDefinition(type);
  const at = parseInstant(event.time) ?? NOTHING;
  return {
    organisation,
    type,
    definition,
    category,
    subject: data.subject,
    fact: data.fact,
    basis: basisOf(registry, organisation, event, type),
    happenedAt: happenedAt(definition, data.fact, at),
    stated: { at, rank: 0 as const },
    withdrawalReason: 'entered-in-error' as const,
    row,
  };
}

/** The basis a submission states, else that of the organisation's publication profile for the fact's type. */
function basisOf(
  registry: Registry,
  organisation: OrganisationId,
  event: SubmittedCloudEvent,
  type: string,
): Partial<SharingBasis> | undefined {
  if (event.basis === undefined) {
    const profile = registry.organisations.get(organisation)?.profile;
    return profile !== undefined && Object.hasOwn(profile, type) ? profile[type] : undefined;
  }
  const known = bases.get(event.basis);
  if (known !== undefined) return known;
  const parsed = parseStrictJson(event.basis);
  const isObject =
    parsed.ok && typeof parsed.value === 'object' && parsed.value !== null && !Array.isArray(parsed.value);
  // An unreadable basis is an incomplete one: the gate says which parts are missing.
  const basis = isObject ? (parsed.value as Partial<SharingBasis>) : {};
  // An organisation states a handful of bases; what somebody makes up does not fill the memory.
  if (event.basis.length <= 1_000) {
    if (bases.size >= 1_000) bases.clear();
    bases.set(event.basis, basis);
  }
  return basis;
}

const bases = new Map<string, Partial<SharingBasis>>();
const days = new Map<string, Instant>();

function happenedAt(definition: FactDefinition | undefined, fact: JsonObject, otherwise: Instant): Instant {
  const text = definition?.happened === undefined ? undefined : fact[definition.happened];
  if (typeof text !== 'string') return otherwise;
  const known = days.get(text);
  if (known !== undefined) return known;
  const day = parsePlainDate(text);
  const instant = day === undefined ? parseInstant(text) : startOfDay(day);
  if (instant === undefined) return otherwise;
  if (day !== undefined) {
    if (days.size > 20_000) days.clear();
    days.set(text, instant);
  }
  return instant;
}

/** Text as the schema asks for it; empty where it is not, and then the schema has refused it. */
function textOf(value: JsonObject[string] | undefined): string {
  return typeof value === 'string' ? value : '';
}
