import { ORDINARY } from '../bases.ts';
import type { FactDefinition } from '../definition.ts';
import { dataOf, indexCode, indexDay, indexId, maybe, words } from '../fields.ts';
import { EQUIPMENT_KINDS } from './kinds.ts';

export const equipmentTransferred: FactDefinition = {
  type: 'equipment.transferred.v1',
  sector: 'any',
  category: 'equipment.custody',
  says: 'The equipment of a child went from one setting to another.',
  data: dataOf({
    asset: indexId('id of the asset in this area, as on its label'),
    kind: indexCode('what it is', EQUIPMENT_KINDS),
    from: indexId('setting it left'),
    to: indexId('setting it went to'),
    transferredOn: indexDay('day it arrived'),
    note: maybe(words('condition, training, what goes with it')),
  }),
  example: {
    asset: 'radio-aid-0017',
    kind: 'radio-aid',
    from: '100101',
    to: '100103',
    transferredOn: '2026-09-04',
    note: 'Transmitter and two receivers.',
  },
  happened: 'transferredOn',
  bases: ORDINARY,
};
