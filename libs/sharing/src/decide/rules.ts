import type { Category, Purpose, Role } from '#contracts';
import { sensitivityOf } from '#contracts';

/** POLICY RELEASE 2026.1. Data of the rules; changed by release together with `cedar/policies.cedar` and `POLICY_RELEASE`. */

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

/** True where the sensitivity of a category lets a role look for a purpose at all. Restricted categories without an entry: nobody. */
export function restrictionAllows(category: Category, purpose: Purpose, role: Role): boolean {
  return sensitivityOf(category) !== 'restricted' || (RESTRICTED[category]?.[purpose]?.includes(role) ?? false);
}
