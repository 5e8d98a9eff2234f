import { ORDINARY } from '../bases.ts';
import type { FactDefinition } from '../definition.ts';
import { dataOf, indexCode, indexDay, indexId, maybe, words } from '../fields.ts';
import { EQUIPMENT_KINDS } from './kinds.ts';

export const equipmentIssued: FactDefinition = {
  type: 'equipment.issued.v1',
  sector: 'any',
  category: 'equipment.custody',
  says: 'A piece of specialist equipment was issued for a child.',
  data: dataOf({
    asset: indexId('id of the asset in this area, as on its label'),
    kind: indexCode('what it is', EQUIPMENT_KINDS),
    setting: indexId('where it is used'),
    issuedOn: indexDay('day it was issued'),
    note: maybe(words('condition, training, what goes with it')),
  }),
  example: {
    asset: 'radio-aid-0017',
    kind: 'radio-aid',
    setting: '100101',
    issuedOn: '2022-10-03',
    note: 'Transmitter and two receivers.',
  },
  happened: 'issuedOn',
  bases: ORDINARY,
};
