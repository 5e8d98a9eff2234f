import { HEALTH } from '../bases.ts';
import type { FactDefinition } from '../definition.ts';
import { dataOf, indexDay, sealedCount, words } from '../fields.ts';

export const immunisationGiven: FactDefinition = {
  type: 'health.immunisation-given.v1',
  sector: 'health',
  category: 'health.immunisation',
  says: 'An immunisation was given (DCH event 015).',
  data: dataOf({
    givenOn: indexDay('day it was given'),
    vaccine: words('the vaccine', 200),
    dose: sealedCount('which dose of the course', 1, 10),
  }),
  example: { givenOn: '2023-07-03', vaccine: '6-in-1', dose: 1 },
  happened: 'givenOn',
  bases: HEALTH,
};
