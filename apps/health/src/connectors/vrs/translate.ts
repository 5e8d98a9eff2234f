import {
  dayOf,
  epochMs,
  parseInstant,
  parsePlainDate,
  startOfDay,
  toInstant,
  type Instant,
  type JsonObject,
  type PlainDate,
} from '#kernel';
import type { AuthorityEvidence, AuthorityKind, TranslatedItem, TranslationContext } from '#contracts';
import { down, listOf, textAt, type RoleResource } from './parse.ts';
import { Refusal, required } from './refusal.ts';
import { checkPerformer, subjectOf } from './subject.ts';

const LEGAL_BASIS = 'https://fhir.nhs.uk/England/CodeSystem/England-NHSProxyLegalBasis';
/** How the hub itself names people: a system that knows the proxy's sign-in here may say so beside the NHS number. */
const PERSON = 'urn:tellonce:person';

/**
 * What a legal basis of the NHS's proxy roles says here. `best-interest` is a clinician's decision for the moment and no authority of
 * the proxy's own (Mental Capacity Act 2005 s.4 and s.5), so that nobody consents on it.
 */
const KINDS: ReadonlyMap<string, { readonly kind: AuthorityKind; readonly evidence: AuthorityEvidence }> = new Map([
  ['parental-responsibility', { kind: 'parental-responsibility', evidence: 'nhs-validated-role' }],
  ['court-appointed-personal-welfare-deputy', { kind: 'deputy-or-attorney', evidence: 'deputy-appointed' }],
]);

/** The statement of one role, or why it can't be used with its bytes: nothing is dropped. */
export function translateRole(role: RoleResource, row: number, context: TranslationContext): TranslatedItem {
  try {
    return translated(role, row, context);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const raw = Buffer.from(JSON.stringify(role.consent), 'utf8');
    return { ok: false, row, reasons: [{ ...error.reason, row }], raw };
  }
}

function translated(role: RoleResource, row: number, context: TranslationContext): TranslatedItem {
  const { consent, pointer } = role;
  const id = required(textAt(consent, 'id'), 'ROLE_ID_MISSING', `${pointer}/id`);
  if (!/^[A-Za-z0-9.-]{1,64}$/.test(id)) throw new Refusal('ROLE_ID_INVALID', `${pointer}/id`);
  const status = textAt(consent, 'status');
  if (status !== 'active' && status !== 'inactive' && status !== 'entered-in-error')
    throw new Refusal('ROLE_STATUS_UNKNOWN', `${pointer}/status`);
  const updated = `${pointer}/meta/lastUpdated`;
  const said = required(textAt(consent, 'meta', 'lastUpdated'), 'STATEMENT_TIME_MISSING', updated);
  const time = required(parseInstant(said), 'STATEMENT_TIME_INVALID', updated);
  const subject = subjectOf(role);
  checkPerformer(role);
  const fact = factOf(role, status, time);
  const { kind, person, startDate, endDate } = fact as Readonly<Record<string, string | undefined>>;
  return {
    ok: true,
    row,
    operation: status === 'entered-in-error' ? 'withdraw' : 'state',
    key: { kind: 'source-id', id: `vrs:${id}` },
    event: {
      specversion: '1.0',
      // The examples say other things of one role at one time: what is said is part of the statement's name, or the first to come would hold.
      id: ['vrs', id, time, status, kind, startDate, endDate ?? '', person ?? ''].join('|'),
      source: `/organisations/${context.organisation}`,
      type: 'any.authority-recorded.v1',
      time,
      datacontenttype: 'application/json',
      category: 'identity.core',
      data: { subject, fact: status === 'entered-in-error' ? {} : fact },
    },
  };
}

function factOf({ consent, pointer }: RoleResource, status: string, time: Instant): JsonObject {
  if (textAt(consent, 'provision', 'type') !== 'permit')
    throw new Refusal('ROLE_PERMITS_NOTHING', `${pointer}/provision/type`);
  const basis = listOf(down(consent, 'policyRule', 'coding')).find((each) => textAt(each, 'system') === LEGAL_BASIS);
  const code = textAt(basis, 'code');
  const known = required(KINDS.get(code ?? ''), 'LEGAL_BASIS_NOT_AN_AUTHORITY', `${pointer}/policyRule`);
  const period = `${pointer}/provision/period`;
  const start = textAt(consent, 'provision', 'period', 'start');
  const end = textAt(consent, 'provision', 'period', 'end');
  const startDate = required(dayIn(start), 'PERIOD_INVALID', `${period}/start`);
  const stated = end === undefined ? undefined : required(dayIn(end), 'PERIOD_INVALID', `${period}/end`);
  const endDate = status === 'inactive' ? earlier(stated, dayBefore(time)) : stated;
  const person = listOf(consent['performer'])
    .filter((each) => textAt(each, 'identifier', 'system') === PERSON)
    .map((each) => textAt(each, 'identifier', 'value'))[0];
  return {
    ...known,
    startDate,
    ...(endDate === undefined ? {} : { endDate }),
    ...(person === undefined ? {} : { person }),
  };
}

/** The day of a FHIR date or dateTime, as written (its own offset); undefined for a partial date. */
function dayIn(text: string | undefined): PlainDate | undefined {
  if (text === undefined || (text.length > 10 && parseInstant(text) === undefined)) return undefined;
  return parsePlainDate(text.slice(0, 10));
}

/** A role that was switched off does not hold on the day on which that was said. */
function dayBefore(time: Instant): PlainDate {
  return dayOf(toInstant(epochMs(startOfDay(dayOf(time))) - 1));
}

function earlier(one: PlainDate | undefined, other: PlainDate): PlainDate {
  return one === undefined || other < one ? other : one;
}
