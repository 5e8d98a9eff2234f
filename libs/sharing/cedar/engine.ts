import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  policySetTextToParts,
  policyToJson,
  preparsePolicySet,
  preparseSchema,
  statefulIsAuthorized,
  type CedarValueJson,
  type EntityJson,
  type TypeAndId,
} from '@cedar-policy/cedar-wasm/nodejs';

/** What may be asked for; see the head of `policies.cedar`. */
export type CedarAction = 'read' | 'know-of' | 'read-in-emergency';

/** One question to Cedar: everything it may look at is in `entities`. */
export interface CedarRequest {
  readonly action: CedarAction;
  readonly principal: TypeAndId;
  readonly resource: TypeAndId;
  readonly context: Record<string, CedarValueJson>;
  readonly entities: readonly EntityJson[];
}

/** What Cedar said, read with suspicion: whatever went wrong is a refusal and an alarm. */
export interface CedarAnswer {
  readonly effect: 'permit' | 'deny';
  /** Ids of the policies that decided. */
  readonly policies: readonly string[];
  readonly alarm: boolean;
}

/** The published rules: text by policy id, and the schema they are checked against. */
export interface PublishedPolicies {
  readonly policies: Readonly<Record<string, string>>;
  readonly schema: string;
  /** SHA-256 (hex) of both texts: which rules a decision was compared with. */
  readonly hash: string;
}

/** Reads the published text; throws where it does not parse, since nothing may be compared with half a policy set. */
export function publishedPolicies(folder: string = import.meta.dirname): PublishedPolicies {
  const text = readFileSync(join(folder, 'policies.cedar'), 'utf8');
  const schema = readFileSync(join(folder, 'schema.cedarschema'), 'utf8');
  const parts = policySetTextToParts(text);
  if (parts.type === 'failure') throw new Error('policies.cedar does not parse');
  const policies = Object.fromEntries(parts.policies.map((policy) => [idOf(policy), policy]));
  return { policies, schema, hash: createHash('sha256').update(text).update('\0').update(schema).digest('hex') };
}

/**
 * Cedar as an oracle. It skips a policy that errs, which lets a broken `forbid` through, and it takes a missing entity for such an
 * error (trust §1.2): so every entity named must be there, and any error, failure or throw refuses with an alarm.
 */
export function cedarEngine({ policies, schema, hash }: PublishedPolicies): (request: CedarRequest) => CedarAnswer {
  const name = `tellonce-${hash}`;
  if (preparseSchema(name, schema).type === 'failure') throw new Error('schema.cedarschema does not parse');
  if (preparsePolicySet(name, { staticPolicies: policies }).type === 'failure')
    throw new Error('policies do not parse');
  return ({ action, principal, resource, context, entities }) => {
    if (!complete(principal, resource, context, entities)) return REFUSED_WITH_ALARM;
    try {
      const answer = statefulIsAuthorized({
        principal,
        action: { type: 'Action', id: action },
        resource,
        context,
        entities: [...entities],
        preparsedSchemaName: name,
        preparsedPolicySetId: name,
        validateRequest: true,
      });
      if (answer.type === 'failure' || answer.response.diagnostics.errors.length > 0) return REFUSED_WITH_ALARM;
      const effect = answer.response.decision === 'allow' ? 'permit' : 'deny';
      return { effect, policies: answer.response.diagnostics.reason, alarm: false };
    } catch {
      return REFUSED_WITH_ALARM;
    }
  };
}

const REFUSED_WITH_ALARM: CedarAnswer = { effect: 'deny', policies: [], alarm: true };

function idOf(policy: string): string {
  const json = policyToJson(policy);
  const id = json.type === 'success' ? json.json.annotations?.['id'] : undefined;
  if (id === undefined) throw new Error('a policy without @id');
  return id;
}

function complete(
  principal: TypeAndId,
  resource: TypeAndId,
  context: Record<string, CedarValueJson>,
  entities: readonly EntityJson[],
): boolean {
  const present = new Set(entities.map(({ uid }) => key('__entity' in uid ? uid.__entity : uid)));
  const named = (value: CedarValueJson): boolean => {
    if (value === null || typeof value !== 'object') return true;
    if (Array.isArray(value)) return value.every(named);
    if ('__entity' in value) return present.has(key(value['__entity'] as TypeAndId));
    return Object.values(value as Record<string, CedarValueJson>).every(named);
  };
  return (
    present.has(key(principal)) &&
    present.has(key(resource)) &&
    named(context) &&
    entities.every(({ attrs }) => named(attrs))
  );
}

function key({ type, id }: TypeAndId): string {
  return `${type}::${id}`;
}
