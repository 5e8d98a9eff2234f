import { Type } from '@sinclair/typebox';
import { HEALTH } from '../bases.ts';
import type { FactDefinition } from '../definition.ts';
import { dataOf, indexDay, maybe, words } from '../fields.ts';

/**
 * The outcome only. The message also carries the tests of each ear; those are clinical detail that a setting has no need of to support a
 * child, so they are not taken in (UK GDPR art. 5(1)(c): no more than is necessary).
 */
export const newbornHearingOutcome: FactDefinition = {
  type: 'health.newborn-hearing-outcome.v1',
  sector: 'health',
  category: 'health.screening',
  says: 'The newborn hearing screening programme came to an outcome (DCH event 021, NEMS newborn-hearing-1).',
  data: dataOf({
    screenedOn: indexDay('day of the screening'),
    outcomeCode: Type.String({
      description: 'SNOMED CT code of the outcome',
      pattern: '^[0-9]{6,18}$',
      fieldClass: 'content',
    }),
    outcome: maybe(words('the outcome in words', 500)),
  }),
  example: {
    screenedOn: '2017-10-31',
    outcomeCode: '276781000000109',
    outcome: 'Newborn hearing screening programme completed, clear response no follow-up required',
  },
  happened: 'screenedOn',
  bases: HEALTH,
};
