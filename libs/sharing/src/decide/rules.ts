import { sensitivityOf, type AgreementInForce, type Category, type Purpose, type Role } from '#contracts';

/** POLICY RELEASE 2026.2. Data of the rules; changed by release together with `cedar/policies.cedar` and `POLICY_RELEASE`. */

/**
 * Who may see restricted categories, and for what, whatever an agreement or their own organisation says: those who act on the
 * safety of a child; for youth justice also those who plan the way out of custody.
 */
const RESTRICTED: Partial<Record<Category, Partial<Record<Purpose, readonly Role[]>>>> = {
  'social.child-in-need': { safeguarding: ['social-worker', 'safeguarding-lead'] },
  'social.child-protection': { safeguarding: ['social-worker', 'safeguarding-lead'] },
  'social.looked-after': { safeguarding: ['social-worker', 'safeguarding-lead'] },
  'youth-justice': {
    safeguarding: ['social-worker', 'safeguarding-lead'],
    transition: ['social-worker', 'send-caseworker'],
  },
};

/** Purposes for which nobody reads facts about a child: counts, the account of looks, and keeping the system running are answered otherwise. */
const WITHOUT_FACTS: readonly Purpose[] = ['service-planning', 'statutory-return', 'audit', 'system-support'];

/** True where facts about a child are read for this purpose at all, whatever is agreed. */
export function opensFacts(purpose: Purpose): boolean {
  return !WITHOUT_FACTS.includes(purpose);
}

/**
 * True where the sensitivity of a category lets a role look for a purpose at all. Restricted categories without an entry: nobody. Those of
 * another organisation only for the safety of a child, and then never more than that they exist ({@link modeOf}).
 */
export function restrictionAllows(category: Category, purpose: Purpose, role: Role, own: boolean): boolean {
  if (sensitivityOf(category) !== 'restricted') return true;
  return (own || purpose === 'safeguarding') && (RESTRICTED[category]?.[purpose]?.includes(role) ?? false);
}

/** Whether an agreement lets facts of a category be read, or only be known of. What it names under both is only to be known of. */
export function modeOf(category: Category, agreement: AgreementInForce): 'content' | 'existence' {
  const narrowed = agreement.terms?.existenceOnly.includes(category) ?? false;
  return narrowed || sensitivityOf(category) === 'restricted' ? 'existence' : 'content';
}

/** True for what an emergency access opens: nothing sealed, and restricted facts only for the safety of a child. */
export function emergencyOpens(category: Category, purpose: Purpose): boolean {
  const sensitivity = sensitivityOf(category);
  return (
    opensFacts(purpose) && sensitivity !== 'sealed' && (sensitivity !== 'restricted' || purpose === 'safeguarding')
  );
}
