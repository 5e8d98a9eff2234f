import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { dayOf, isUuid, randomUuid, type ChildId, type OrganisationId, type PlainDate } from '#kernel';
import { detectionStream, type Reason, type SuppressionContent, type WatchContent } from '#contracts';
import { handleCommand } from '#event-log';
import {
  Access,
  CORE,
  CurrentPurposefulRequest,
  invalidInput,
  type Core,
  type PurposefulCaller,
  type PurposefulRequest,
} from '#nest-platform';
import type { View } from '#projections';
import {
  DETECTION_RULES,
  isDetectionRule,
  noteDecider,
  openFinding,
  openSuppression,
  openWatch,
  sealForAudit,
  type DetectionRule,
  type NoteCommand,
} from '#sharing';
import { grantDisclose } from '#vault';
import { readYourWrites } from '../answer/read-your-writes.ts';
import { handToken } from '../answer/shown.ts';
import { findingsPage, suppressionsOf, watchesOf, type FindingRow, type SealedCells } from '../views/reviews/query.ts';
import { decodeCursor, encodeCursor } from '../views/timeline/cursor.ts';
import { REVIEWS } from '../views/tokens.ts';
import { FindingsQueryDto, SuppressionDto, WatchDto } from './detections.dto.ts';
import {
  accountsFor,
  isOfArea,
  lookAtList,
  mustAudit,
  mustBeOfArea,
  officersScope,
  refuseOwn,
  refuseUnknown,
} from './officers.ts';

/** A finding as an officer reads it: whose access by pseudonym, no child; the child stands in the review case. */
interface FindingItem {
  readonly finding: string;
  readonly time: string;
  readonly rule: string;
  readonly title: string;
  readonly organisation: string;
  readonly day: string;
  readonly state: FindingRow['state'];
  readonly review: string | null;
  readonly suppression: string | null;
  readonly person: string | null;
  readonly role: string | null;
  readonly team: string | null;
  readonly words: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly thresholds: Readonly<Record<string, number>>;
  readonly evidence: readonly string[];
}

/** What the detections found in the looks, their rules in words, and what officers say of both. */
@Controller('v1')
@Access({ roles: ['data-protection-officer'], purpose: 'required' })
export class DetectionsController {
  readonly #core: Core;
  readonly #view: View;

  constructor(@Inject(CORE) core: Core, @Inject(REVIEWS) view: View) {
    this.#core = core;
    this.#view = view;
  }

  @ApiOperation({ summary: 'What is looked for in the looks, with thresholds and reasons' })
  @Get('detection-rules')
  @Access({ roles: 'signed-in', purpose: 'none' })
  rules(): { readonly rules: readonly (DetectionRule & { readonly id: string })[] } {
    return { rules: Object.entries(DETECTION_RULES).map(([id, rule]) => ({ id, ...rule })) };
  }

  @ApiOperation({ summary: 'Findings of the detections' })
  @Get('detections')
  async findings(
    @Query() query: FindingsQueryDto,
    @CurrentPurposefulRequest() request: PurposefulRequest,
  ): Promise<{ readonly findings: readonly FindingItem[]; readonly next?: string }> {
    const { caller } = request;
    const cursor = query.cursor === undefined ? undefined : decodeCursor(query.cursor);
    if (query.cursor !== undefined && cursor === undefined)
      throw invalidInput([{ code: 'CURSOR_INVALID', pointer: '/cursor' }]);
    await readYourWrites(this.#core, caller, [this.#view]);
    const decision = await lookAtList(this.#core, request);
    const { state, rule, limit = 50 } = query;
    const page = await findingsPage(this.#view.db, {
      scope: officersScope(caller),
      ...(state === undefined ? {} : { state }),
      ...(rule === undefined ? {} : { rule }),
      ...(cursor === undefined ? {} : { after: { at: cursor.at, id: cursor.fact } }),
      limit,
    });
    const found = await Promise.all(page.rows.map((row) => this.#findingOf(row, decision, caller)));
    const findings = found.flat();
    const { after } = page;
    return { findings, ...(after === null ? {} : { next: encodeCursor({ at: after.at, fact: after.id }) }) };
  }

  @ApiOperation({ summary: 'Suppressions of detections, with reason and last day' })
  @Get('detection-suppressions')
  async suppressions(@CurrentPurposefulRequest() request: PurposefulRequest) {
    const { caller } = request;
    await readYourWrites(this.#core, caller, [this.#view]);
    const decision = await lookAtList(this.#core, request);
    const today = dayOf(this.#core.clock.now());
    const rows = await suppressionsOf(this.#view.db, officersScope(caller));
    const suppressions = rows.map(async (row) => {
      const { suppression, recorded_at: time, rule, organisation, until, by_officer: by, ended } = row;
      const sealed = sealedOf(row);
      const said = await openSuppression(this.#core.vault, grantDisclose(decision), { suppression, sealed });
      const state = ended === 1 ? 'ended' : until < today ? 'expired' : 'in-force';
      const about = { person: said?.person ?? null, oneChild: (said?.child ?? null) !== null };
      return { suppression, time, rule, organisation, until, by, state, ...about, reason: said?.words ?? null };
    });
    return { suppressions: await Promise.all(suppressions) };
  }

  @ApiOperation({ summary: 'Suppress findings of a rule for some days, and say why' })
  @Post('detection-suppressions')
  @HttpCode(201)
  async suppress(
    @Body() dto: SuppressionDto,
    @CurrentPurposefulRequest() request: PurposefulRequest,
  ): Promise<{ readonly suppression: string }> {
    const { caller } = request;
    await mustAudit(this.#core, request);
    // An organisation's officer speaks for its own people and for nobody else's.
    const organisation = isOfArea(caller) ? (dto.organisation ?? null) : caller.reader.organisation;
    if (dto.organisation !== undefined && dto.organisation !== organisation) await mustBeOfArea(this.#core, request);
    if (dto.person === caller.reader.sub) await refuseOwn(this.#core, request);
    const suppression = randomUuid(this.#core.chance);
    const content: SuppressionContent = {
      person: dto.person ?? null,
      child: (dto.childId ?? null) as ChildId | null,
      words: dto.reason,
    };
    const data = {
      suppression,
      rule: dto.rule,
      organisation: organisation as OrganisationId | null,
      until: dto.until as PlainDate,
      by: caller.reader.sub,
      sealed: await this.#sealed(suppression, 'detection.suppressed.v1', content),
    };
    await this.#note(suppression, { type: 'suppress', data, today: dayOf(this.#core.clock.now()) }, request);
    return { suppression };
  }

  @ApiOperation({ summary: 'End a suppression before its last day' })
  @Post('detection-suppressions/:suppression/endings')
  @HttpCode(200)
  async endSuppression(
    @Param('suppression') suppression: string,
    @CurrentPurposefulRequest() request: PurposefulRequest,
  ): Promise<{ readonly suppression: string }> {
    const { caller } = request;
    await mustAudit(this.#core, request);
    await readYourWrites(this.#core, caller, [this.#view]);
    const scope = officersScope(caller);
    const known = (await suppressionsOf(this.#view.db, scope)).find((each) => each.suppression === suppression);
    // What the area's officer said of everybody, only they take back.
    if (known === undefined || (scope !== null && known.organisation !== scope))
      return refuseUnknown(this.#core, request);
    await this.#note(suppression, { type: 'endSuppression', suppression, by: caller.reader.sub }, request);
    return { suppression };
  }

  @ApiOperation({ summary: 'Watches over children: why and until when' })
  @Get('watched-children')
  async watches(@CurrentPurposefulRequest() request: PurposefulRequest) {
    const { caller } = request;
    await mustBeOfArea(this.#core, request);
    await readYourWrites(this.#core, caller, [this.#view]);
    const decision = await lookAtList(this.#core, request);
    const today = dayOf(this.#core.clock.now());
    const watches = (await watchesOf(this.#view.db)).map(async (row) => {
      const { watch, recorded_at: time, until, by_officer: by, ended } = row;
      const said = await openWatch(this.#core.vault, grantDisclose(decision), { watch, sealed: sealedOf(row) });
      const state = ended === 1 ? 'ended' : until < today ? 'expired' : 'in-force';
      return { watch, time, until, by, state, reason: said?.words ?? null };
    });
    return { watches: await Promise.all(watches) };
  }

  @ApiOperation({ summary: 'Watch over a child: any access that no fact explains is found' })
  @Post('watched-children')
  @HttpCode(201)
  async watch(
    @Body() dto: WatchDto,
    @CurrentPurposefulRequest() request: PurposefulRequest,
  ): Promise<{ readonly watch: string }> {
    const { caller } = request;
    await mustAudit(this.#core, request);
    await mustBeOfArea(this.#core, request);
    const watch = randomUuid(this.#core.chance);
    // Whether anybody is known by the id is not asked, so the answer says nothing of a child.
    const content: WatchContent = { child: dto.childId as ChildId, words: dto.reason };
    const sealed = await this.#sealed(watch, 'detection.child-watched.v1', content);
    const data = { watch, until: dto.until as PlainDate, by: caller.reader.sub, sealed };
    await this.#note(watch, { type: 'watch', data, today: dayOf(this.#core.clock.now()) }, request);
    return { watch };
  }

  @ApiOperation({ summary: 'End the watch over a child' })
  @Post('watched-children/:watch/endings')
  @HttpCode(200)
  async endWatch(
    @Param('watch') watch: string,
    @CurrentPurposefulRequest() request: PurposefulRequest,
  ): Promise<{ readonly watch: string }> {
    const { caller } = request;
    await mustAudit(this.#core, request);
    await mustBeOfArea(this.#core, request);
    await readYourWrites(this.#core, caller, [this.#view]);
    if (!(await watchesOf(this.#view.db)).some((each) => each.watch === watch))
      return refuseUnknown(this.#core, request);
    await this.#note(watch, { type: 'endWatch', watch, by: caller.reader.sub }, request);
    return { watch };
  }

  async #findingOf(row: FindingRow, decision: string, caller: PurposefulCaller): Promise<readonly FindingItem[]> {
    const { finding, recorded_at: time, rule, organisation, day, state, review, suppression } = row;
    const said = await openFinding(this.#core.vault, grantDisclose(decision), { finding, sealed: sealedOf(row) });
    // Nobody reviews their own access, so nobody is shown what was found of it.
    if (said === undefined || said.person === caller.reader.sub) return [];
    const { person, role, team, words, counts, thresholds, evidence } = said;
    const title = isDetectionRule(rule) ? DETECTION_RULES[rule].title : rule;
    const head = { finding, time, rule, title, organisation, day, state, review, suppression };
    // What was counted was at others' facts too, and who it was is their own officer's to know.
    if (!accountsFor(officersScope(caller), organisation))
      return [{ ...head, person: null, role, team: null, words: title, counts: {}, thresholds, evidence: [] }];
    return [{ ...head, person, role, team, words, counts, thresholds, evidence }];
  }

  #sealed(id: string, type: string, content: object) {
    const { vault, clock } = this.#core;
    return sealForAudit(vault, clock, { stream: detectionStream(id), revision: 0, type }, content);
  }

  async #note(id: string, command: NoteCommand, request: PurposefulRequest): Promise<void> {
    if (!isUuid(id)) throw invalidInput([{ code: 'ID_INVALID', pointer: '/id' }]);
    const { log, clock } = this.#core;
    const { reader, correlationId } = request.caller;
    const handled = await handleCommand({
      log,
      stream: detectionStream(id),
      decider: noteDecider,
      command,
      meta: { at: clock.now(), by: reader.organisation, correlationId },
    });
    if (!handled.ok) throw invalidInput([handled.error satisfies Reason]);
    handToken(this.#core, request, handled.value.token);
  }
}

function sealedOf({ key_id: key, iv, sealed_text: text }: SealedCells) {
  return { key, iv, text };
}
