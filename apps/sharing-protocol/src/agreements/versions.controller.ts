import { Body, Controller, Get, HttpCode, Inject, Param, ParseIntPipe, Post } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import type { OrganisationId, PlainDate } from '#kernel';
import { agreementDigest, type AgreementContent, type AgreementInForce } from '#contracts';
import { Access, CORE, CurrentCaller, invalidInput, notFound, Problem, type Caller, type Core } from '#nest-platform';
import {
  agreementChanges,
  agreementInWords,
  approvalVerifier,
  changesInWords,
  readTerms,
  versionState,
  type AgreementChanges,
  type AgreementRecord,
  type RegistryCommand,
  type VersionState,
  type WordedSection,
} from '#sharing';
import { noPersonIn } from '../registry/no-person.ts';
import { AgreementVersionDto, ApprovalDto, ReasonDto } from './agreements.dto.ts';
import { changed, partyOf, readable, type Changed, nameIn } from './party.ts';

/** A version of an agreement as its parties and the area's officers read it. */
export interface AgreementVersion {
  readonly content: AgreementInForce;
  readonly state: VersionState;
  /** What an approval signs; absent for versions of the time before agreements stated their terms. */
  readonly digest?: string;
  readonly approvals: readonly {
    readonly party: OrganisationId;
    readonly approver: string;
    readonly kid: string;
    readonly jws: string;
  }[];
  /** The same in plain English, for anybody who is shown it. */
  readonly words: readonly WordedSection[];
}

/** Versions of agreements: drafted by one party, in force when a person of each has approved with a key of its own. */
@Controller('v1/agreements/:agreement/versions')
@Access({ roles: ['data-protection-officer', 'organisation-system'], purpose: 'none' })
export class AgreementVersionsController {
  readonly #core: Core;
  readonly #verify = approvalVerifier();

  constructor(@Inject(CORE) core: Core) {
    this.#core = core;
  }

  @ApiOperation({ summary: 'Draft a version of an agreement' })
  @Post()
  @HttpCode(200)
  async draft(
    @Param('agreement') agreement: string,
    @Body() dto: AgreementVersionDto,
    @CurrentCaller() caller: Caller,
  ): Promise<Changed & { readonly digest: string }> {
    const { version, title, source, recipient, categories, purposes, roles, from } = dto;
    const party = caller.reader.organisation;
    const terms = readTerms(dto.terms);
    if (!terms.ok) throw invalidInput([terms.error]);
    const { schedule1 } = terms.value.bases;
    noPersonIn({ agreement, title, ...(schedule1 === null ? {} : { 'terms/bases/schedule1': schedule1 }) });
    const until = (dto.until ?? null) as PlainDate | null;
    const scope = { agreement, version, title, source, recipient, categories, purposes, roles, from, until };
    const data = { ...scope, terms: terms.value } as unknown as AgreementContent;
    const answer = await this.#command({ type: 'draftAgreement', data, party }, caller);
    return { ...answer, digest: agreementDigest(data) };
  }

  @ApiOperation({ summary: 'A version of an agreement, its approvals, and what it says in plain English' })
  @Get(':version')
  @Access({ roles: ['data-protection-officer', 'organisation-system', 'system-administrator'], purpose: 'none' })
  async read(
    @Param('agreement') agreement: string,
    @Param('version', ParseIntPipe) version: number,
    @CurrentCaller() caller: Caller,
  ): Promise<AgreementVersion> {
    const registry = await this.#core.tails.registry();
    const record = readable(registry, agreement, caller);
    const content = contentOf(record, version);
    const state = versionState(registry, agreement, version);
    if (content === undefined || state === undefined) throw notFound();
    const draft = record.drafts.get(version);
    return {
      content,
      state,
      ...(draft === undefined ? {} : { digest: agreementDigest(draft.content) }),
      approvals: [...(draft?.approvals.values() ?? [])].map(({ party, approver, kid, jws }) => ({
        party,
        approver,
        kid,
        jws,
      })),
      words: agreementInWords(content, nameIn(registry)),
    };
  }

  @ApiOperation({ summary: 'What a version changes against the one in force, in words' })
  @Get(':version/changes')
  @Access({ roles: ['data-protection-officer', 'organisation-system', 'system-administrator'], purpose: 'none' })
  async changes(
    @Param('agreement') agreement: string,
    @Param('version', ParseIntPipe) version: number,
    @CurrentCaller() caller: Caller,
  ): Promise<AgreementChanges & { readonly against: number | null; readonly words: readonly string[] }> {
    const registry = await this.#core.tails.registry();
    const record = readable(registry, agreement, caller);
    const content = contentOf(record, version);
    if (content === undefined) throw notFound();
    const current = record.held.at(-1);
    const changes = agreementChanges(current, content);
    const name = nameIn(registry);
    const names = { source: name(record.source), recipient: name(record.recipient) };
    return { against: current?.version ?? null, ...changes, words: changesInWords(changes, names) };
  }

  /** The second of two approvals puts the version in force. A person of its own approves for a party, never somebody for both. */
  @ApiOperation({ summary: 'Approve a version for one party' })
  @Post(':version/approvals')
  @HttpCode(200)
  async approve(
    @Param('agreement') agreement: string,
    @Param('version', ParseIntPipe) version: number,
    @Body() { jws }: ApprovalDto,
    @CurrentCaller() caller: Caller,
  ): Promise<Changed & { readonly state: VersionState | null }> {
    const registry = await this.#core.tails.registry();
    const party = partyOf(registry, agreement, caller);
    const verified = await this.#verify(registry, { agreement, version, party }, jws);
    if (!verified.ok) {
      throw new Problem({
        status: 403,
        code: 'CALLER_APPROVAL_NOT_VALID',
        title: 'This is no approval of this version by your organisation',
        errors: [verified.error],
      });
    }
    const { sub, role } = caller.reader;
    const own = verified.value.approver === sub;
    // A system hands in what a person of its organisation approved; a person approves in their own name.
    if (role === 'organisation-system' ? own : !own) {
      throw new Problem({
        status: 403,
        code: 'CALLER_APPROVER_NOT_OWN',
        title: 'An approval is given by a person, in their own name',
        errors: [{ code: 'APPROVER_NOT_OWN', pointer: '/jws' }],
      });
    }
    const answer = await this.#command({ type: 'approveAgreement', data: verified.value }, caller);
    const state = versionState(await this.#core.tails.registry(), agreement, version) ?? null;
    return { ...answer, state };
  }

  @ApiOperation({ summary: 'Withdraw a draft for good' })
  @Post(':version/withdrawals')
  @HttpCode(200)
  async withdraw(
    @Param('agreement') agreement: string,
    @Param('version', ParseIntPipe) version: number,
    @Body() { reason }: ReasonDto,
    @CurrentCaller() caller: Caller,
  ): Promise<Changed> {
    noPersonIn({ reason });
    const party = partyOf(await this.#core.tails.registry(), agreement, caller);
    return this.#command({ type: 'withdrawDraft', data: { agreement, version, party, reason } }, caller);
  }

  async #command(command: RegistryCommand, { reader, correlationId }: Caller): Promise<Changed> {
    return changed(await this.#core.registryCommand(command, { by: reader.organisation, correlationId }));
  }
}

function contentOf({ drafts, held }: AgreementRecord, version: number): AgreementInForce | undefined {
  return drafts.get(version)?.content ?? held.find((each) => each.version === version);
}
