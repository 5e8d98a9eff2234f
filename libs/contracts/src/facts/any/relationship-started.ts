import type { RelationshipKind } from '../../stored/protection-events.ts';
import { ORDINARY } from '../bases.ts';
import type { FactDefinition } from '../definition.ts';
import { dataOf, indexCode, indexDay, maybe, personId, relationshipWord, textIn } from '../fields.ts';

/** Kinds an organisation states by this fact; `on-roll` comes from an enrolment. */
export const STATED_KINDS = ['caseload', 'referral', 'allocation', 'named-on-plan', 'family'] as const;

export const relationshipStarted: FactDefinition = {
  type: 'any.relationship-started.v1',
  sector: 'any',
  category: 'identity.core',
  says: "A legitimate relationship of the organisation's people with the child began: why they may work with it.",
  data: dataOf({
    kind: indexCode('why', STATED_KINDS),
    name: relationshipWord('names one of several of a kind; its end names the same'),
    startDate: indexDay('first day'),
    team: maybe(relationshipWord('only this team')),
    person: maybe(personId('only this person: the subject of the sign-in')),
  }),
  example: { kind: 'caseload', name: 'health-visiting', startDate: '2022-09-06', team: 'health-visiting-north' },
  happened: 'startDate',
  bases: ORDINARY,
  relationship: {
    effect: 'starts',
    of: (data) => ({
      kind: textIn(data, 'kind') as RelationshipKind,
      name: textIn(data, 'name'),
      day: textIn(data, 'startDate'),
      ...(data['team'] === undefined ? {} : { team: textIn(data, 'team') }),
      ...(data['person'] === undefined ? {} : { person: textIn(data, 'person') }),
    }),
  },
};
