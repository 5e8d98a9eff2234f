import { ORDINARY } from '../bases.ts';
import type { FactDefinition } from '../definition.ts';
import { dataOf, indexDay, indexId, textIn } from '../fields.ts';

export const enrolmentEnded: FactDefinition = {
  type: 'education.enrolment-ended.v1',
  sector: 'education',
  category: 'education.enrolment',
  says: 'A child went off the roll of a setting; the last day is included.',
  data: dataOf({
    setting: indexId('URN of the setting, or its id in this area'),
    endDate: indexDay('last day on the roll'),
  }),
  example: { setting: '100101', endDate: '2026-07-17' },
  happened: 'endDate',
  bases: ORDINARY,
  relationship: {
    effect: 'ends',
    of: (data) => ({ kind: 'on-roll', name: `setting:${textIn(data, 'setting')}`, day: textIn(data, 'endDate') }),
  },
};
