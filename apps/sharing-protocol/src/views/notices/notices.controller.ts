import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { isUuid, type ChildId } from '#kernel';
import { PEOPLE } from '#contracts';
import {
  Access,
  CORE,
  CurrentCaller,
  CurrentPurposefulRequest,
  invalidInput,
  PageDto,
  type Caller,
  type Core,
  type PurposefulRequest,
} from '#nest-platform';
import type { View } from '#projections';
import { familyNoticesRule, HUB } from '#sharing';
import { shown } from '../../answer/shown.ts';
import { decodeCursor, encodeCursor, type Cursor } from '../timeline/cursor.ts';
import { NOTICES } from '../tokens.ts';
import { noticePage, type NoticesOf } from './query.ts';
import { noticeWords, type NoticeWords } from './words.ts';

/** One notice as it is read: a kind, a reference to ask with, and words. Never who or which child is meant. */
export interface NoticeItem extends NoticeWords {
  readonly notice: string;
  readonly time: string;
  readonly kind: string;
  readonly reference: string;
}

/** A page of notices, newest first. */
export interface NoticesAnswer {
  readonly notices: readonly NoticeItem[];
  readonly next?: string;
}

/** What people are told: an officer what concerns the office, everybody else what concerns themselves, a family what concerns its child. */
@Controller('v1')
export class NoticesController {
  readonly #core: Core;
  readonly #view: View;

  constructor(@Inject(CORE) core: Core, @Inject(NOTICES) view: View) {
    this.#core = core;
    this.#view = view;
  }

  /** No look: nothing here is about a child that could be told from it (decision 19). */
  @ApiOperation({ summary: 'Notices to the reader' })
  @Get('notices')
  @Access({ roles: PEOPLE, purpose: 'none' })
  async own(@Query() query: PageDto, @CurrentCaller() caller: Caller): Promise<NoticesAnswer> {
    return this.#page(this.#audienceOf(caller), afterOf(query), query.limit);
  }

  @ApiOperation({ summary: 'Notices to the family of a child' })
  @Get('children/:childId/notices')
  @Access({ roles: ['parent', 'young-person'], purpose: 'required' })
  async family(
    @Param('childId') childId: string,
    @Query() query: PageDto,
    @CurrentPurposefulRequest() request: PurposefulRequest,
  ): Promise<NoticesAnswer> {
    const child = isUuid(childId) ? (childId as ChildId) : null;
    const after = afterOf(query);
    const childHash = this.#core.vault.lookupHash('notice-child', child ?? '');
    return shown(this.#core, request, {
      child,
      rule: familyNoticesRule,
      find: async () => this.#page({ to: 'family', childHash }, after, query.limit),
      facts: () => [],
      open: (page) => page,
    });
  }

  #audienceOf({ reader }: Caller): NoticesOf {
    const { role, organisation, sub } = reader;
    if (role === 'data-protection-officer')
      return organisation === HUB ? { to: 'area-dpo' } : { to: 'organisation-dpo', organisation };
    return { to: 'person', personHash: this.#core.vault.lookupHash('notice-person', `${organisation} ${sub}`) };
  }

  async #page(of: NoticesOf, after: Cursor | undefined, limit = 50): Promise<NoticesAnswer> {
    const from = after === undefined ? {} : { after: { at: after.at, notice: after.fact } };
    const page = await noticePage(this.#view.db, { of, ...from, limit });
    const notices = page.rows.map(({ notice_id, sent_at, kind, audience, reference }) => ({
      notice: notice_id,
      time: sent_at,
      kind,
      reference,
      ...noticeWords(kind, audience),
    }));
    return {
      notices,
      ...(page.after === null ? {} : { next: encodeCursor({ at: page.after.at, fact: page.after.notice }) }),
    };
  }
}

function afterOf({ cursor }: PageDto): Cursor | undefined {
  const after = cursor === undefined ? undefined : decodeCursor(cursor);
  if (cursor !== undefined && after === undefined) throw invalidInput([{ code: 'CURSOR_INVALID', pointer: '/cursor' }]);
  return after;
}
