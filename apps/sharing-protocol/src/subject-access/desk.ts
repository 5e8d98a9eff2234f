import { sql } from 'kysely';
import { dayOf, type ChildId, type OrganisationId, type PlainDate } from '#kernel';
import { handleCommand } from '#event-log';
import type { Core } from '#nest-platform';
import type { View } from '#projections';
import {
  subjectAccessDecider,
  subjectAccessOwner,
  subjectAccessStream,
  type Asked,
  type SubjectAccess,
  type SubjectAccessCommand,
} from '#sharing';
import { BANK_HOLIDAYS_ENGLAND, subjectAccessDue } from '#statutory';
import { RequestRefused } from '../erasure/carry-out.ts';
import { foldOf } from '../erasure/fold.ts';

/** When a request must be answered, as lists and answers say it. */
export type AccessDue =
  | { readonly state: 'running'; readonly due: PlainDate; readonly overdue: boolean }
  | { readonly state: 'paused'; readonly reason: string; readonly since: PlainDate; readonly earliest: PlainDate }
  /** The calendar of bank holidays does not reach so far: it must be extended by a release. */
  | { readonly state: 'unknown' };

/** Reads and changes subject access requests. */
export class SubjectAccessDesk {
  readonly #core: Core;
  readonly #requests: View;

  constructor(core: Core, requests: View) {
    this.#core = core;
    this.#requests = requests;
  }

  /** The request as it stands now. */
  read(request: string): Promise<SubjectAccess> {
    return foldOf<SubjectAccess>(this.#core.log, subjectAccessStream(request), subjectAccessDecider);
  }

  /** Gives a command; throws `RequestRefused`. */
  async command(
    request: string,
    command: SubjectAccessCommand,
    by: OrganisationId,
    correlationId: string,
  ): Promise<SubjectAccess> {
    const { log, clock } = this.#core;
    const handled = await handleCommand({
      log,
      stream: subjectAccessStream(request),
      decider: subjectAccessDecider,
      command,
      meta: { at: clock.now(), by, correlationId },
    });
    if (!handled.ok) throw new RequestRefused(handled.error);
    return handled.value.state;
  }

  /** When a request is due, as of today. */
  due({ clock }: Asked): AccessDue {
    const today = dayOf(this.#core.clock.now());
    const due = subjectAccessDue(clock, today, BANK_HOLIDAYS_ENGLAND);
    if (!due.ok) return { state: 'unknown' };
    return due.value.state === 'running' ? { ...due.value, overdue: due.value.due < today } : due.value;
  }

  /** Destroys what sources answered about a child of whom nothing else is left. */
  async eraseChild(child: ChildId): Promise<number> {
    const { rows } = await sql<{ readonly id: string }>`
      select id from request where kind = 'subject-access' and child = ${child}`.execute(this.#requests.db);
    let keys = 0;
    for (const { id } of rows) keys += await this.#core.vault.destroy(subjectAccessOwner(id));
    return keys;
  }
}
