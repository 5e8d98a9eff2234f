import { epochMs, factIdOf, namedUuid, randomUuid, toInstant, type Chance, type ChildId, type Clock } from '#kernel';
import type { FactId, OrganisationId, RecordId } from '#kernel';
import { isHidden, statedAfter, type Reason } from '#contracts';
import type { EventLog } from '#event-log';
import { OneAtATime, type Identity } from '#identity';
import { OwnerErased, type Vault } from '#vault';
import { gate } from '../gate/index.ts';
import type { Protection, Registry } from '../model.ts';
import { factDecider, type FactCommand, type FactState, type Unsealed } from './fact.ts';
import { FactStreams, moved, type Carried, type ReadFact, type Sealing } from './fact-stream.ts';
import { hubSigner, type HubKey } from './hub-signer.ts';
import type { Publisher, Submission, SubmissionResult } from './model.ts';
import { indexFields, readSigned, readTranslated } from './read.ts';
import { Recollection } from './recollection.ts';
import { ensureRelationship, relationshipCommand, restricts, type Desired } from './relationships.ts';
import { signatureVerifier } from './signatures.ts';
import type { QuarantinedOriginal, Statement } from './statement.ts';

/** What a publisher works with. The vault opens only under the grants `process:publish` and `process:quarantine`. */
export interface PublisherParts {
  readonly log: EventLog;
  readonly vault: Vault;
  readonly identity: Identity;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly hubKey: HubKey;
  readonly registry: () => Promise<Registry>;
  /** The protection of exactly this child, at its acknowledged tail. */
  readonly protection: (child: ChildId) => Promise<Protection>;
}

/** A quarantined item lives this long (design §3.2). */
export const QUARANTINE_DAYS = 30;
const DAY = 86_400_000;
const EMPTY: Pick<ReadFact, 'state' | 'token'> = { state: factDecider.initialState, token: null };

type Answer = Omit<SubmissionResult, 'row'>;

/** Which fact, under which name of the statement, of which record. */
interface Placed {
  readonly statement: Statement;
  readonly factId: FactId;
  readonly by: FactId;
  readonly record: RecordId | null;
  readonly child: ChildId | null;
  readonly correlationId: string;
}

/** Takes verified items to the log; see {@link Publisher}. */
export class Pipeline implements Publisher {
  readonly #parts: PublisherParts;
  readonly #verify = signatureVerifier();
  readonly #sign: (payload: string) => string;
  readonly #streams: FactStreams;
  readonly #recollection: Recollection;
  readonly #turns = new OneAtATime();

  constructor(parts: PublisherParts) {
    this.#parts = parts;
    this.#sign = hubSigner(parts.hubKey);
    this.#streams = new FactStreams(parts.log, parts.vault, parts.clock);
    this.#recollection = new Recollection(parts.vault, parts.identity.submissions);
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
      return this.#unreadable(organisation, item.reasons, { kind: 'raw', row: item.row, raw }, correlationId);
    }
    const signer = { kid: this.#parts.hubKey.kid, sign: this.#sign };
    const read = readTranslated(registry, organisation, item, submission, signer);
    return read.ok ? this.#publish(read.value, correlationId) : rejected(read.error);
  }

  /** An item no connector could read: nothing names it, so it gets a random id. */
  async #unreadable(
    organisation: OrganisationId,
    reasons: readonly Reason[],
    original: QuarantinedOriginal,
    correlationId: string,
  ): Promise<Answer> {
    const factId = randomUuid(this.#parts.chance) as FactId;
    const command = this.#quarantining(organisation, null, reasons, factId, 'same');
    const sealing = await this.#itemSealing(factId, original);
    const { token } = await this.#streams.carryOut(
      factId,
      EMPTY,
      command,
      { by: organisation, correlationId },
      sealing,
    );
    return { outcome: 'quarantined', factId, reasons, repeated: false, token };
  }

  async #publish(statement: Statement, correlationId: string): Promise<Answer> {
    const { organisation, subject, key, operation } = statement;
    const resolved = await this.#parts.identity.resolve(organisation, subject, { correlationId });
    const refusal = resolved.ok ? undefined : resolved.error;
    if (refusal?.code === 'RECORD_ERASED') return rejected([{ code: refusal.code, pointer: '/data/subject' }]);
    const record = resolved.ok ? resolved.value.recordId : null;
    const child = resolved.ok ? resolved.value.child : null;
    const reasons = refusal === undefined ? [] : [{ code: refusal.code, pointer: `/data/subject${refusal.pointer}` }];
    if (key.kind === 'per-record' && record === null) {
      return this.#unreadable(organisation, reasons, statement.original, correlationId);
    }
    const factId =
      key.kind === 'per-record' ? (namedUuid(record ?? '', key.name) as FactId) : factIdOf(organisation, key.id);
    const by = statement.submissionId ?? (namedUuid(factId, statement.stated.at, operation) as FactId);
    const placed: Placed = { statement, factId, by, record, child, correlationId };
    return this.#turns.run(factId, async () => {
      try {
        if (operation === 'withdraw' && statement.invalid.length === 0) return await this.#withdraw(placed);
        return await this.#state(placed, [...reasons, ...statement.invalid]);
      } catch (error) {
        if (error instanceof OwnerErased) return rejected([{ code: 'RECORD_ERASED', pointer: '/data/subject' }]);
        throw error;
      }
    });
  }

  async #state(placed: Placed, invalid: readonly Reason[]): Promise<Answer> {
    const { statement, factId, by, record, child } = placed;
    const { definition, organisation } = statement;
    if (record === null || child === null || invalid.length > 0) return this.#quarantine(placed, invalid);
    const gated = await this.#gate(statement, child);
    if (gated.effect === 'quarantine') return this.#quarantine(placed, gated.reasons);
    if (gated.effect === 'withhold') return this.#withhold(placed, record, gated.reasons);
    if (definition === undefined) return this.#quarantine(placed, [{ code: 'TYPE_UNKNOWN', pointer: '/type' }]);
    const hidden = isHidden(definition.category);
    const body: Unsealed = {
      recordId: record,
      organisation,
      factType: hidden ? 'restricted.fact.v1' : definition.type,
      category: hidden ? 'restricted' : definition.category,
      index: hidden ? {} : indexFields(definition, statement.fact),
      happenedAt: statement.happenedAt,
      stated: { ...statement.stated, by },
      purposes: gated.basis.purposes,
      reliesOnConsent: gated.reliesOnConsent,
      provenance: statement.provenance,
    };
    const key = await this.#parts.vault.keyFor(record, definition.category);
    const sealing = { key, plaintext: statement.jws };
    const row = this.#recollection.find(by);
    const concerned = definition.relationship !== undefined || statement.operation === 'correct';
    const desired: Desired = { definition, data: statement.fact };
    const known = concerned || row !== undefined ? await this.#streams.read(factId) : undefined;
    if (concerned && wouldHold(known?.state, body)) await this.#relate(placed, child, desired, 'before');
    const carried = await this.#carry(placed, factId, (same) => ({ type: 'state', body, known: same }), sealing, known);
    const { decision, token } = carried;
    if (decision.kind === 'conflict') return conflict(factId);
    if (decision.kind === 'other-subject') {
      return this.#quarantine(placed, [{ code: 'SUBJECT_DIFFERS', pointer: '/data/subject' }]);
    }
    if (concerned && carried.after.holds?.stated.by === by) await this.#relate(placed, child, desired, 'after');
    if (row?.outcome !== 'published') {
      await this.#recollection.keep(
        { submissionId: by, recordId: record, factId, outcome: 'published' },
        statement.bodyBytes,
        definition.category,
      );
      if (row !== undefined) await this.#close(row.factId, factId, carried, placed);
    }
    return { outcome: 'published', factId, reasons: [], repeated: decision.kind === 'repeated', token };
  }

  async #withdraw(placed: Placed): Promise<Answer> {
    const { statement, factId, by } = placed;
    const known = await this.#streams.read(factId);
    const record = known.state.holds?.recordId ?? placed.record;
    const child = record === null ? null : (this.#parts.identity.childOf(record) ?? placed.child);
    const { organisation, withdrawalReason } = statement;
    const stated = { ...statement.stated, by };
    const data = { recordId: record, organisation, stated, reason: withdrawalReason };
    if (child !== null && wouldHold(known.state, { stated })) await this.#relate(placed, child, null, 'before');
    const command = (same: 'same' | 'other'): FactCommand => ({ type: 'withdraw', body: data, known: same });
    const carried = await this.#carry(placed, factId, command, undefined, known);
    if (carried.decision.kind === 'conflict') return conflict(factId);
    if (child !== null && carried.after.holds?.stated.by === by) await this.#relate(placed, child, null, 'after');
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
    const protections = asks ? [await this.#parts.protection(child)] : [];
    return gate({ definition, category, basis, protections, at: this.#parts.clock.now() });
  }

  async #withhold(placed: Placed, record: RecordId, reasons: readonly Reason[]): Promise<Answer> {
    const { definition, organisation, bodyBytes } = placed.statement;
    const hidden = definition === undefined || isHidden(definition.category);
    const body = {
      recordId: record,
      organisation,
      factType: hidden ? 'restricted.fact.v1' : definition.type,
      category: hidden ? ('restricted' as const) : definition.category,
      reasons,
    };
    const command = (by: string, known: 'same' | 'other'): FactCommand => ({ type: 'withhold', body, by, known });
    const { id, carried } = await this.#aside(placed, command, undefined);
    return this.#asideAnswer(placed, id, carried, 'withheld', reasons, record, bodyBytes);
  }

  async #quarantine(placed: Placed, reasons: readonly Reason[]): Promise<Answer> {
    const { statement, record } = placed;
    const { organisation, definition, bodyBytes } = statement;
    const type = definition === undefined || isHidden(definition.category) ? null : definition.type;
    const command = (by: string, known: 'same' | 'other'): FactCommand =>
      this.#quarantining(organisation, type, reasons, by, known);
    const { id, carried } = await this.#aside(placed, command, statement.original);
    return this.#asideAnswer(placed, id, carried, 'quarantined', reasons, record, bodyBytes);
  }

  /** Sets an item aside: in the fact's stream where it is the fact's own first statement, else in one of its own. */
  async #aside(
    placed: Placed,
    command: (by: string, known: 'same' | 'other') => FactCommand,
    original: QuarantinedOriginal | undefined,
  ): Promise<{ readonly id: FactId; readonly carried: Carried }> {
    const carry = async (id: FactId): Promise<Carried> => {
      const sealing = original === undefined ? undefined : await this.#itemSealing(id, original);
      const known = this.#recollection.find(placed.by) === undefined ? undefined : await this.#streams.read(id);
      return this.#carry(placed, id, (same) => command(placed.by, same), sealing, known);
    };
    const first = await carry(placed.by);
    if (first.decision.kind !== 'elsewhere') return { id: placed.by, carried: first };
    const id = namedUuid(placed.by, 'set-aside') as FactId;
    return { id, carried: await carry(id) };
  }

  async #asideAnswer(
    placed: Placed,
    factId: FactId,
    { decision, token, after }: Carried,
    outcome: 'withheld' | 'quarantined',
    reasons: readonly Reason[],
    recordId: RecordId | null,
    bodyBytes: Uint8Array,
  ): Promise<Answer> {
    if (decision.kind === 'conflict') return conflict(factId);
    if (decision.kind === 'repeated' && after.statements.has(placed.by)) {
      return { outcome: 'published', factId, reasons: [], repeated: true, token };
    }
    if (decision.kind === 'event') {
      const row = { submissionId: placed.by, recordId, factId, outcome };
      const category = outcome === 'withheld' ? (placed.statement.definition?.category ?? null) : null;
      await this.#recollection.keep(row, bodyBytes, category);
      if (outcome === 'withheld') await this.#parts.vault.destroy(factId, 'quarantine');
    }
    return { outcome, factId, reasons, repeated: decision.kind === 'repeated', token };
  }

  #quarantining(
    organisation: OrganisationId,
    factType: string | null,
    reasons: readonly Reason[],
    by: string,
    known: 'same' | 'other',
  ): FactCommand {
    const expiresAt = toInstant(epochMs(this.#parts.clock.now()) + QUARANTINE_DAYS * DAY);
    return { type: 'quarantine', body: { organisation, factType, reasons, expiresAt }, by, known };
  }

  async #itemSealing(id: FactId, original: QuarantinedOriginal): Promise<Sealing> {
    this.#parts.identity.shelf.add(id, toInstant(epochMs(this.#parts.clock.now()) + QUARANTINE_DAYS * DAY));
    const key = await this.#parts.vault.keyFor(id, 'quarantine');
    return { key, plaintext: () => Buffer.from(JSON.stringify(original), 'utf8') };
  }

  /** Appends what the command leads to; where nothing is known of the submission, an empty stream is tried first and read only if it is not. */
  async #carry(
    { statement, by, correlationId }: Placed,
    factId: FactId,
    command: (known: 'same' | 'other') => FactCommand,
    sealing: Sealing | undefined,
    known: ReadFact | undefined,
  ): Promise<Carried> {
    const act = { by: statement.organisation, correlationId };
    const row = this.#recollection.find(by);
    const remembered = row === undefined ? undefined : await this.#recollection.compare(row, statement.bodyBytes);
    for (let read = known; ;) {
      const same = remembered ?? (read === undefined ? 'same' : this.#recollection.fromStream(read, by, statement));
      try {
        return await this.#streams.carryOut(factId, read ?? EMPTY, command(same), act, sealing);
      } catch (error) {
        if (!moved(error)) throw error;
        read = await this.#streams.read(factId);
      }
    }
  }

  async #relate(placed: Placed, child: ChildId, desired: Desired, when: 'before' | 'after'): Promise<void> {
    const { log, clock, protection } = this.#parts;
    const { factId, correlationId } = placed;
    const { organisation } = placed.statement;
    const command = relationshipCommand(factId, organisation, desired);
    if (when === 'before' && !restricts(command, await protection(child))) return;
    const cause = { by: organisation, correlationId, causationId: factId };
    await ensureRelationship({ log, clock, protection }, child, command, cause);
  }

  /** A published item is no longer set aside: its key is destroyed, and the stream it waited in, if its own, says so. */
  async #close(waited: FactId, factId: FactId, carried: Carried, placed: Placed): Promise<void> {
    if (waited !== factId) {
      const act = { by: placed.statement.organisation, correlationId: placed.correlationId };
      await closeItem(this.#streams, waited, 'PUBLISHED', act);
    } else if (carried.decision.kind !== 'event') return;
    await this.#parts.vault.destroy(waited, 'quarantine');
    this.#parts.identity.shelf.drop(waited);
  }
}

/** Says on an item's own stream that it waits no longer. */
export async function closeItem(
  streams: FactStreams,
  item: FactId,
  code: string,
  act: { readonly by: OrganisationId; readonly correlationId: string },
): Promise<Carried> {
  for (;;) {
    const read = await streams.read(item);
    try {
      return await streams.carryOut(item, read, { type: 'discard', reasons: [{ code }] }, act, undefined);
    } catch (error) {
      if (!moved(error)) throw error;
    }
  }
}

function wouldHold(state: FactState | undefined, { stated }: Pick<Unsealed, 'stated'>): boolean {
  const holds = state?.holds;
  return holds === undefined || holds.stated.by === stated.by || statedAfter(stated, holds.stated);
}

function rejected(reasons: readonly Reason[]): Answer {
  return { outcome: 'rejected', factId: null, reasons, repeated: false, token: null };
}

function conflict(factId: FactId): Answer {
  const reasons = [{ code: 'ID_USED_FOR_OTHER_CONTENT', pointer: '/id' }];
  return { outcome: 'conflict', factId, reasons, repeated: false, token: null };
}
