import { fail, ok, type FactId, type JsonObject, type Outcome } from '#kernel';
import {
  factDefinition,
  type FactDefinition,
  type Sealed,
  type SealingContext,
  type SubjectIdentity,
} from '#contracts';
import type { Grant, OpenRefusal, Vault } from '#vault';
import type { Permit } from '../model.ts';
import { existenceOf, redact, type Redaction } from './redact.ts';

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
  /** Members that are there and were left out, and why; never what they say. Empty where all is shown. */
  readonly redacted: readonly Redaction[];
}

/** How much of a fact may be shown: the part of the permission it is shown under that says so. */
export type Shown = Pick<Permit, 'mode' | 'minimum' | 'obligations'>;

/** Everything, for what is opened under another rule than a slice's: checks of the hub itself, a person's own copy. */
export const WHOLE: Shown = Object.freeze({ mode: 'content', minimum: {}, obligations: [] });

/**
 * Opens one fact and leaves out what is an identifier (those are for matching, never for reading) and what its permission leaves out. Rejects
 * where only its existence may be shown: that is {@link openExistence}.
 */
export async function openFact(
  vault: Vault,
  grant: Grant,
  fact: SealedFact,
  shown: Shown,
): Promise<Outcome<OpenedFact, OpenRefusal>> {
  if (shown.mode !== 'content') throw new TypeError('only the existence of this fact may be shown');
  const opened = await statementIn(vault, grant, fact);
  return opened.ok ? ok(redact(opened.value.definition, opened.value.stated, shown)) : opened;
}

/** Of a fact of which only the existence may be known: the members that its definition declares as showable, and nothing else. */
export async function openExistence(
  vault: Vault,
  grant: Grant,
  fact: SealedFact,
  shown: Shown,
): Promise<Outcome<JsonObject, OpenRefusal>> {
  const opened = await statementIn(vault, grant, fact);
  return opened.ok ? ok(existenceOf(opened.value.definition, opened.value.stated, shown)) : opened;
}

/** A fact as it was stated, corrections resolved. */
export interface Stated {
  readonly type: string;
  readonly data: JsonObject;
  readonly correctionReason?: string;
}

async function statementIn(
  vault: Vault,
  grant: Grant,
  fact: SealedFact,
): Promise<Outcome<{ readonly definition: FactDefinition; readonly stated: Stated }, OpenRefusal>> {
  const opened = await vault.open(grant, fact.sealed, fact.context);
  if (!opened.ok) return opened;
  const stated = statedIn(Buffer.from(opened.value).toString('latin1'));
  const definition = stated === undefined ? undefined : factDefinition(stated.type);
  return stated === undefined || definition === undefined ? fail('tampered') : ok({ definition, stated });
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

function statedIn(jws: string): Stated | undefined {
  const event = signedEvent(jws);
  if (event === undefined) return undefined;
  const { fact } = event.data;
  if (event.type !== 'any.fact-corrected.v1') return { type: event.type, data: fact };
  const { type, fact: corrected, reason } = fact as { type: string; fact: JsonObject; reason?: string };
  return { type, data: corrected, ...(reason === undefined ? {} : { correctionReason: reason }) };
}
