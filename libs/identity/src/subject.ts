import { fail, isNhsNumber, isUpn, ok, parsePlainDate, type Outcome } from '#kernel';
import type { SubjectIdentity } from '#contracts';
import type { MatchRefusal } from './port.ts';

/** What matching compares: normalised, checked. */
export interface Identifiers {
  readonly nhsNumber?: string;
  readonly upn?: string;
  readonly birthDate?: string;
  readonly surname?: string;
  readonly givenName?: string;
}

/** A name as matching compares it: without accents, case, hyphens, apostrophes and blanks. Undefined where nothing is left. */
export function normalisedName(name: string | undefined): string | undefined {
  const bare = name
    ?.normalize('NFKD')
    .replaceAll(/[^\p{L}]/gu, '')
    .toLowerCase();
  return bare === '' ? undefined : bare;
}

/** Checks and normalises what an organisation says of a person; a wrong check digit or a day that doesn't exist is refused. */
export function identifiersOf(subject: SubjectIdentity): Outcome<Identifiers, MatchRefusal> {
  const nhsNumber = compact(subject.nhsNumber);
  if (nhsNumber !== undefined && !isNhsNumber(nhsNumber)) {
    return fail({ code: 'NHS_NUMBER_CHECK_DIGIT', pointer: '/nhsNumber' });
  }
  const stated = compact(subject.upn)?.toUpperCase();
  // UN1 to UN10 say why there is no number (domain vocabulary of the SEN2 return).
  const upn = stated !== undefined && /^UN\d{1,2}$/.test(stated) ? undefined : stated;
  if (upn !== undefined && !isUpn(upn)) return fail({ code: 'UPN_CHECK_LETTER', pointer: '/upn' });
  const { birthDate } = subject;
  if (birthDate !== undefined && parsePlainDate(birthDate) === undefined) {
    return fail({ code: 'BIRTH_DATE_INVALID', pointer: '/birthDate' });
  }
  const surname = normalisedName(subject.surname);
  const givenName = normalisedName(subject.givenName);
  return ok({
    ...(nhsNumber === undefined ? {} : { nhsNumber }),
    ...(upn === undefined ? {} : { upn }),
    ...(birthDate === undefined ? {} : { birthDate }),
    ...(surname === undefined ? {} : { surname }),
    ...(givenName === undefined ? {} : { givenName }),
  });
}

function compact(text: string | undefined): string | undefined {
  const bare = text?.replaceAll(/[\s-]/g, '');
  return bare === '' ? undefined : bare;
}
