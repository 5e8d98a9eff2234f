import type { OrganisationId } from '#kernel';
import { never } from '#kernel';
import type { SubjectAccessClock } from '#statutory';
import { FAMILIES, HUB } from '../disclose/rules.ts';
import type {
  AccessAnswered,
  AccessIdentityVerified,
  AccessItemMarked,
  AccessReceived,
  AccessRedactionsApproved,
  AccessRefused,
  SubjectAccessChange,
} from './events.ts';

/** A subject access request as it stands. */
export type SubjectAccess =
  | { readonly status: 'none' }
  | (Asked & { readonly status: 'open' | 'released' | 'withdrawn' })
  | (Asked & { readonly status: 'refused'; readonly refused: AccessRefused });

/** What is known of a request that was received. */
export interface Asked {
  readonly received: AccessReceived;
  readonly identity: AccessIdentityVerified | null;
  readonly clock: SubjectAccessClock;
  readonly answers: ReadonlyMap<OrganisationId, AccessAnswered>;
  readonly marks: ReadonlyMap<string, AccessItemMarked>;
  /** Everybody who ever marked an item: none of them may be the second person. */
  readonly markedBy: ReadonlySet<string>;
  /** Null again as soon as an answer or a mark changes. */
  readonly approved: AccessRedactionsApproved | null;
}

/** The stream of one request. */
export const subjectAccessStream = (request: string): string => `subjectAccess-${request}`;
/** Whose key what the sources answered is sealed under: it dies with the child's records. */
export const subjectAccessOwner = (request: string): string => `subject-access-${request}`;
/** The name of a source's answer among the items of a release. */
export const answerItem = (source: OrganisationId): string => `answer-${source}`;

/** True for what has no system of its own: all that is held of it is in the hub, which shows it without being asked. */
export function isHeldHere(source: OrganisationId): boolean {
  return source === FAMILIES || source === HUB;
}

/** The sources that have not answered yet. Nobody is waited for who could only answer with what the hub shows anyway. */
export function waitingSources({ received, answers }: Asked): readonly OrganisationId[] {
  return received.sources.filter((source) => !isHeldHere(source) && !answers.has(source));
}

/** The request after one more event. An event this version does not know stops the fold: something kept back must not be released. */
export function evolveSubjectAccess(before: SubjectAccess, { type, data }: SubjectAccessChange): SubjectAccess {
  if (type === 'subject-access.received.v1') {
    return {
      status: 'open',
      received: data,
      identity: null,
      clock: { received: data.receivedOn, pauses: [], extended: false },
      answers: new Map(),
      marks: new Map(),
      markedBy: new Set(),
      approved: null,
    };
  }
  if (before.status === 'none') throw new Error(`out of order: ${type}`);
  const { clock } = before;
  switch (type) {
    case 'subject-access.identity-verified.v1':
      return { ...before, identity: data };
    case 'subject-access.paused.v1': {
      const pause = { reason: data.reason, from: data.from, until: null };
      return { ...before, clock: { ...clock, pauses: [...clock.pauses, pause] } };
    }
    case 'subject-access.resumed.v1': {
      const pauses = clock.pauses.map((pause) => (pause.until === null ? { ...pause, until: data.until } : pause));
      return { ...before, clock: { ...clock, pauses } };
    }
    case 'subject-access.extended.v1':
      return { ...before, clock: { ...clock, extended: true } };
    case 'subject-access.answered.v1':
      return { ...before, answers: new Map(before.answers).set(data.source, data), approved: null };
    case 'subject-access.item-marked.v1':
      return {
        ...before,
        marks: new Map(before.marks).set(data.item, data),
        markedBy: new Set(before.markedBy).add(data.by),
        approved: null,
      };
    case 'subject-access.redactions-approved.v1':
      return { ...before, approved: data };
    case 'subject-access.released.v1':
      return { ...before, status: 'released' };
    case 'subject-access.refused.v1':
      return { ...before, status: 'refused', refused: data };
    case 'subject-access.withdrawn.v1':
      return { ...before, status: 'withdrawn' };
    default:
      return never(type);
  }
}
