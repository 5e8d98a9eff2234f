import { AUTHORITY_EVIDENCE, type AuthorityEvidence, type AuthorityKind } from '../../stored/authority-events.ts';
import { ORDINARY } from '../bases.ts';
import type { FactDefinition } from '../definition.ts';
import { dataOf, indexDay, maybe, personId, sealedCode, textIn } from '../fields.ts';

/** Kinds a fact can state: of a care order the holder is an organisation, which records it itself. */
const KINDS = (Object.keys(AUTHORITY_EVIDENCE) as AuthorityKind[]).filter((kind) => kind !== 'care-order');
const EVIDENCE = KINDS.flatMap((kind): readonly AuthorityEvidence[] => AUTHORITY_EVIDENCE[kind]);

export const authorityRecorded: FactDefinition = {
  type: 'any.authority-recorded.v1',
  sector: 'any',
  category: 'identity.core',
  says: 'The organisation saw what shows that somebody may decide for the child: parental responsibility, an order, an appointment.',
  data: dataOf({
    kind: sealedCode('which authority', KINDS),
    evidence: sealedCode('what shows it', EVIDENCE),
    person: maybe(personId('who: the subject of the sign-in; left out where the source knows people by other names')),
    startDate: indexDay('first day'),
    endDate: maybe(indexDay('last day, included; before the first where it never held')),
  }),
  example: {
    kind: 'parental-responsibility',
    evidence: 'birth-registration',
    person: 'person-3d77',
    startDate: '2018-03-20',
  },
  happened: 'startDate',
  bases: ORDINARY,
  authority: {
    of: (data) => ({
      kind: textIn(data, 'kind') as AuthorityKind,
      evidence: textIn(data, 'evidence') as AuthorityEvidence,
      day: textIn(data, 'startDate'),
      ...(data['endDate'] === undefined ? {} : { lastDay: textIn(data, 'endDate') }),
      ...(data['person'] === undefined ? {} : { person: textIn(data, 'person') }),
    }),
  },
};
