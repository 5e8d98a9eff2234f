import type { JsonObject } from '#kernel';
import { Type, type TSchema } from '@sinclair/typebox';

/** Leaves of a fact's schema, each with its field class (design §3.4). */

const DAY = '^\\d{4}-\\d{2}-\\d{2}$';
const WORD = '^(?!.*[0-9]{4}-[0-9]{2}-[0-9]{2})[a-z]+(-[a-z0-9]+)*(:[a-z0-9-]+)?$';
const ID = '^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$';

/** A day, in the clear: `2026-09-03`. */
export const indexDay = (description: string) =>
  Type.String({ description, pattern: DAY, format: 'date', fieldClass: 'index' });
/** A day that stays sealed. */
export const sealedDay = (description: string) =>
  Type.String({ description, pattern: DAY, format: 'date', fieldClass: 'content' });
/** Id of a setting, organisation or asset, in the clear; never of a person. */
export const indexId = (description: string) => Type.String({ description, pattern: ID, fieldClass: 'index' });
/** A code of a closed list, in the clear. */
export const indexCode = (description: string, codes: readonly string[]) =>
  Type.Union(
    codes.map((code) => Type.Literal(code)),
    { description, fieldClass: 'index' },
  );
/** A code of a closed list that says too much to stand in the clear. */
export const sealedCode = (description: string, codes: readonly string[]) =>
  Type.Union(
    codes.map((code) => Type.Literal(code)),
    { description, fieldClass: 'content' },
  );
/** Words, sealed; an agreement may ask to leave such free text out (`redact-free-text`). */
export const words = (description: string, maxLength = 4000) =>
  Type.String({ description, minLength: 1, maxLength, fieldClass: 'content', freeText: true });
/** A whole number, sealed. */
export const sealedCount = (description: string, minimum: number, maximum: number) =>
  Type.Integer({ description, minimum, maximum, fieldClass: 'content' });
/** A pseudonymous subject of a sign-in: sealed in the fact, in the clear in `protection-<childId>`. */
export const personId = (description: string) =>
  Type.String({ description, pattern: ID, fieldClass: 'content', clearInProtection: true });
/**
 * A harmless name that is sealed in the fact but stands in the clear in `protection-<childId>`, where decisions read it
 * (`RelationshipStarted.name`, `.team`): lower-case words, `social-worker`, `setting:100101`; no capital letters, no day, no number of a
 * person. `validateFact` looks for the last, because of `clearInProtection`.
 */
export const relationshipWord = (description: string) =>
  Type.String({ description, pattern: WORD, maxLength: 40, fieldClass: 'content', clearInProtection: true });
/** A member that may be left out. */
export const maybe = <S extends TSchema>(schema: S) => Type.Optional(schema);
/** The `data` of a fact: nothing but what is named. */
export const dataOf = <P extends Record<string, TSchema>>(properties: P) =>
  Type.Object(properties, { additionalProperties: false });

/** A member that the schema holds to be a text; empty where it is none, and then the schema has refused it. */
export function textIn(data: JsonObject, name: string): string {
  const value = data[name];
  return typeof value === 'string' ? value : '';
}
