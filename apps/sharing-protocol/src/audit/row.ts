import type { LookContent } from '#contracts';
import type { AuditScope } from '#sharing';
import { wordsOf } from './words.ts';

/** One decision with everything that explains it, as far as whoever asks may know it. */
export interface AuditRow {
  readonly decision: string;
  /** Id of the event in the log, made from the hash of its bytes: what a receipt proves. */
  readonly event: string;
  readonly time: string;
  readonly effect: 'permit' | 'deny' | 'aborted';
  readonly organisation: string;
  readonly role: string;
  /** Who looked: of one's own people, and for the area's officer. Null for others. */
  readonly user: string | null;
  readonly team: string | null;
  readonly acr: string | null;
  readonly client: string | null;
  readonly purpose: string;
  readonly detail: string | null;
  readonly route: string;
  readonly child: string | null;
  /** What might be read of whom, and what allowed it. */
  readonly slices: LookContent['slices'];
  readonly reasons: readonly { readonly reason: string; readonly words: string }[];
  readonly relationship: { readonly kind: string; readonly id: string | null } | null;
  readonly breakGlass: string | null;
  readonly obligations: readonly string[];
  readonly alarm: boolean;
  /** How many facts were disclosed; null to an organisation where others looked: it might count other sources' facts. */
  readonly facts: number | null;
  readonly policy: string;
  readonly registryRevision: number;
  /** Revisions of what was in force for the child and those linked to it. */
  readonly protection: LookContent['protection'];
  readonly request: string | null;
}

/** A look that was opened, with where it stands. */
export interface OpenedLook {
  readonly decision: string;
  readonly event: string;
  readonly aborted: boolean;
  readonly look: LookContent;
}

/**
 * The whole decision for the area's officer and for whoever's person looked. Of a look by others at its facts an organisation is told
 * which organisation, role and purpose it was and what of its own might be read: nobody's name, no other source, and no number that
 * grows with what others wrote about the child.
 */
export function auditRow({ decision, event, aborted, look }: OpenedLook, scope: AuditScope): AuditRow {
  const { reader, relationship } = look;
  const base = {
    decision,
    event,
    time: look.at,
    effect: aborted ? ('aborted' as const) : look.effect,
    organisation: reader.organisation,
    role: reader.role,
    purpose: look.purpose,
    route: look.route,
    child: look.child,
    reasons: look.reasons.map((reason) => ({ reason, words: wordsOf(reason) })),
    breakGlass: look.breakGlass ?? null,
    policy: look.policy,
    registryRevision: look.registryRevision,
  };
  if (scope.of === 'organisation' && scope.organisation !== reader.organisation) {
    const slices = look.slices.filter(({ organisation }) => organisation === scope.organisation);
    return {
      ...base,
      user: null,
      team: null,
      acr: null,
      client: null,
      detail: null,
      slices,
      relationship: relationship === undefined ? null : { kind: relationship.kind, id: null },
      obligations: [],
      alarm: false,
      // A number for some and none for others would tell that there were other sources.
      facts: null,
      protection: [],
      request: null,
    };
  }
  return {
    ...base,
    user: reader.sub,
    team: reader.team ?? null,
    acr: reader.acr,
    client: reader.client,
    detail: look.detail ?? null,
    slices: look.slices,
    relationship: relationship === undefined ? null : { kind: relationship.kind, id: relationship.id },
    obligations: look.obligations ?? [],
    alarm: look.alarm ?? false,
    facts: look.facts.length,
    protection: look.protection,
    request: look.requestId,
  };
}
