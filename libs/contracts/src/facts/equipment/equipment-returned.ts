import { ORDINARY } from '../bases.ts';
import type { FactDefinition } from '../definition.ts';
import { dataOf, indexCode, indexDay, indexId, maybe, words } from '../fields.ts';
import { EQUIPMENT_KINDS } from './kinds.ts';

export const equipmentReturned: FactDefinition = {
  type: 'equipment.returned.v1',
  sector: 'any',
  category: 'equipment.custody',
  says: 'The equipment of a child went back to its store.',
  data: dataOf({
    asset: indexId('id of the asset in this area, as on its label'),
    kind: indexCode('what it is', EQUIPMENT_KINDS),
    from: indexId('setting it left'),
    to: indexId('store it went to'),
    returnedOn: indexDay('day it arrived'),
    note: maybe(words('condition, training, what goes with it')),
  }),
  example: {
    asset: 'radio-aid-0017',
    kind: 'radio-aid',
    from: '100103',
    to: 'equipment-store',
    returnedOn: '2028-07-20',
    note: 'Transmitter and two receivers.',
  },
  happened: 'returnedOn',
  bases: ORDINARY,
};
