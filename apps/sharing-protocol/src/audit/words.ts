import type { RefusalId } from '#sharing';

/** What each refusal of the rules means, for whoever has to answer for it; a rule without words does not compile. */
const REFUSALS: Readonly<Record<RefusalId, string>> = {
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
  'purpose-without-facts': 'For this purpose nobody reads facts about a child.',
  'decided-not-to-share': 'A professional decided, with a stated ground, not to share.',
};

/** Reasons that stand in looks besides: of the guard, of administration, of this desk. */
const OTHERS: Readonly<Record<string, string>> = {
  'not-own-record': 'The record is another organisation’s.',
  'not-own-query': 'There is no such question of theirs.',
  'own-access': 'It is said of their own accesses, which others account for.',
  'export-budget-reached': 'The reader was handed as many decisions as may be in one day.',
  'not-for-this-purpose': 'It was not subscribed for, or is not stated for, this purpose.',
  erasure: 'What is kept of the child was to be erased.',
  'article-17': 'The ground is UK GDPR article 17.',
  'retention-ended': 'The ground is that the time of keeping is over.',
  'court-order': 'The ground is the order of a court.',
  HUB_PURPOSE_NOT_YOURS: 'The role may not look for this purpose.',
  HUB_ROLE_NOT_ALLOWED: 'The role may not use this route.',
  HUB_ACTING_ROLE_NOT_YOURS: 'The role named is not the one signed in with.',
};

const WORDS: ReadonlyMap<string, string> = new Map([...Object.entries(REFUSALS), ...Object.entries(OTHERS)]);

/** A reason in words; its id alone where nobody gave it any. */
export function wordsOf(reason: string): string {
  return WORDS.get(reason) ?? reason;
}
