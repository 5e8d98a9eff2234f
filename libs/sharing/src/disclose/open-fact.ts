import { fail, ok, type FactId, type JsonObject, type Outcome } from '#kernel';
import {
  factDefinition,
  type FactDefinition,
  type Sealed,
  type SealingContext,
  type SubjectIdentity,
} from '#contracts';
import type { Grant, OpenRefusal, Vault } from '#vault';

/** The sealed words of one fact as a view keeps them. */
export interface SealedFact {
  readonly factId: FactId;
  readonly sealed: Sealed;
  readonly context: SealingContext;
}

/** A fact's words after decision: its true type, what may be shown of its data, and why it was sent again if it was. */
export interface OpenedFact {
  readonly type: string;
  readonly data: JsonObject;
  readonly correctionReason?: string;
}

/** Opens one fact and leaves out what is an identifier: those are for matching, never for reading. */
export function openFact(vault: Vault, grant: Grant, fact: SealedFact): Outcome<OpenedFact, OpenRefusal> {
  const opened = vault.open(grant, fact.sealed, fact.context);
  if (!opened.ok) return opened;
  const stated = statedIn(Buffer.from(opened.value).toString('latin1'));
  if (stated === undefined) return fail('tampered');
  const definition = factDefinition(stated.type);
  if (definition === undefined) return fail('tampered');
  return ok({ ...stated, data: withoutIdentifiers(definition, stated.data) });
}

/** The event that a fact's sealed words are: what was signed, of whom and what. Undefined where it is no signature's text. */
export function signedEvent(
  jws: string,
):
  | { readonly type: string; readonly data: { readonly subject: SubjectIdentity; readonly fact: JsonObject } }
  | undefined {
  const payload = jws.split('.')[1];
  if (payload === undefined) return undefined;
  return JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as ReturnType<typeof signedEvent>;
}

function statedIn(jws: string): OpenedFact | undefined {
  const event = signedEvent(jws);
  if (event === undefined) return undefined;
  const { fact } = event.data;
  if (event.type !== 'any.fact-corrected.v1') return { type: event.type, data: fact };
  const { type, fact: corrected, reason } = fact as { type: string; fact: JsonObject; reason?: string };
  return { type, data: corrected, ...(reason === undefined ? {} : { correctionReason: reason }) };
}

function withoutIdentifiers(definition: FactDefinition, data: JsonObject): JsonObject {
  const schemas = definition.data.properties;
  return Object.fromEntries(
    Object.entries(data).filter(
      ([name]) => (schemas[name] as { fieldClass?: string } | undefined)?.fieldClass !== 'identifier',
    ),
  );
}
