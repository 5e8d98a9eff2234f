import type { PlainDate } from '#kernel';
import type { Category, ConsentGiven, ConsentRefused, Purpose } from '#contracts';
import type { Protection, WithdrawnDirective } from '../model.ts';
import { standingOf, type AuthorityStanding } from './authority.ts';

/** How consent stands for one category and purpose on a day. */
export type ConsentState =
  | {
      readonly state: 'given';
      readonly consent: ConsentGiven;
      /** What the giver's word rests on. */
      readonly authority: Exclude<AuthorityStanding, 'none'>;
    }
  | { readonly state: 'refused' | 'withdrawn' | 'expired' | 'conflicting' | 'not-given' };

/** Who spoke, from the one whose word holds over all others: a court, the child or young person, those who decide for the child. */
const TIERS: Readonly<Record<ConsentGiven['authority'], 0 | 1 | 2>> = {
  'court-order': 0,
  'gillick-competent-child': 1,
  'young-person-16': 1,
  'parental-responsibility': 2,
};

/** What one tier said. */
interface Said {
  readonly refusals: ConsentRefused[];
  /** In force and resting on something. */
  readonly given: Extract<ConsentState, { readonly state: 'given' }>[];
  readonly withdrawn: WithdrawnDirective[];
  /** Past its last day. */
  expired: boolean;
  /** What it rested on is over. */
  lapsed: boolean;
}

/**
 * How consent stands for one category and purpose (decision 14 has the table). A court's word first, then the child's own, then that of
 * those who decide for it; two of these who disagree stop what rests on consent. A refusal always counts, whatever it rests on, so
 * that an authority which ends opens nothing. What was said under linked children counts from all of them.
 */
export function consentState(
  category: Category,
  purpose: Purpose,
  day: PlainDate,
  protections: readonly Protection[],
): ConsentState {
  if (!protections.some(isSpokenOf)) return NOT_GIVEN;
  const [court, own, carers] = saidOn(category, purpose, day, protections);
  if (court.refusals.length > 0) return { state: 'refused' };
  return preferred(court.given) ?? ownWord(own) ?? carersWord(carers);
}

/** Of several consents the one to cite: recorded evidence before one's own word, then by id, so that order of arrival doesn't show. */
function preferred(given: Said['given']): Said['given'][number] | undefined {
  const rank = ({ authority, consent }: Said['given'][number]): string =>
    `${authority === 'recorded' ? '0' : '1'} ${consent.consent}`;
  return given.reduce<Said['given'][number] | undefined>(
    (best, each) => (best === undefined || rank(each) < rank(best) ? each : best),
    undefined,
  );
}

const NOT_GIVEN: ConsentState = Object.freeze({ state: 'not-given' });

/** Of most children nobody ever said anything. */
function isSpokenOf({ consents, refusals, withdrawn }: Protection): boolean {
  return consents.size + refusals.size + withdrawn.size !== 0;
}

/** The child's or young person's own word; undefined where there is none, or none that counts. */
function ownWord({ refusals, given, withdrawn, expired }: Said): ConsentState | undefined {
  if (refusals.length > 0) return { state: 'refused' };
  const best = preferred(given);
  if (best !== undefined) return best;
  // Who took back their own consent, or gave it for a time, has decided: nobody else's word brings it back.
  if (withdrawn.some(({ was }) => was === 'given')) return { state: 'withdrawn' };
  return expired ? { state: 'expired' } : undefined;
}

function carersWord({ refusals, given, withdrawn, expired, lapsed }: Said): ConsentState {
  if (refusals.length > 0) {
    const refusers = new Set(refusals.map(personOf));
    const disagree = given.some(({ consent }) => !refusers.has(personOf(consent)));
    return { state: disagree ? 'conflicting' : 'refused' };
  }
  const best = preferred(given);
  if (best !== undefined) return best;
  if (withdrawn.length > 0) return { state: 'withdrawn' };
  return { state: expired || lapsed ? 'expired' : 'not-given' };
}

function saidOn(
  category: Category,
  purpose: Purpose,
  day: PlainDate,
  protections: readonly Protection[],
): readonly [Said, Said, Said] {
  const tiers = [nothingSaid(), nothingSaid(), nothingSaid()] as const;
  for (const { consents, refusals, withdrawn } of protections) {
    for (const refusal of refusals.values())
      if (covers(refusal, category, purpose)) tiers[TIERS[refusal.authority]].refusals.push(refusal);
    for (const consent of consents.values()) {
      if (!covers(consent, category, purpose)) continue;
      const tier = tiers[TIERS[consent.authority]];
      if (consent.until !== null && consent.until < day) {
        tier.expired = true;
        continue;
      }
      const authority = standingOf(consent, category, purpose, day, protections);
      if (authority === 'none') tier.lapsed = true;
      else tier.given.push({ state: 'given', consent, authority });
    }
    for (const directive of withdrawn.values())
      if (covers(directive, category, purpose))
        tiers[TIERS[directive.authority ?? 'parental-responsibility']].withdrawn.push(directive);
  }
  return tiers;
}

function nothingSaid(): Said {
  return { refusals: [], given: [], withdrawn: [], expired: false, lapsed: false };
}

/** Consents and refusals of before who spoke was kept are one person's. */
function personOf({ by, organisation }: Pick<ConsentGiven, 'by' | 'organisation'>): string {
  return organisation === undefined ? `person ${by ?? ''}` : `organisation ${organisation}`;
}

function covers(
  directive: Pick<ConsentGiven, 'categories' | 'purposes'>,
  category: Category,
  purpose: Purpose,
): boolean {
  return directive.categories.includes(category) && directive.purposes.includes(purpose);
}
