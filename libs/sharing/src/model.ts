import type { ChildId, Instant, OrganisationId, PlainDate } from '#kernel';
import type {
  AgreementApproved,
  AgreementContent,
  AgreementInForce,
  AgreementTerms,
  AuthorityRecorded,
  BreakGlassGranted,
  Category,
  CompetenceAssessed,
  ConsentGiven,
  ConsentRefused,
  Obligation,
  ObjectionDecided,
  ObjectionMade,
  OrganisationRegistered,
  Purpose,
  RelationshipClaimed,
  RelationshipEnded,
  RelationshipStarted,
  Role,
  SharingDecided,
} from '#contracts';

/** Who reads, as the sign-in says; never from a header, except the purpose. */
export interface Reader {
  /** Pseudonymous subject of the sign-in. */
  readonly sub: string;
  readonly organisation: OrganisationId;
  readonly role: Role;
  readonly team?: string;
  /** Level of authentication (RFC 9470). */
  readonly acr: string;
  /** When the person signed in (OIDC `auth_time`), seconds since 1970-01-01T00:00Z; absent for systems. */
  readonly authTime?: number;
  readonly client: string;
}

/** Fold of `registry`, indexed for decisions. Built by `registry.ts`; immutable. */
export interface Registry {
  /** Revision of the last event folded; -1 for none. */
  readonly revision: number;
  readonly organisations: ReadonlyMap<
    OrganisationId,
    OrganisationRegistered & { readonly revokedKeys: ReadonlySet<string> }
  >;
  /** The version of each agreement that holds: neither ended nor suspended. The only ones that decisions read. */
  readonly agreements: ReadonlyMap<string, AgreementInForce>;
  /** Agreements by recipient and purpose, `recipient purpose` → agreements. */
  readonly byRecipient: ReadonlyMap<string, readonly AgreementInForce[]>;
  /** The greatest version each agreement ever had, ended ones included: versions only grow. */
  readonly versions: ReadonlyMap<string, number>;
  /** Everything of each agreement's life, drafts and approvals included; no decision about a child reads it. */
  readonly book: ReadonlyMap<string, AgreementRecord>;
}

/** One version as it was drafted, and who approved it. */
export interface AgreementDraft {
  readonly content: AgreementContent;
  /** By party. */
  readonly approvals: ReadonlyMap<OrganisationId, AgreementApproved>;
  readonly withdrawn: boolean;
}

/** The life of one agreement. */
export interface AgreementRecord {
  /** The parties, for good: no version has others. */
  readonly source: OrganisationId;
  readonly recipient: OrganisationId;
  readonly drafts: ReadonlyMap<number, AgreementDraft>;
  /** Versions that came into force and were neither undone nor ended, the one that holds last. */
  readonly held: readonly AgreementInForce[];
  /** Every version that ever came into force. */
  readonly came: ReadonlySet<number>;
  readonly undone: ReadonlySet<number>;
  /** The parties that suspended it; it holds while there are none. */
  readonly suspendedBy: ReadonlySet<OrganisationId>;
}

/** Fold of one `protection-<childId>`. Immutable. */
export interface Protection {
  readonly child: ChildId;
  readonly revision: number;
  readonly consents: ReadonlyMap<string, ConsentGiven>;
  readonly refusals: ReadonlyMap<string, ConsentRefused>;
  /** Consents and refusals that were withdrawn, by id: an id once withdrawn never counts again. */
  readonly withdrawn: ReadonlyMap<string, WithdrawnDirective>;
  /** Relationships by the fact that started them. */
  readonly starts: ReadonlyMap<string, RelationshipStarted>;
  /** Ends by the fact that said so; may be there before their start. */
  readonly ends: ReadonlyMap<string, RelationshipEnded>;
  /** Claims of a relationship that were not ended early, by id. */
  readonly claims: ReadonlyMap<string, RelationshipClaimed>;
  /** Emergency accesses that were not ended early, by grant. */
  readonly grants: ReadonlyMap<string, BreakGlassGranted>;
  /** Decisions to share or not that were not ended, by id. */
  readonly sharingDecisions: ReadonlyMap<string, SharingDecided>;
  /** Ids of claims, grants and decisions that were ended: an id once ended never counts again. */
  readonly over: ReadonlySet<string>;
  /** Who may decide for the child, by id; those that ended too. */
  readonly authorities: ReadonlyMap<string, AuthorityRecorded>;
  /** Authorities that ended, and the first day on which each does not hold. */
  readonly authorityEnds: ReadonlyMap<string, { readonly recorded: AuthorityRecorded; readonly endedOn: PlainDate }>;
  /** Whether the child may decide, by assessment. */
  readonly assessments: ReadonlyMap<string, CompetenceAssessed>;
  /** Objections of the family and what became of them, by id. */
  readonly objections: ReadonlyMap<string, { readonly made: ObjectionMade; readonly decided?: ObjectionDecided }>;
}

/** What is remembered of a consent or refusal that was withdrawn. */
export type WithdrawnDirective = Pick<ConsentGiven, 'categories' | 'purposes'> & {
  readonly authority?: ConsentGiven['authority'];
  readonly was?: 'given' | 'refused';
};

/** The unit of decision: facts of one source and category, those that rest on consent apart. */
export interface Slice {
  readonly organisation: OrganisationId;
  readonly category: Category;
  readonly reliesOnConsent: boolean;
}

/** What is asked. Several protections where children are linked: the union, the most restrictive wins. */
export interface Question {
  readonly reader: Reader;
  readonly purpose: Purpose;
  readonly at: Instant;
  /** The grant of emergency access the reader says to act under (Hub-Break-Glass); counts only if it is theirs and in force. */
  readonly breakGlass?: string;
  /** Undefined where the stream could not be read: a refusal, and an alarm. */
  readonly registry: Registry | undefined;
  /** Undefined, empty or with a gap where a stream could not be read: a refusal, and an alarm. */
  readonly protections: readonly (Protection | undefined)[] | undefined;
}

/** The rules of the policy release, by the id the published Cedar text bears too. */
export type RuleId = 'agreement' | 'own-organisation' | 'break-glass';
/** Why a slice, or everything, is refused; stable ids. */
export type RefusalId =
  | 'organisation-unknown'
  | 'role-lacks-purpose'
  | 'child-unknown'
  | 'no-relationship'
  | 'sealed'
  | 'restricted'
  | 'no-agreement'
  | 'no-consent'
  | 'consent-conflicting'
  | 'decided-not-to-share'
  | 'purpose-without-facts'
  | 'consent-refused';

/** The answer for one slice, with what allowed or refused it. */
export type SliceDecision =
  | {
      readonly effect: 'permit';
      readonly slice: Slice;
      readonly rule: RuleId;
      /** `existence`: that something of the slice is there, and what its facts declare as showable; nothing else (find, not fetch). */
      readonly mode: 'content' | 'existence';
      /** What the agreement relied on asks for when something of the slice is shown. */
      readonly obligations: readonly Obligation[];
      /** By fact type, the members that may be shown; a type not named shows all of them. */
      readonly minimum: AgreementTerms['minimum'];
      readonly agreement?: { readonly id: string; readonly version: number };
      /** The consent relied on; only where the slice rests on consent. */
      readonly consent?: string;
      /** The decision to share without consent relied on; only where the slice rests on consent and none is given. */
      readonly sharingDecision?: string;
    }
  | {
      readonly effect: 'deny';
      readonly slice: Slice;
      readonly refusals: readonly RefusalId[];
      /** True where something that must be there was missing, or the rules themselves failed: someone has to look. */
      readonly policyAlarm: boolean;
    };

/** A slice that may be read. */
export type Permit = Extract<SliceDecision, { readonly effect: 'permit' }>;

/** Id of the rules in force: part of every decision and look; changed by release. */
export const POLICY_RELEASE = '2026.2';
