import { SOCIAL_CARE } from '../bases.ts';
import type { FactDefinition } from '../definition.ts';
import { dataOf, indexDay, indexId, maybe, words } from '../fields.ts';

export const shortBreakArranged: FactDefinition = {
  type: 'social-care.short-break-arranged.v1',
  sector: 'social-care',
  category: 'social.short-breaks',
  says: 'A short break was arranged (Children Act 1989 sch. 2 para. 6; Breaks for Carers Regulations 2011).',
  data: dataOf({
    setting: indexId('where the child stays'),
    startDate: indexDay('first day'),
    endDate: indexDay('last day'),
    note: maybe(words('what the setting must know')),
  }),
  example: {
    setting: 'short-break-unit-2',
    startDate: '2026-10-10',
    endDate: '2026-10-12',
    note: 'Quiet room asked for.',
  },
  happened: 'startDate',
  bases: SOCIAL_CARE,
};
