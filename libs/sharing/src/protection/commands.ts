import type {
  BreakGlassEnded,
  BreakGlassGranted,
  ConsentGiven,
  ConsentRefused,
  ConsentWithdrawn,
  ProtectionEvent,
  Reason,
  RelationshipEnded,
  RelationshipRetracted,
  RelationshipStarted,
} from '#contracts';

/** What may be asked of a child's protection; the data is what would be stored. */
export type ProtectionCommand =
  | { readonly type: 'giveConsent'; readonly data: ConsentGiven }
  | { readonly type: 'withdrawConsent'; readonly data: ConsentWithdrawn }
  | { readonly type: 'refuseConsent'; readonly data: ConsentRefused }
  | { readonly type: 'startRelationship'; readonly data: RelationshipStarted }
  | { readonly type: 'endRelationship'; readonly data: RelationshipEnded }
  | { readonly type: 'retractRelationship'; readonly data: RelationshipRetracted }
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
