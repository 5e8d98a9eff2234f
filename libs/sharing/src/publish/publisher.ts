import { epochMs, factIdOf, namedUuid, type ChildId, type FactId, type OrganisationId, type RecordId } from '#kernel';
import { clearCategory, clearType, indexOf, looksPersonal, statedAfter, type Reason } from '#contracts';
import { OneAtATime } from '#identity';
import { OwnerErased } from '#vault';
import { gate } from '../gate/index.ts';
import type { Protection } from '../model.ts';
import { carry, lookUp } from './carry.ts';
import type { FactCommand, FactState, Unsealed } from './fact.ts';
import { FactStreams } from './fact-stream.ts';
import { hubSigner } from './hub-signer.ts';
import type { Publisher, Submission, SubmissionResult } from './model.ts';
import { relateFact, restrictionsOnly } from './moves.ts';
import { conflict, rejected, type Answer, type Placed, type PublisherParts } from './parts.ts';
import { readSigned, readTranslated } from './read.ts';
import { Recollection } from './recollection.ts';
import { concernsProtection, relationshipCommand, restricts, type Desired } from './relationships.ts';
import { SettingAside } from './set-aside.ts';
import { signatureVerifier } from './signatures.ts';
import type { Statement } from './statement.ts';

/** Clocks of organisations may be this far ahead, in milliseconds. */
const CLOCK_AHEAD = 5 * 60_000;

/** Takes verified items to the log; see {@link Publisher}. */
export class Pipeline implements Publisher {
  readonly #parts: PublisherParts;
  readonly #verify = signatureVerifier();
  readonly #sign: (payload: string) => string;
  readonly #streams: FactStreams;
  readonly #recollection: Recollection;
  readonly #aside: SettingAside;
  readonly #turns = new OneAtATime();

  constructor(parts: PublisherParts) {
    this.#parts = parts;
    this.#sign = hubSigner(parts.hubKey);
    this.#streams = new FactStreams(parts.log, parts.vault, parts.clock);
    this.#recollection = new Recollection(parts.vault, parts.identity.submissions);
    this.#aside = new SettingAside(parts, this.#streams, this.#recollection);
  }

  async submit(organisation: OrganisationId, submission: Submission, correlationId: string): Promise<SubmissionResult> {
    const row = submission.kind === 'signed' ? submission.row : submission.item.row;
    return { row, ...(await this.#submitted(organisation, submission, correlationId)) };
  }

  async #submitted(organisation: OrganisationId, submission: Submission, correlationId: string): Promise<Answer> {
    const registry = await this.#parts.registry();
    if (submission.kind === 'signed') {
      const verified = await this.#verify(registry, organisation, submission.jws);
      if (!verified.ok) return rejected([verified.error]);
      const read = readSigned(registry, organisation, submission.jws, verified.value, submission.row);
      return read.ok ? this.#publish(read.value, correlationId) : rejected(read.error);
    }
    const { item } = submission;
    if (!item.ok) {
      const raw = Buffer.from(item.raw).toString('base64url');
      return this.#aside.unreadable(organisation, item.reasons, { kind: 'raw', row: item.row, raw }, correlationId);
    }
    // Both become names of streams, whose hash anyone with a list of numbers could recompute.
    if (item.key.kind === 'source-id' && [item.key.id, item.event.id].some(looksPersonal)) {
      const { translator, fileHash } = submission;
      const original = { kind: 'translated', item, translator, fileHash } as const;
      return this.#aside.unreadable(organisation, [{ code: 'SOURCE_ID_LOOKS_PERSONAL' }], original, correlationId);
    }
    const signer = { kid: this.#parts.hubKey.kid, sign: this.#sign };
    const read = readTranslated(registry, organisation, item, submission, signer);
    return read.ok ? this.#publish(read.value, correlationId) : rejected(read.error);
  }

  async #publish(statement: Statement, correlationId: string): Promise<Answer> {
    const { organisation, subject, key, operation } = statement;
    const resolved = await this.#parts.identity.resolve(organisation, subject, { correlationId });
    const refusal = resolved.ok ? undefined : resolved.error;
    if (refusal?.code === 'RECORD_ERASED') return rejected([{ code: refusal.code, pointer: '/data/subject' }]);
    const record = resolved.ok ? resolved.value.recordId : null;
    const reasons = refusal === undefined ? [] : [{ code: refusal.code, pointer: `/data/subject${refusal.pointer}` }];
    if (key.kind === 'per-record' && record === null) {
      return this.#aside.unreadable(organisation, reasons, statement.original, correlationId);
    }
    const factId =
      key.kind === 'per-record' ? (namedUuid(record ?? '', key.name) as FactId) : factIdOf(organisation, key.id);
    const by = statement.submissionId ?? (namedUuid(factId, statement.stated.at, operation) as FactId);
    return this.#turns.run(factId, async () => {
      const child = record === null ? null : ((await this.#parts.identity.childOfFact(factId, record)) ?? null);
      const placed: Placed = { statement, factId, by, record, child, correlationId };
      try {
        const invalid = [...statement.invalid, ...this.#ahead(statement)];
        if (operation === 'withdraw' && invalid.length === 0) return await this.#withdraw(placed);
        return await this.#state(placed, [...reasons, ...invalid]);
      } catch (error) {
        if (error instanceof OwnerErased) return rejected([{ code: 'RECORD_ERASED', pointer: '/data/subject' }]);
        throw error;
      }
    });
  }

  /** The latest statement holds: one from the future would hold over every later one, so it waits until its time has come. */
  #ahead({ stated }: Statement): readonly Reason[] {
    const ahead = epochMs(stated.at) - epochMs(this.#parts.clock.now());
    return ahead > CLOCK_AHEAD ? [{ code: 'STATED_AT_IN_FUTURE', pointer: '/time' }] : [];
  }

  async #state(placed: Placed, invalid: readonly Reason[]): Promise<Answer> {
    const { statement, factId, by, record, child } = placed;
    const { definition, organisation } = statement;
    if (record === null || child === null || invalid.length > 0) return this.#aside.quarantine(placed, invalid);
    const gated = await this.#gate(statement, child);
    if (gated.effect === 'quarantine') return this.#aside.quarantine(placed, gated.reasons);
    if (gated.effect === 'withhold') return this.#aside.withhold(placed, record, gated.reasons);
    if (definition === undefined) return this.#aside.quarantine(placed, [{ code: 'TYPE_UNKNOWN', pointer: '/type' }]);
    const body: Unsealed = {
      recordId: record,
      organisation,
      factType: clearType(definition),
      category: clearCategory(definition.category),
      index: indexOf(definition, statement.fact),
      happenedAt: statement.happenedAt,
      stated: { ...statement.stated, by },
      purposes: gated.basis.purposes,
      reliesOnConsent: gated.reliesOnConsent,
      provenance: statement.provenance,
    };
    // A key in memory may have been destroyed by another process: a late fact brings nothing back.
    await this.#parts.vault.refresh();
    const key = await this.#parts.vault.keyFor(record, definition.category);
    const sealing = { key, plaintext: statement.jws };
    const concerned = concernsProtection(definition) || statement.operation === 'correct';
    const desired: Desired = { definition, data: statement.fact };
    const known = await lookUp(this.#streams, this.#recollection, placed, concerned);
    // What is said of another subject's fact is set aside below, and changes nobody's protection.
    const same = (known.read?.state.holds?.recordId ?? record) === record;
    if (concerned && same && wouldHold(known.read?.state, body)) await this.#relate(placed, record, desired, 'before');
    const command = (as: 'same' | 'other'): FactCommand => ({ type: 'state', body, known: as });
    const carried = await carry(this.#streams, this.#recollection, placed, factId, command, sealing, known);
    const { decision, token, row } = carried;
    if (decision.kind === 'conflict') return conflict(factId);
    if (decision.kind === 'other-subject') {
      return this.#aside.quarantine(placed, [{ code: 'SUBJECT_DIFFERS', pointer: '/data/subject' }]);
    }
    if (concerned && carried.after.holds?.stated.by === by) await this.#relate(placed, record, desired, 'after');
    if (row?.outcome !== 'published') {
      await this.#recollection.keep(
        { submissionId: by, recordId: record, factId, outcome: 'published' },
        statement.bodyBytes,
        definition.category,
      );
      if (row !== undefined) await this.#aside.close(row.factId, factId, carried, placed);
    }
    return { outcome: 'published', factId, reasons: [], repeated: decision.kind === 'repeated', token };
  }

  async #withdraw(placed: Placed): Promise<Answer> {
    const { statement, factId, by } = placed;
    const known = await lookUp(this.#streams, this.#recollection, placed, true);
    const record = known.read?.state.holds?.recordId ?? placed.record;
    const { organisation, withdrawalReason } = statement;
    const stated = { ...statement.stated, by };
    const data = { recordId: record, organisation, stated, reason: withdrawalReason };
    if (record !== null && wouldHold(known.read?.state, { stated })) await this.#relate(placed, record, null, 'before');
    const command = (same: 'same' | 'other'): FactCommand => ({ type: 'withdraw', body: data, known: same });
    const carried = await carry(this.#streams, this.#recollection, placed, factId, command, undefined, known);
    if (carried.decision.kind === 'conflict') return conflict(factId);
    if (record !== null && carried.after.holds?.stated.by === by) await this.#relate(placed, record, null, 'after');
    const repeated = carried.decision.kind === 'repeated';
    if (!repeated) {
      const row = { submissionId: by, recordId: record, factId, outcome: 'withdrawn' };
      await this.#recollection.keep(row, statement.bodyBytes, null);
    }
    return { outcome: 'withdrawn', factId, reasons: [], repeated, token: carried.token };
  }

  async #gate(statement: Statement, child: ChildId): Promise<ReturnType<typeof gate>> {
    const { definition, category, basis } = statement;
    const asks =
      basis?.lawful === 'consent' ||
      basis?.condition === 'explicit-consent' ||
      basis?.confidentiality === 'explicit-consent';
    // Protection says something at the gate only about consent.
    const protections = asks ? await this.#protections(child) : [];
    return gate({ definition, category, basis, protections, at: this.#parts.clock.now() });
  }

  async #protections(child: ChildId): Promise<readonly Protection[]> {
    const lineage = await this.#parts.identity.lineageOf(child);
    const [own, ...earlier] = await Promise.all(lineage.map((each) => this.#parts.protection(each)));
    return own === undefined ? [] : [own, ...earlier.map(restrictionsOnly)];
  }

  async #relate(placed: Placed, record: RecordId, desired: Desired, when: 'before' | 'after'): Promise<void> {
    const { identity, protection } = this.#parts;
    const { factId, correlationId } = placed;
    const { organisation } = placed.statement;
    const command = relationshipCommand(factId, organisation, desired);
    const childNow = (): Promise<ChildId | undefined> => identity.childOfFact(factId, record);
    const child = when === 'before' ? await childNow() : undefined;
    if (when === 'before' && (child === undefined || !restricts(command, await protection(child)))) return;
    const cause = { by: organisation, correlationId, causationId: factId };
    await relateFact(this.#parts, factId, childNow, command, cause);
  }
}

function wouldHold(state: FactState | undefined, { stated }: Pick<Unsealed, 'stated'>): boolean {
  const holds = state?.holds;
  return holds === undefined || holds.stated.by === stated.by || statedAfter(stated, holds.stated);
}
