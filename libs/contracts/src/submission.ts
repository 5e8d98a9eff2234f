import { Type } from '@sinclair/typebox';
import { Ajv } from 'ajv';
import { fail, ok, parseInstant, type Json, type Outcome } from '#kernel';
import { factCorrected } from './facts/any/fact-corrected.ts';
import { factWithdrawn } from './facts/any/fact-withdrawn.ts';
import type { SubmittedCloudEvent } from './facts/definition.ts';
import { looksPersonal } from './personal.ts';
import { reasonsOf } from './registry.ts';
import type { Reason } from './stored/fact-events.ts';

const text = (maxLength: number) => Type.String({ minLength: 1, maxLength });

const SUBJECT = Type.Object(
  {
    localId: text(200),
    nhsNumber: Type.Optional(text(20)),
    upn: Type.Optional(text(20)),
    surname: Type.Optional(text(100)),
    givenName: Type.Optional(text(100)),
    birthDate: Type.Optional(Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$' })),
    postcode: Type.Optional(text(10)),
  },
  { additionalProperties: false },
);

/** CloudEvents 1.0 (structured JSON) as organisations sign it, with the hub's extensions and no others. */
export const ENVELOPE = Type.Object(
  {
    specversion: Type.Literal('1.0'),
    id: Type.String({ pattern: '^[\\x21-\\x7e]{1,200}$' }),
    source: Type.String({ pattern: '^/organisations/[a-z][a-z0-9-]{0,63}$' }),
    type: Type.String({ pattern: '^[a-z]+(-[a-z]+)*\\.[a-z]+(-[a-z]+)*\\.v[1-9][0-9]?$' }),
    time: text(40),
    datacontenttype: Type.Literal('application/json'),
    category: text(60),
    basis: Type.Optional(text(2000)),
    correlationid: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9._-]{1,100}$' })),
    causationid: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9._-]{1,100}$' })),
    data: Type.Object(
      { subject: SUBJECT, fact: Type.Record(Type.String(), Type.Unknown()) },
      { additionalProperties: false },
    ),
  },
  { additionalProperties: false },
);

const validate = new Ajv({ allErrors: true, strict: true, messages: false }).compile(ENVELOPE);

/**
 * Reads an envelope. Codes: ENVELOPE_SCHEMA, TIME_INVALID, ID_LOOKS_PERSONAL. An id stands in a stream's name as a hash that a list of
 * children would undo, and correlation and causation stand in the log as they are; so one that holds an NHS number or a unique pupil
 * number is refused, and nothing of it is kept.
 */
export function parseSubmission(json: Json): Outcome<SubmittedCloudEvent, readonly Reason[]> {
  if (!validate(json)) return fail(reasonsOf(validate.errors, 'ENVELOPE_SCHEMA', ''));
  const event = json as unknown as SubmittedCloudEvent;
  const reasons: Reason[] = [];
  if (parseInstant(event.time) === undefined) reasons.push({ code: 'TIME_INVALID', pointer: '/time' });
  for (const [pointer, id] of idsOf(event)) {
    if (typeof id === 'string' && looksPersonal(id)) reasons.push({ code: 'ID_LOOKS_PERSONAL', pointer });
  }
  return reasons.length > 0 ? fail(reasons) : ok(event);
}

/** What of an envelope becomes a stream's name or stands in the clear, by pointer. */
function idsOf({ id, correlationid, causationid, type, data }: SubmittedCloudEvent): readonly [string, unknown][] {
  return [
    ['/id', id],
    ['/correlationid', correlationid],
    ['/causationid', causationid],
    ...(type === factCorrected.type ? [['/data/fact/corrects', data.fact['corrects']] as [string, unknown]] : []),
    ...(type === factWithdrawn.type ? [['/data/fact/withdraws', data.fact['withdraws']] as [string, unknown]] : []),
  ];
}
