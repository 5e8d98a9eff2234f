import { ORDINARY } from '../bases.ts';
import type { FactDefinition } from '../definition.ts';
import { dataOf, indexCode, indexDay, indexId, maybe, words, textIn } from '../fields.ts';

/** National curriculum years, nursery and reception included (CTF `NCyearActual`). */
export const YEAR_GROUPS = [
  'N1',
  'N2',
  'R',
  '1',
  '2',
  '3',
  '4',
  '5',
  '6',
  '7',
  '8',
  '9',
  '10',
  '11',
  '12',
  '13',
  '14',
] as const;

export const enrolmentStarted: FactDefinition = {
  type: 'education.enrolment-started.v1',
  sector: 'education',
  category: 'education.enrolment',
  says: 'A child came on the roll of a setting.',
  data: dataOf({
    setting: indexId('URN of the setting, or its id in this area'),
    startDate: indexDay('first day on the roll'),
    yearGroup: maybe(indexCode('national curriculum year', YEAR_GROUPS)),
    registrationGroup: maybe(words('class or registration group', 100)),
  }),
  example: { setting: '100101', startDate: '2026-09-03', yearGroup: '4', registrationGroup: 'Kestrels' },
  happened: 'startDate',
  bases: ORDINARY,
  relationship: {
    effect: 'starts',
    of: (data) => ({ kind: 'on-roll', name: `setting:${textIn(data, 'setting')}`, day: textIn(data, 'startDate') }),
  },
};
