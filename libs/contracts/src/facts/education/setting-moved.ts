import { ORDINARY } from '../bases.ts';
import type { FactDefinition } from '../definition.ts';
import { dataOf, indexDay, indexId } from '../fields.ts';

export const settingMoved: FactDefinition = {
  type: 'education.setting-moved.v1',
  sector: 'education',
  category: 'education.enrolment',
  says: 'A child moved from one setting to another: what has to follow, follows (equipment, plans, contacts).',
  data: dataOf({
    from: indexId('setting left'),
    to: indexId('setting joined'),
    movedOn: indexDay('first day at the new setting'),
  }),
  example: { from: '100101', to: '100103', movedOn: '2026-09-03' },
  happened: 'movedOn',
  bases: ORDINARY,
};
