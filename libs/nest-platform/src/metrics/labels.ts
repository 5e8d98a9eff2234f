import { METHODS } from 'node:http';
import { isOrganisationId } from '#kernel';
import { EVENT_TYPES, PURPOSES } from '#contracts';
import { COMMAND_RESULTS } from '#event-log';
import type { Channel, Sent, SubscriptionChange, SubscriptionCommand } from '#delivery';
import {
  DECISION_EFFECTS,
  DECISION_MODES,
  type BreakGlassChange,
  type BreakGlassCommand,
  type ErasureRequestChange,
  type ErasureRequestCommand,
  type LegalHoldChange,
  type LegalHoldCommand,
  type NoteCommand,
  type ProtectionCommand,
  type RegistryCommand,
  type ReviewCommand,
  type SubjectAccessChange,
  type SubjectAccessCommand,
  type SubmissionResult,
} from '#sharing';

/** The values a label may have; anything else is counted as {@link OTHER}, so that no text of a caller becomes a number's name. */
export type LabelValues = (value: string) => boolean;

/** What stands for a value outside its list: somebody added one to the code and not here. */
export const OTHER = 'other';

/** Every member of a union of words, which the compiler holds to be all of them. */
const all = <Word extends string>(words: Readonly<Record<Word, true>>): readonly Word[] => Object.keys(words) as Word[];
const oneOf = (...lists: readonly (readonly string[])[]): LabelValues => {
  const values = new Set(lists.flat());
  return (value) => values.has(value);
};
const shaped =
  (shape: RegExp): LabelValues =>
  (value) =>
    shape.test(value);

/** Commands by the family of their stream, as `commandName` calls them. */
const COMMANDS = {
  registry: all<RegistryCommand['type']>({
    registerOrganisation: true,
    revokeKey: true,
    draftAgreement: true,
    approveAgreement: true,
    withdrawDraft: true,
    suspendAgreement: true,
    resumeAgreement: true,
    undoAgreement: true,
    endAgreement: true,
  }),
  protection: all<ProtectionCommand['type']>({
    giveConsent: true,
    withdrawConsent: true,
    refuseConsent: true,
    startRelationship: true,
    endRelationship: true,
    retractRelationship: true,
    recordAuthority: true,
    endAuthority: true,
    assessCompetence: true,
    claimRelationship: true,
    endClaim: true,
    decideSharing: true,
    endSharingDecision: true,
    makeObjection: true,
    decideObjection: true,
    grantBreakGlass: true,
    endBreakGlass: true,
  }),
  breakGlass: all<BreakGlassCommand['type']>({
    start: true,
    noteNotFound: true,
    end: true,
    explain: true,
    review: true,
    reinstate: true,
  }),
  review: all<ReviewCommand['type']>({ open: true, assign: true, decide: true, answer: true, reopen: true }),
  detection: all<NoteCommand['type']>({ suppress: true, endSuppression: true, watch: true, endWatch: true }),
  legalHold: all<LegalHoldCommand['type']>({ place: true, review: true, lift: true }),
  erasureRequest: all<ErasureRequestCommand['type']>({
    receive: true,
    grant: true,
    refuse: true,
    start: true,
    reportIncomplete: true,
    finish: true,
  }),
  subjectAccess: all<SubjectAccessCommand['type']>({
    receive: true,
    verifyIdentity: true,
    pause: true,
    resume: true,
    extend: true,
    answer: true,
    mark: true,
    approve: true,
    release: true,
    refuse: true,
    withdraw: true,
  }),
  subscription: all<SubscriptionCommand['type']>({
    make: true,
    'roll-secret': true,
    'switch-off': true,
    'switch-on': true,
    end: true,
  }),
} as const;
/** Deciders with one command that has no type. */
const BARE_COMMANDS = ['auditQuery', 'review'];

/** Event types of aggregates beside those that `EVENT_TYPES` lists. */
const AGGREGATE_TYPES = [
  ...all<BreakGlassChange['type']>({
    'emergency-access.started.v1': true,
    'emergency-access.not-found.v1': true,
    'emergency-access.ended.v1': true,
    'emergency-access.explained.v1': true,
    'emergency-access.reviewed.v1': true,
    'emergency-access.reinstated.v1': true,
  }),
  ...all<LegalHoldChange['type']>({
    'legal-hold.placed.v1': true,
    'legal-hold.reviewed.v1': true,
    'legal-hold.lifted.v1': true,
  }),
  ...all<ErasureRequestChange['type']>({
    'erasure-request.received.v1': true,
    'erasure-request.granted.v1': true,
    'erasure-request.refused.v1': true,
    'erasure-request.started.v1': true,
    'erasure-request.incomplete.v1': true,
    'erasure-request.carried-out.v1': true,
  }),
  ...all<SubjectAccessChange['type']>({
    'subject-access.received.v1': true,
    'subject-access.identity-verified.v1': true,
    'subject-access.paused.v1': true,
    'subject-access.resumed.v1': true,
    'subject-access.extended.v1': true,
    'subject-access.answered.v1': true,
    'subject-access.item-marked.v1': true,
    'subject-access.redactions-approved.v1': true,
    'subject-access.released.v1': true,
    'subject-access.refused.v1': true,
    'subject-access.withdrawn.v1': true,
  }),
  ...all<SubscriptionChange['type']>({
    'subscription.made.v1': true,
    'subscription.secret-rolled.v1': true,
    'subscription.switched-off.v1': true,
    'subscription.switched-on.v1': true,
    'subscription.ended.v1': true,
  }),
  'process.reacted.v1',
];

/** What became of one item that a connector took, or of its whole file: `unreadable`, broken off; `failed`, by no fault of the file's. */
export type ConnectorOutcome = SubmissionResult['outcome'] | 'unreadable' | 'failed';
/** What became of one attempt to deliver; `withheld`: policy no longer allowed it, nothing was sent. */
export type DeliveryOutcome = Exclude<Sent['kind'], 'held'> | 'withheld';
/** A way out of the house. */
export type DeliveryChannel = Channel<unknown>['name'];

/** The values of every label there is. */
export const LABELS = {
  command: oneOf(
    Object.entries(COMMANDS).flatMap(([family, types]) => types.map((type) => `${family}.${type}`)),
    BARE_COMMANDS,
  ),
  commandResult: oneOf(COMMAND_RESULTS),
  eventType: oneOf(Object.values(EVENT_TYPES).flat(), AGGREGATE_TYPES),
  purpose: oneOf(PURPOSES),
  effect: oneOf(DECISION_EFFECTS),
  mode: oneOf(DECISION_MODES),
  connectorOutcome: oneOf(
    all<ConnectorOutcome>({
      published: true,
      withheld: true,
      quarantined: true,
      withdrawn: true,
      conflict: true,
      rejected: true,
      unreadable: true,
      failed: true,
    }),
  ),
  channel: oneOf(all<DeliveryChannel>({ kafka: true, webhook: true })),
  deliveryOutcome: oneOf(all<DeliveryOutcome>({ sent: true, retry: true, refused: true, gone: true, withheld: true })),
  method: oneOf(METHODS),
  /** The pattern of a route as it is declared, or the one word for a path that is none. */
  route: shaped(/^(unknown|\/[A-Za-z0-9:*/._-]{0,199})$/),
  status: shaped(/^[1-5][0-9]{2}$/),
  /** Of a view, as its definition calls it. */
  projection: shaped(/^[a-z]+(-[a-z]+)*$/),
  generation: shaped(/^[0-9]{1,9}$/),
  /** `format/version` as the connector is registered, or the batch of signed facts. */
  connector: shaped(/^[a-z0-9-]{1,64}(\/[0-9]{1,4})?$/),
  /** An organisation that is registered, and the hub: legal bodies, never persons. */
  agency: isOrganisationId,
  /** The name of an alarm, a constant of the code. */
  alarm: shaped(/^[a-z]+(-[a-z]+){0,6}$/),
  version: shaped(/^[0-9A-Za-z.+-]{1,64}$/),
  sha: shaped(/^([0-9a-f]{7,64}|source)$/),
} as const satisfies Readonly<Record<string, LabelValues>>;
