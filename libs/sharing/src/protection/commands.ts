import type { OrganisationId } from '#kernel';
import type {
  AuthorityEnded,
  AuthorityRecorded,
  CompetenceAssessed,
  BreakGlassEnded,
  BreakGlassGranted,
  ConsentGiven,
  ConsentRefused,
  ConsentWithdrawn,
  ObjectionDecided,
  ObjectionMade,
  ProtectionEvent,
  Reason,
  RelationshipClaimed,
  RelationshipClaimEnded,
  RelationshipEnded,
  RelationshipRetracted,
  RelationshipStarted,
  SharingDecided,
  SharingDecisionEnded,
} from '#contracts';

/** What may be asked of a child's protection; the data is what would be stored. */
export type ProtectionCommand =
  | { readonly type: 'giveConsent'; readonly data: ConsentGiven }
  | { readonly type: 'withdrawConsent'; readonly data: ConsentWithdrawn }
  | { readonly type: 'refuseConsent'; readonly data: ConsentRefused }
  | { readonly type: 'startRelationship'; readonly data: RelationshipStarted }
  | { readonly type: 'endRelationship'; readonly data: RelationshipEnded }
  | { readonly type: 'retractRelationship'; readonly data: RelationshipRetracted }
  | { readonly type: 'recordAuthority'; readonly data: AuthorityRecorded }
  | { readonly type: 'endAuthority'; readonly data: AuthorityEnded }
  | { readonly type: 'assessCompetence'; readonly data: CompetenceAssessed }
  | { readonly type: 'claimRelationship'; readonly data: RelationshipClaimed }
  | { readonly type: 'endClaim'; readonly data: RelationshipClaimEnded }
  | { readonly type: 'decideSharing'; readonly data: SharingDecided }
  /** `source`: the organisation that ends it, which must be the one that decided. */
  | { readonly type: 'endSharingDecision'; readonly source: OrganisationId; readonly data: SharingDecisionEnded }
  | { readonly type: 'makeObjection'; readonly data: ObjectionMade }
  /** `source`: the organisation that answers. `sharing`: the decision not to share that goes with an objection upheld. */
  | {
      readonly type: 'decideObjection';
      readonly source: OrganisationId;
      readonly data: ObjectionDecided;
      readonly sharing?: SharingDecided;
    }
  | { readonly type: 'grantBreakGlass'; readonly data: BreakGlassGranted }
  | { readonly type: 'endBreakGlass'; readonly data: BreakGlassEnded };

/** A protection event without its place in the log. */
export type ProtectionChange = ProtectionEvent extends infer Event
  ? Event extends { readonly type: infer Type; readonly data: infer Data }
    ? { readonly type: Type; readonly data: Data }
    : never
  : never;

/** Why a command is refused: a stable code and a pointer into the command's data. */
export type ProtectionRejection = Reason;
