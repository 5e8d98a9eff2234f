import { Type, type TSchema } from '@sinclair/typebox';

/** Leaves of a fact's schema, each with its field class (design §3.4). */

const DAY = '^\\d{4}-\\d{2}-\\d{2}$';
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
export const indexCode = <const Codes extends readonly string[]>(description: string, codes: Codes) =>
  Type.Union(
    codes.map((code) => Type.Literal(code)),
    { description, fieldClass: 'index' },
  );
/** A code of a closed list that says too much to stand in the clear. */
export const sealedCode = <const Codes extends readonly string[]>(description: string, codes: Codes) =>
  Type.Union(
    codes.map((code) => Type.Literal(code)),
    { description, fieldClass: 'content' },
  );
/** Words, sealed. */
export const words = (description: string, maxLength = 4000) =>
  Type.String({ description, minLength: 1, maxLength, fieldClass: 'content' });
/** A whole number, sealed. */
export const sealedCount = (description: string, minimum: number, maximum: number) =>
  Type.Integer({ description, minimum, maximum, fieldClass: 'content' });
/** A pseudonymous subject of a sign-in, sealed. */
export const personId = (description: string) => Type.String({ description, pattern: ID, fieldClass: 'content' });
/** A member that may be left out. */
export const maybe = <S extends TSchema>(schema: S) => Type.Optional(schema);
/** The `data` of a fact: nothing but what is named. */
export const dataOf = <P extends Record<string, TSchema>>(properties: P) =>
  Type.Object(properties, { additionalProperties: false });
