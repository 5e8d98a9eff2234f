import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import type { ErrorObject, ValidateFunction } from 'ajv';
import type { JsonObject } from '#kernel';
import { enrolmentEnded } from './facts/education/enrolment-ended.ts';
import { enrolmentStarted } from './facts/education/enrolment-started.ts';
import { settingMoved } from './facts/education/setting-moved.ts';
import { equipmentIssued } from './facts/equipment/equipment-issued.ts';
import { equipmentReturned } from './facts/equipment/equipment-returned.ts';
import { equipmentTransferred } from './facts/equipment/equipment-transferred.ts';
import { authorityRecorded } from './facts/any/authority-recorded.ts';
import { factCorrected } from './facts/any/fact-corrected.ts';
import { factWithdrawn } from './facts/any/fact-withdrawn.ts';
import { relationshipEnded } from './facts/any/relationship-ended.ts';
import { relationshipStarted } from './facts/any/relationship-started.ts';
import { immunisationGiven } from './facts/health/immunisation-given.ts';
import { newbornHearingOutcome } from './facts/health/newborn-hearing-outcome.ts';
import { professionalContact } from './facts/health/professional-contact.ts';
import { childProtectionPlanStarted } from './facts/social-care/child-protection-plan-started.ts';
import { shortBreakArranged } from './facts/social-care/short-break-arranged.ts';
import { onePageProfileWritten } from './facts/voice/one-page-profile-written.ts';
import type { FactDefinition } from './facts/definition.ts';
import { looksPersonal } from './personal.ts';
import type { Reason } from './stored/fact-events.ts';

/** Every fact an organisation can state. A spec fails where a file under `facts/` is not here. */
export const ALL_FACTS: readonly FactDefinition[] = [
  enrolmentStarted,
  enrolmentEnded,
  settingMoved,
  newbornHearingOutcome,
  professionalContact,
  immunisationGiven,
  shortBreakArranged,
  childProtectionPlanStarted,
  equipmentIssued,
  equipmentTransferred,
  equipmentReturned,
  onePageProfileWritten,
  relationshipStarted,
  relationshipEnded,
  authorityRecorded,
  factCorrected,
  factWithdrawn,
];

/** Sealed in the fact, but in the clear elsewhere: `clearInProtection`; see `fields.ts`. */
const KEYWORDS = ['fieldClass', 'clearInProtection', 'freeText'];

const byType = new Map(ALL_FACTS.map((definition) => [definition.type, definition]));
const clear = new Map<string, readonly string[]>();
const CORRECTING = new Set<unknown>([factCorrected.type, factWithdrawn.type]);
const validators = new Map<string, ValidateFunction>();
const ajv = new Ajv({ allErrors: true, strict: true, keywords: KEYWORDS, messages: false, validateSchema: true });
addFormats.default(ajv, ['date']);

/** What the hub knows of a type; undefined for one it does not know. */
export function factDefinition(type: string): FactDefinition | undefined {
  return byType.get(type);
}

/**
 * What is wrong with a fact's data: a code and a pointer into the event, never a value. `TYPE_UNKNOWN` for a type nobody knows,
 * `FACT_SCHEMA`, `INDEX_LOOKS_PERSONAL` for a number of a person where it would stand in the clear for ever, `CORRECTION_NESTED` for a
 * correction of what is itself a correction or a withdrawal.
 */
export function validateFact(event: {
  readonly type: string;
  readonly data: { readonly fact: JsonObject };
}): readonly Reason[] {
  const validate = validatorOf(event.type);
  if (validate === undefined) return [{ code: 'TYPE_UNKNOWN', pointer: '/type' }];
  if (!validate(event.data.fact)) return reasonsOf(validate.errors, 'FACT_SCHEMA', '/data/fact');
  if (event.type === factCorrected.type && CORRECTING.has(event.data.fact['type']))
    return [{ code: 'CORRECTION_NESTED', pointer: '/data/fact/type' }];
  return clearNames(event.type)
    .filter((name) => {
      const text = event.data.fact[name];
      return typeof text === 'string' && looksPersonal(text);
    })
    .map((name) => ({ code: 'INDEX_LOOKS_PERSONAL', pointer: `/data/fact/${name}` }));
}

/** Top-level texts of a type that come to stand in the clear, in the fact's event or in `protection-`; also of hidden categories. */
function clearNames(type: string): readonly string[] {
  const known = clear.get(type);
  if (known !== undefined) return known;
  const names = Object.entries(byType.get(type)?.data.properties ?? {})
    .filter(([, { fieldClass, clearInProtection }]) => fieldClass === 'index' || clearInProtection === true)
    .map(([name]) => name);
  clear.set(type, names);
  return names;
}

/** Ajv's errors as reasons; a member nobody declared is named by its parent, because its name is the caller's. */
export function reasonsOf(
  errors: readonly ErrorObject[] | null | undefined,
  code: string,
  prefix: string,
): readonly Reason[] {
  const pointers = (errors ?? []).map(({ instancePath, keyword, params }) => {
    const missing =
      keyword === 'required' ? `/${String((params as { missingProperty?: string }).missingProperty)}` : '';
    return `${prefix}${instancePath}${missing}`;
  });
  return [...new Set(pointers)].slice(0, 20).map((pointer) => ({ code, pointer }));
}

function validatorOf(type: string): ValidateFunction | undefined {
  const known = validators.get(type);
  if (known !== undefined) return known;
  const definition = byType.get(type);
  if (definition === undefined) return undefined;
  const validate = ajv.compile(definition.data);
  validators.set(type, validate);
  return validate;
}
