import type { RelationshipKind } from '../../stored/protection-events.ts';
import { ORDINARY } from '../bases.ts';
import type { FactDefinition } from '../definition.ts';
import { dataOf, indexCode, indexDay, relationshipWord, textIn } from '../fields.ts';
import { STATED_KINDS } from './relationship-started.ts';

export const relationshipEnded: FactDefinition = {
  type: 'any.relationship-ended.v1',
  sector: 'any',
  category: 'identity.core',
  says: "A legitimate relationship of the organisation's people with the child ended; the last day is included.",
  data: dataOf({
    kind: indexCode('why there was one', STATED_KINDS),
    name: relationshipWord('as its start named it'),
    endDate: indexDay('last day'),
  }),
  example: { kind: 'caseload', name: 'health-visiting', endDate: '2026-08-31' },
  happened: 'endDate',
  bases: ORDINARY,
  relationship: {
    effect: 'ends',
    of: (data) => ({
      kind: textIn(data, 'kind') as RelationshipKind,
      name: textIn(data, 'name'),
      day: textIn(data, 'endDate'),
    }),
  },
};
