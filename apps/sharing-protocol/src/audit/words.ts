/** What each stable reason of a refusal means, for whoever has to answer for it. */
const WORDS: Readonly<Record<string, string>> = {
  'organisation-unknown': 'The organisation is not, or no longer, registered with the hub.',
  'role-lacks-purpose': 'The role may not look for this purpose.',
  'child-unknown': 'Nobody was known by what was asked.',
  'no-relationship': 'Nothing says that the reader works with, or cares for, the child.',
  sealed: 'What was asked for is sealed: nobody reads it by an agreement.',
  restricted: 'What was asked for is restricted, and the purpose is not one it is restricted to.',
  'no-agreement': 'No agreement in force covers this source, recipient, category, purpose and role.',
  'no-consent': 'It rests on consent, and none was in force.',
  'consent-conflicting': 'Those who may consent disagree.',
  'consent-refused': 'Consent was refused or withdrawn.',
  'decided-not-to-share': 'A professional decided, with a stated ground, not to share.',
  'not-own-record': 'The record is another organisation’s.',
  'not-own-query': 'There is no such question of theirs.',
  'export-budget-reached': 'The reader was handed as many decisions as may be in one day.',
  HUB_PURPOSE_NOT_YOURS: 'The role may not look for this purpose.',
  HUB_ROLE_NOT_ALLOWED: 'The role may not use this route.',
  HUB_ACTING_ROLE_NOT_YOURS: 'The role named is not the one signed in with.',
};

/** A reason in words; its id alone where a later release made it. */
export function wordsOf(reason: string): string {
  return Object.hasOwn(WORDS, reason) ? (WORDS[reason] ?? reason) : reason;
}
