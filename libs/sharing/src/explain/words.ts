import type { OrganisationId } from '#kernel';
import { LAWFUL_WORDS, OBLIGATION_WORDS } from '#contracts';
import type { Permit, RefusalId, Registry } from '../model.ts';

/** Why something is refused, as a person reads it. */
export const REFUSAL_WORDS: Readonly<Record<RefusalId, string>> = {
  'organisation-unknown': 'The organisation is not registered in this area.',
  'role-lacks-purpose': 'People in this role may not look for this purpose, whoever the child is.',
  'child-unknown': 'What the decision needs could not be read, so nothing is shown.',
  'no-relationship':
    'Nothing says that this person works with the child: no roll, caseload, referral, allocation, plan or claim.',
  sealed: 'Sealed facts are for the professionals of the organisation that stated them, and for nobody else.',
  restricted:
    'Restricted facts are for those who act on the safety of a child; of another organisation only their existence may be known, for safeguarding.',
  'no-agreement': 'No agreement in force names this source, category, purpose and role.',
  'no-consent': 'These facts rest on consent, and none is in force for this category and purpose.',
  'consent-conflicting': 'These facts rest on consent, and those who may give it disagree.',
  'consent-refused': 'These facts rest on consent, and it was refused.',
  'purpose-without-facts':
    'For this purpose nobody reads facts about a child: it is served by counts, or by the account of looks.',
  'decided-not-to-share': 'The organisation that stated these facts decided not to share them.',
};

/** Why something may be seen, and how much of it: one sentence for each reason. */
export function permitWords(permit: Permit, registry: Registry): readonly string[] {
  const { rule, agreement, consent, sharingDecision, mode, obligations, minimum } = permit;
  const agreed = agreement === undefined ? undefined : registry.agreements.get(agreement.id);
  return [
    ...(rule === 'own-organisation' ? ['It was stated by their own organisation.'] : []),
    ...(rule === 'break-glass' ? ['An emergency access to this child is in force.'] : []),
    ...(agreement === undefined
      ? []
      : [`The agreement "${agreed?.title ?? agreement.id}", version ${String(agreement.version)}, lets it be seen.`]),
    ...(agreed?.terms?.bases.lawful ?? []).map((each) => LAWFUL_WORDS[each]),
    ...(consent === undefined ? [] : ['It rests on consent, which is given.']),
    ...(sharingDecision === undefined
      ? []
      : ['It rests on consent, and its source decided to share it without, for a reason it recorded.']),
    ...(mode === 'existence' ? ['Only that it exists is shown, not what it says.'] : []),
    ...(Object.keys(minimum).length === 0 ? [] : ['Of some kinds of fact only what is needed is shown.']),
    ...obligations.map((each) => OBLIGATION_WORDS[each]),
  ];
}

/** The name an organisation is registered under; its id where it is not. */
export function nameOf(organisation: OrganisationId, registry: Registry): string {
  return registry.organisations.get(organisation)?.name ?? organisation;
}
