import { fail, ok, parsePlainDate, type Outcome, type PlainDate } from '#kernel';
import type { Reason } from '#contracts';
import type { Decider } from '#event-log';
import { sameButWords } from '../disclose/request-words.ts';
import { BANK_HOLIDAYS_ENGLAND, extensionUntil } from '#statutory';
import type {
  AccessAnswered,
  AccessExtended,
  AccessIdentityVerified,
  AccessItemMarked,
  AccessPaused,
  AccessReceived,
  AccessRedactionsApproved,
  AccessRefused,
  AccessReleased,
  AccessResumed,
  AccessWithdrawn,
  SubjectAccessChange,
} from './events.ts';
import { evolveSubjectAccess, isHeldHere, waitingSources, type Asked, type SubjectAccess } from './subject-access.ts';

/** What may be asked of a request; the data is what would be stored, `on` the day of asking. */
export type SubjectAccessCommand =
  | { readonly type: 'receive'; readonly on: PlainDate; readonly data: AccessReceived }
  | { readonly type: 'verifyIdentity'; readonly data: AccessIdentityVerified }
  | { readonly type: 'pause'; readonly on: PlainDate; readonly data: AccessPaused }
  | { readonly type: 'resume'; readonly on: PlainDate; readonly data: AccessResumed }
  | { readonly type: 'extend'; readonly on: PlainDate; readonly data: AccessExtended }
  | { readonly type: 'answer'; readonly data: AccessAnswered }
  | { readonly type: 'mark'; readonly data: AccessItemMarked }
  | { readonly type: 'approve'; readonly data: AccessRedactionsApproved }
  | { readonly type: 'release'; readonly data: AccessReleased }
  | { readonly type: 'refuse'; readonly data: AccessRefused }
  | { readonly type: 'withdraw'; readonly data: AccessWithdrawn };

type Decision = Outcome<readonly SubjectAccessChange[], Reason>;
const AS_BEFORE: Decision = ok([]);

/** A subject access request across organisations: who asks, what each source answers, what is kept back and who agreed, when it is due. */
export const subjectAccessDecider = {
  initialState: { status: 'none' },
  evolve: evolveSubjectAccess,
  decide: decideSubjectAccess,
} satisfies Decider<SubjectAccessCommand, SubjectAccess, SubjectAccessChange, SubjectAccessChange, Reason>;

/** The events a command leads to, none where it is so already; or why not (codes, pointers into the command's data). */
export function decideSubjectAccess(command: SubjectAccessCommand, request: SubjectAccess): Decision {
  if (command.type === 'receive') return receive(command.data, command.on, request);
  if (request.status === 'none') return no('REQUEST_UNKNOWN');
  if (request.status !== 'open') return no('REQUEST_ALREADY_ENDED');
  switch (command.type) {
    case 'verifyIdentity':
      if (request.identity !== null)
        return request.identity.how === command.data.how ? AS_BEFORE : no('IDENTITY_ALREADY_VERIFIED');
      return ok([{ type: 'subject-access.identity-verified.v1', data: command.data }]);
    case 'pause': {
      const { from } = command.data;
      if (isPaused(request)) return no('CLOCK_ALREADY_PAUSED');
      const last = request.clock.pauses.at(-1)?.until ?? request.received.receivedOn;
      const wrong = dayWithin(from, last, command.on, '/from');
      return wrong === undefined ? ok([{ type: 'subject-access.paused.v1', data: command.data }]) : fail(wrong);
    }
    case 'resume': {
      const pause = request.clock.pauses.find(({ until }) => until === null);
      if (pause === undefined) return no('CLOCK_NOT_PAUSED');
      const wrong = dayWithin(command.data.until, pause.from, command.on, '/until');
      return wrong === undefined ? ok([{ type: 'subject-access.resumed.v1', data: command.data }]) : fail(wrong);
    }
    case 'extend': {
      if (request.clock.extended) return AS_BEFORE;
      const until = extensionUntil(request.clock, command.on, BANK_HOLIDAYS_ENGLAND);
      if (!until.ok) return no('CALENDAR_DOES_NOT_REACH');
      return command.on <= until.value
        ? ok([{ type: 'subject-access.extended.v1', data: command.data }])
        : no('EXTENSION_TOO_LATE');
    }
    case 'answer':
      return answer(command.data, request);
    case 'mark': {
      const { data } = command;
      const known = request.marks.get(data.item);
      if (known?.withhold === data.withhold) return AS_BEFORE;
      return ok([{ type: 'subject-access.item-marked.v1', data }]);
    }
    case 'approve':
      return approve(command.data, request);
    case 'release': {
      if (request.approved === null) return no('REDACTIONS_NOT_APPROVED');
      // Two people, also where nothing was kept back.
      if (request.approved.by === command.data.by) return no('SECOND_PERSON_NEEDED');
      return ok([{ type: 'subject-access.released.v1', data: command.data }]);
    }
    case 'refuse':
      return ok([{ type: 'subject-access.refused.v1', data: command.data }]);
    case 'withdraw':
      return ok([{ type: 'subject-access.withdrawn.v1', data: command.data }]);
  }
}

function receive(data: AccessReceived, on: PlainDate, request: SubjectAccess): Decision {
  if (request.status !== 'none') return sameButWords(request.received, data) ? AS_BEFORE : no('REQUEST_ID_TAKEN');
  if (parsePlainDate(data.receivedOn) === undefined) return fail({ code: 'DATE_INVALID', pointer: '/receivedOn' });
  if (data.receivedOn > on) return fail({ code: 'DATE_AHEAD', pointer: '/receivedOn' });
  return ok([{ type: 'subject-access.received.v1', data }]);
}

/** Nobody answers before it is known who asks: what they would say is already about the child. */
function answer(data: AccessAnswered, request: Asked): Decision {
  if (request.identity === null) return no('IDENTITY_NOT_VERIFIED');
  if (!request.received.sources.includes(data.source) || isHeldHere(data.source))
    return fail({ code: 'SOURCE_NOT_ASKED', pointer: '/source' });
  if ((data.answer === 'content') !== (data.content !== undefined)) {
    return fail({ code: data.answer === 'content' ? 'CONTENT_MISSING' : 'CONTENT_NOT_EXPECTED', pointer: '/content' });
  }
  // Content sealed twice has other bytes; the other answers are the same again.
  if (data.content === undefined && request.answers.get(data.source)?.answer === data.answer) return AS_BEFORE;
  return ok([{ type: 'subject-access.answered.v1', data }]);
}

function approve(data: AccessRedactionsApproved, request: Asked): Decision {
  if (request.identity === null) return no('IDENTITY_NOT_VERIFIED');
  if (isPaused(request)) return no('CLOCK_PAUSED');
  if (waitingSources(request).length > 0) return no('SOURCES_NOT_ANSWERED');
  if (request.markedBy.has(data.by)) return no('SECOND_PERSON_NEEDED');
  if (request.approved?.by === data.by) return AS_BEFORE;
  return ok([{ type: 'subject-access.redactions-approved.v1', data }]);
}

function isPaused({ clock }: Asked): boolean {
  return clock.pauses.some(({ until }) => until === null);
}

function dayWithin(day: PlainDate, first: PlainDate, last: PlainDate, pointer: string): Reason | undefined {
  if (parsePlainDate(day) === undefined) return { code: 'DATE_INVALID', pointer };
  if (day < first) return { code: 'DATE_TOO_EARLY', pointer };
  return day > last ? { code: 'DATE_AHEAD', pointer } : undefined;
}

function no(code: string): Decision {
  return fail({ code, pointer: '/request' });
}
