import { isNhsNumber, parsePlainDate, type Json, type JsonObject } from '#kernel';
import type { SubjectIdentity } from '#contracts';
import { listOf, textAt, type RoleResource } from './parse.ts';
import { Refusal, required } from './refusal.ts';

const NHS_NUMBER = 'https://fhir.nhs.uk/Id/nhs-number';

/**
 * The child a role is for. The file must bring the Patient along (`_include=Consent:patient`): a number alone matches nobody safely, and
 * would make a child of its own. The local id is built as that of the NEMS messages is, so that one trust's record of a child is one.
 */
export function subjectOf({ consent, pointer, patients }: RoleResource): SubjectIdentity {
  const nhsNumber = numberIn(consent['patient'], `${pointer}/patient`, 'NHS_NUMBER');
  const known = patients.filter((patient) => numbersOf(patient).includes(nhsNumber));
  const [patient] = known;
  if (patient === undefined) throw new Refusal('PATIENT_NOT_INCLUDED', `${pointer}/patient`);
  const people = new Set(known.map((each) => JSON.stringify([nameOf(each), textAt(each, 'birthDate')])));
  if (people.size > 1) throw new Refusal('PATIENT_CONTRADICTORY', `${pointer}/patient`);
  const { surname, givenName } = nameOf(patient);
  const family = required(surname, 'SURNAME_MISSING', `${pointer}/patient`);
  const birth = textAt(patient, 'birthDate');
  const birthDate = required(
    birth === undefined ? undefined : parsePlainDate(birth),
    'BIRTH_DATE_INVALID',
    `${pointer}/patient`,
  );
  const bare = family
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[\s|]+/g, ' ');
  return {
    localId: `nhs:${nhsNumber}|${bare}|${birthDate}`,
    nhsNumber,
    surname: family,
    ...(givenName === undefined ? {} : { givenName }),
    birthDate,
  };
}

/**
 * Holds the proxy's number to its check digit: a role whose holder is a slip of the pen is no evidence. The number itself is not kept; the
 * role's id leads back to it at its source.
 */
export function checkPerformer({ consent, pointer }: RoleResource): void {
  const performers = listOf(consent['performer']);
  const numbered = performers.filter((each) => textAt(each, 'identifier', 'system') === NHS_NUMBER);
  if (numbered.length !== 1) throw new Refusal('PERFORMER_MISSING', `${pointer}/performer`);
  const number = numberIn(
    numbered[0],
    `${pointer}/performer/${String(performers.indexOf(numbered[0] ?? null))}`,
    'PERFORMER_NHS_NUMBER',
  );
  const patient = textAt(consent, 'patient', 'identifier', 'value')?.replaceAll(' ', '');
  if (number === patient) throw new Refusal('PERFORMER_IS_PATIENT', `${pointer}/performer`);
}

function numberIn(reference: Json | undefined, pointer: string, code: string): string {
  const place = `${pointer}/identifier/value`;
  if (textAt(reference, 'identifier', 'system') !== NHS_NUMBER) throw new Refusal(`${code}_MISSING`, place);
  const digits = required(textAt(reference, 'identifier', 'value'), `${code}_MISSING`, place).replaceAll(' ', '');
  if (!/^[0-9]{10}$/.test(digits)) throw new Refusal(`${code}_FORMAT`, place);
  if (!isNhsNumber(digits)) throw new Refusal(`${code}_CHECK_DIGIT`, place);
  return digits;
}

function numbersOf(patient: JsonObject): readonly (string | undefined)[] {
  return listOf(patient['identifier'])
    .filter((each) => textAt(each, 'system') === NHS_NUMBER)
    .map((each) => textAt(each, 'value')?.replaceAll(' ', ''));
}

function nameOf(patient: JsonObject): { readonly surname: string | undefined; readonly givenName: string | undefined } {
  const names = listOf(patient['name']);
  const name = names.find((each) => ['official', 'usual'].includes(textAt(each, 'use') ?? '')) ?? names[0];
  return { surname: textAt(name, 'family'), givenName: textAt(name, 'given', 0) };
}
