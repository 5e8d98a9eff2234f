import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { dayOf, isUuid, randomUuid, type ChildId, type OrganisationId, type PlainDate } from '#kernel';
import { looksPersonal } from '#contracts';
import {
  Access,
  CORE,
  CurrentPurposefulRequest,
  invalidInput,
  notFound,
  type Core,
  type PurposefulCaller,
  type PurposefulRequest,
} from '#nest-platform';
import type { View } from '#projections';
import {
  accessRequestRule,
  HUB,
  isHeldHere,
  mayRequestAccess,
  openRequestWords,
  sealRequestWords,
  subjectAccessStream,
  waitingSources,
  type AccessReceived,
  type RequestStanding,
  type SubjectAccess,
} from '#sharing';
import { shown } from '../answer/shown.ts';
import { RequestListDto } from '../erasure/erasure-requests.dto.ts';
import { lookedAt, refusalProblem } from '../erasure/officer.ts';
import { requestPage, waitingFor } from '../views/requests/query.ts';
import { REQUESTS, SUBJECT_ACCESS } from '../views/tokens.ts';
import type { AccessDue, SubjectAccessDesk } from './desk.ts';
import { AccessRequestDto } from './subject-access.dto.ts';

/** A request in a list: by when, and who is waited for. */
export interface AccessRequestItem {
  readonly request: string;
  readonly childId: string;
  readonly receivedOn: string;
  readonly due: AccessDue;
  /** For the area's officers only. */
  readonly waitingFor?: readonly string[];
}

/** A request as the area's officers read it; whoever asked, and an organisation that is to answer, read less. Null: not answered yet. */
export interface AccessRequestView {
  readonly request: string;
  readonly status: SubjectAccess['status'];
  readonly childId: string;
  readonly receivedOn: string;
  readonly identityVerified: boolean;
  readonly extended: boolean;
  readonly due: AccessDue;
  readonly words?: string | null;
  readonly refused?: string;
  /** What the officer wrote to whoever asked (UK GDPR art. 12(4)); null where nothing was written. */
  readonly refusedInWords?: string | null;
  readonly answers?: readonly { readonly organisation: string; readonly answer: string | null }[];
  readonly marks?: readonly { readonly item: string; readonly withhold: string | null; readonly by: string }[];
  readonly approvedBy?: string | null;
}

/** Requests for what is held of a child (UK GDPR art. 15), across organisations: made, listed by their deadlines, read. */
@Controller('v1/subject-access-requests')
@Access({ roles: ['parent', 'young-person', 'data-protection-officer'], purpose: 'required' })
export class SubjectAccessRequestsController {
  readonly #core: Core;
  readonly #desk: SubjectAccessDesk;
  readonly #requests: View;

  constructor(@Inject(CORE) core: Core, @Inject(SUBJECT_ACCESS) desk: SubjectAccessDesk, @Inject(REQUESTS) view: View) {
    this.#core = core;
    this.#desk = desk;
    this.#requests = view;
  }

  @ApiOperation({ summary: 'Ask for what is held of a child' })
  @Post()
  @HttpCode(201)
  async receive(
    @Body() dto: AccessRequestDto,
    @CurrentPurposefulRequest() request: PurposefulRequest,
  ): Promise<{ readonly request: string }> {
    const { caller } = request;
    // The name of a sign-in stands in the log as it is.
    if (looksPersonal(dto.person ?? '')) throw invalidInput([{ code: 'ID_LOOKS_PERSONAL', pointer: '/person' }]);
    const child = dto.childId as ChildId;
    const records = await this.#core.recordsOf(child);
    const standing = await shown(this.#core, request, {
      child: records.length === 0 ? null : child,
      rule: mayRequestAccess,
      find: async () => undefined,
      facts: () => [],
      open: (_found, standing) => standing,
    });
    const { clock, chance, vault } = this.#core;
    const id = randomUuid(chance);
    const words = await sealRequestWords(
      vault,
      { stream: subjectAccessStream(id), entry: 'received' },
      clock.now(),
      dto.words,
    );
    const sources = [...new Set(records.map(({ organisation }) => organisation))].toSorted();
    const data: AccessReceived = {
      request: id,
      child,
      ...this.#asking(standing, dto, caller),
      sources,
      by: caller.reader.sub,
      ...(words === undefined ? {} : { words }),
    };
    const { reader, correlationId } = caller;
    const command = { type: 'receive', on: dayOf(clock.now()), data } as const;
    try {
      await this.#desk.command(id, command, reader.organisation, correlationId);
    } catch (error) {
      throw refusalProblem(error);
    }
    return { request: id };
  }

  @ApiOperation({ summary: 'Open subject access requests, the first due first' })
  @Get()
  @Access({ roles: ['data-protection-officer'], purpose: 'required' })
  async list(
    @Query() query: RequestListDto,
    @CurrentPurposefulRequest() request: PurposefulRequest,
  ): Promise<{ readonly requests: readonly AccessRequestItem[]; readonly next?: string }> {
    await lookedAt(this.#core, request, null, 'permit', ['subject-access-requests']);
    const { organisation } = request.caller.reader;
    const limit = query.limit ?? 200;
    const officer = organisation === HUB;
    const { ids, next } = officer
      ? await this.#all(query.status !== 'all', query.after, limit)
      : await waitingFor(this.#requests.db, organisation, query.after, limit);
    const items: AccessRequestItem[] = [];
    for (const id of ids) {
      const found = await this.#desk.read(id);
      if (found.status === 'none' || (!officer && (found.identity === null || isHeldHere(organisation)))) continue;
      const { child, receivedOn } = found.received;
      const item = { request: id, childId: child, receivedOn, due: this.#desk.due(found) };
      items.push(officer ? { ...item, waitingFor: waitingSources(found) } : item);
    }
    const requests = items.toSorted((a, b) => (lastDay(a) < lastDay(b) ? -1 : 1));
    return { requests, ...(next === null ? {} : { next }) };
  }

  @ApiOperation({ summary: 'One subject access request' })
  @Get(':id')
  async read(
    @Param('id') id: string,
    @CurrentPurposefulRequest() request: PurposefulRequest,
  ): Promise<AccessRequestView> {
    const { caller } = request;
    const found: SubjectAccess = isUuid(id) ? await this.#desk.read(id) : { status: 'none' };
    const asked = found.status === 'none' ? undefined : found;
    return shown(this.#core, request, {
      child: asked?.received.child ?? null,
      rule: (question) =>
        asked === undefined ? { effect: 'deny', reasons: ['child-unknown'] } : accessRequestRule(question, asked),
      find: async () => undefined,
      facts: () => [],
      open: (_found, standing, decision) => {
        if (asked === undefined) throw notFound();
        return this.#shown(asked, standing, caller.reader.organisation, decision);
      },
    });
  }

  /** An officer says who asked and when; a family member asks for themselves, now. */
  #asking(
    standing: 'officer' | 'requester',
    dto: AccessRequestDto,
    { reader }: PurposefulCaller,
  ): Pick<AccessReceived, 'from' | 'sub' | 'receivedOn'> {
    const today = dayOf(this.#core.clock.now());
    if (standing === 'requester') {
      return { from: reader.role === 'young-person' ? 'young-person' : 'parent', sub: reader.sub, receivedOn: today };
    }
    const { from = 'representative', person = null, receivedOn = today } = dto;
    return { from, sub: person, receivedOn: receivedOn as PlainDate };
  }

  async #all(openOnly: boolean, after: string | undefined, limit: number) {
    const question = { kind: 'subject-access', openOnly, limit } as const;
    const page = await requestPage(this.#requests.db, after === undefined ? question : { ...question, after });
    return { ids: page.rows.map(({ id }) => id), next: page.next };
  }

  async #shown(
    asked: Exclude<SubjectAccess, { status: 'none' }>,
    standing: RequestStanding,
    organisation: OrganisationId,
    decision: string,
  ): Promise<AccessRequestView> {
    const { request, child, receivedOn, sources, words } = asked.received;
    const answers = sources.map((source) => ({
      organisation: source,
      answer: isHeldHere(source) ? 'in-the-hub' : (asked.answers.get(source)?.answer ?? null),
    }));
    const shown: AccessRequestView = {
      request,
      status: asked.status,
      childId: child,
      receivedOn,
      identityVerified: asked.identity !== null,
      extended: asked.clock.extended,
      due: this.#desk.due(asked),
    };
    const opened = async (entry: string, sealed: typeof words) =>
      (await openRequestWords(this.#core.vault, decision, { stream: subjectAccessStream(request), entry }, sealed)) ??
      null;
    const said = () => opened('received', words);
    const refused =
      asked.status === 'refused' && standing !== 'source'
        ? { refused: asked.refused.reason, refusedInWords: await opened('refused', asked.refused.words) }
        : {};
    switch (standing) {
      // Who is asked to answer tells who knows the child, which may be what is kept back.
      case 'requester':
        return { ...shown, words: await said(), ...refused };
      case 'source':
        return { ...shown, words: await said(), answers: answers.filter((each) => each.organisation === organisation) };
      case 'officer':
        return {
          ...shown,
          words: await said(),
          ...refused,
          answers,
          marks: [...asked.marks.values()].map(({ item, withhold, by }) => ({ item, withhold, by })),
          approvedBy: asked.approved?.by ?? null,
        };
    }
  }
}

function lastDay({ due }: AccessRequestItem): string {
  switch (due.state) {
    case 'running':
      return due.due;
    case 'paused':
      return due.earliest;
    case 'unknown':
      return '9999';
  }
}
