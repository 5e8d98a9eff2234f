import { isNhsNumber, parseInstant, parsePlainDate } from '#kernel';
import type { Instant, PlainDate } from '#kernel';
import type { SubjectIdentity } from '#contracts';
import type { MessageBundle } from './bundle.ts';
import { Refusal, required } from './refusal.ts';
import { all, at, codingOf, extension, valueAt } from './tree.ts';
import type { XmlElement } from './xml.ts';

const PROFILE = 'https://fhir.nhs.uk/STU3/StructureDefinition/';
const NHS_NUMBER = 'https://fhir.nhs.uk/Id/nhs-number';
const EVENT_TYPES = 'https://fhir.nhs.uk/STU3/CodeSystem/EventType-1';

/** What the header of a NEMS message says, whatever the event. */
export interface NemsHeader {
  readonly messageId: string;
  /** `newborn-hearing-1` */
  readonly event: string;
  readonly kind: 'new' | 'update' | 'delete';
}

/** Reads id, event and kind. Throws {@link Refusal}. */
export function readHeader({ header }: MessageBundle): NemsHeader {
  const messageId = required(valueAt(header, 'id'), 'MESSAGE_ID_MISSING', `${header.pointer}/id`);
  if (!/^[A-Za-z0-9.-]{1,64}$/.test(messageId)) throw new Refusal('MESSAGE_ID_INVALID', `${header.pointer}/id`);
  const system = valueAt(header, 'event', 'system');
  const event = system === EVENT_TYPES ? valueAt(header, 'event', 'code') : undefined;
  const type = extension(header, `${PROFILE}Extension-MessageEventType-1`);
  const kind = codingOf(at(type, 'valueCodeableConcept'))?.code;
  if (kind !== 'new' && kind !== 'update' && kind !== 'delete') {
    throw new Refusal('MESSAGE_TYPE_UNKNOWN', type?.pointer ?? `${header.pointer}/extension`);
  }
  return { messageId, event: required(event, 'EVENT_TYPE_MISSING', `${header.pointer}/event`), kind };
}

/**
 * When the statement was made: `meta.lastUpdated`. The header's `timestamp` is not it: in the published examples the new contact's is a year
 * after that of its own update, and an update of the hearing screening has one before the new.
 */
export function statementTime({ header }: MessageBundle): Instant {
  const pointer = `${header.pointer}/meta/lastUpdated`;
  const text = required(valueAt(header, 'meta', 'lastUpdated'), 'STATEMENT_TIME_MISSING', pointer);
  return required(parseInstant(text), 'STATEMENT_TIME_INVALID', pointer);
}

/**
 * The child. Number and name by which the message was routed stand in every message, deletions included, and make the sender's local id, so
 * that it is the same in all of them. The date of birth is the Patient's where there is one: the published examples route by another day
 * (2017-10-02) than their Patient was born on (2013-10-12), and the Patient is what the sender's record says.
 */
export function subjectOf({ header, resources }: MessageBundle): SubjectIdentity {
  const routing = required(
    extension(header, `${PROFILE}Extension-RoutingDemographics-1`),
    'ROUTING_DEMOGRAPHICS_MISSING',
    `${header.pointer}/extension`,
  );
  const patient = resources.find((resource) => resource.name === 'Patient');
  const number = extension(routing, 'nhsNumber');
  const nhsNumber = numberAt(at(number, 'valueIdentifier'), number?.pointer ?? routing.pointer);
  const patientNumber = all(patient, 'identifier').find((one) => valueAt(one, 'system') === NHS_NUMBER);
  if (patientNumber !== undefined && numberAt(patientNumber, patientNumber.pointer) !== nhsNumber) {
    throw new Refusal('NHS_NUMBER_CONTRADICTORY', `${patientNumber.pointer}/value`);
  }
  const name = at(extension(routing, 'name'), 'valueHumanName');
  const patientName = officialName(patient) ?? name;
  const surname = required(valueAt(name, 'family'), 'SURNAME_MISSING', `${name?.pointer ?? routing.pointer}/family`);
  const givenName = valueAt(patientName, 'given') ?? valueAt(name, 'given');
  const routedBirth = at(extension(routing, 'birthDateTime'), 'valueDateTime');
  const birth = at(patient, 'birthDate') ?? routedBirth;
  const birthDate = required(dayAt(birth), 'BIRTH_DATE_INVALID', birth?.pointer ?? `${routing.pointer}/extension`);
  const postcode = valueAt(at(patient, 'address'), 'postalCode');
  return {
    localId: `nhs:${nhsNumber}|${surname
      .normalize('NFKC')
      .toLowerCase()
      .replaceAll(/[\s|]+/g, ' ')}|${dayAt(routedBirth) ?? birthDate}`,
    nhsNumber,
    surname: valueAt(patientName, 'family') ?? surname,
    ...(givenName === undefined ? {} : { givenName }),
    birthDate,
    ...(postcode === undefined ? {} : { postcode }),
  };
}

/** The day of a FHIR date or dateTime, as written (its own offset); undefined for a partial date. */
export function dayAt(element: XmlElement | undefined): PlainDate | undefined {
  const value = element?.value?.trim();
  if (value === undefined || (value.length > 10 && parseInstant(value) === undefined)) return undefined;
  return parsePlainDate(value.slice(0, 10));
}

function numberAt(identifier: XmlElement | undefined, pointer: string): string {
  const place = `${identifier?.pointer ?? pointer}/value`;
  if (valueAt(identifier, 'system') !== NHS_NUMBER) throw new Refusal('NHS_NUMBER_MISSING', place);
  const digits = required(valueAt(identifier, 'value'), 'NHS_NUMBER_MISSING', place).replaceAll(' ', '');
  if (!/^[0-9]{10}$/.test(digits)) throw new Refusal('NHS_NUMBER_FORMAT', place);
  if (!isNhsNumber(digits)) throw new Refusal('NHS_NUMBER_CHECK_DIGIT', place);
  return digits;
}

function officialName(patient: XmlElement | undefined): XmlElement | undefined {
  const names = all(patient, 'name');
  return names.find((name) => valueAt(name, 'use') === 'official') ?? names[0];
}
