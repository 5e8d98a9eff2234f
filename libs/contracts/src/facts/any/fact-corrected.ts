import { Type } from '@sinclair/typebox';
import { ORDINARY } from '../bases.ts';
import type { FactDefinition } from '../definition.ts';
import { dataOf, maybe, words } from '../fields.ts';

export const factCorrected: FactDefinition = {
  type: 'any.fact-corrected.v1',
  sector: 'any',
  category: 'identity.core',
  says: 'An organisation says one of its own facts again, rightly. Category and basis are those of the fact; it may arrive before it.',
  data: dataOf({
    corrects: Type.String({
      description: 'CloudEvents id of the fact',
      minLength: 1,
      maxLength: 200,
      fieldClass: 'content',
    }),
    type: Type.String({ description: 'type of the fact', minLength: 1, maxLength: 100, fieldClass: 'content' }),
    fact: Type.Record(Type.String(), Type.Unknown(), {
      description: 'the whole fact as it should be',
      fieldClass: 'content',
    }),
    reason: maybe(words('why, for those who saw the first', 500)),
  }),
  example: {
    corrects: 'enrol-2201',
    type: 'education.enrolment-started.v1',
    fact: { setting: '100101', startDate: '2026-09-04' },
    reason: 'First day was a training day.',
  },
  bases: ORDINARY,
};
