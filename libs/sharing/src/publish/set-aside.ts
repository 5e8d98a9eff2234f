import { epochMs, namedUuid, randomUuid, toInstant, type FactId, type OrganisationId, type RecordId } from '#kernel';
import { clearCategory, clearType, isHidden, RESTRICTED_TYPE, type Reason } from '#contracts';
import { carry, closeItem, type CarriedWith } from './carry.ts';
import { factDecider, type FactCommand } from './fact.ts';
import type { Carried, FactStreams, Sealing } from './fact-stream.ts';
import { conflict, type Answer, type Placed, type PublisherParts } from './parts.ts';
import type { Recollection } from './recollection.ts';
import type { QuarantinedOriginal } from './statement.ts';

/** A quarantined item lives this long (design §3.2). */
export const QUARANTINE_DAYS = 30;
const DAY = 86_400_000;

type Aside = (by: string, known: 'same' | 'other') => FactCommand;

/** Keeps what can't be published: withheld without its words, or quarantined with them, sealed under a key of the item's own. */
export class SettingAside {
  readonly #parts: PublisherParts;
  readonly #streams: FactStreams;
  readonly #recollection: Recollection;

  constructor(parts: PublisherParts, streams: FactStreams, recollection: Recollection) {
    this.#parts = parts;
    this.#streams = streams;
    this.#recollection = recollection;
  }

  /** An item that no connector could read, or whose own id may not name a stream: it gets a random id. */
  async unreadable(
    organisation: OrganisationId,
    reasons: readonly Reason[],
    original: QuarantinedOriginal,
    correlationId: string,
  ): Promise<Answer> {
    const factId = randomUuid(this.#parts.chance) as FactId;
    const command = this.#quarantining(organisation, null, reasons)(factId, 'same');
    const sealing = await this.#sealing(factId, original);
    const empty = { state: factDecider.initialState, token: null };
    const act = { by: organisation, correlationId };
    const { token } = await this.#streams.carryOut(factId, empty, command, act, sealing);
    return { outcome: 'quarantined', factId, reasons, repeated: false, token };
  }

  /** Not to be shared on the basis given: only that it was, and why. */
  async withhold(placed: Placed, record: RecordId, reasons: readonly Reason[]): Promise<Answer> {
    const { definition, organisation } = placed.statement;
    const body = {
      recordId: record,
      organisation,
      factType: definition === undefined ? RESTRICTED_TYPE : clearType(definition),
      category: definition === undefined ? ('restricted' as const) : clearCategory(definition.category),
      reasons,
    };
    const { id, carried } = await this.#aside(
      placed,
      (by, known) => ({ type: 'withhold', body, by, known }),
      undefined,
    );
    return this.#answer(placed, id, carried, 'withheld', reasons);
  }

  /** Somebody has to look: the item whole, for at most {@link QUARANTINE_DAYS} days. */
  async quarantine(placed: Placed, reasons: readonly Reason[]): Promise<Answer> {
    const { organisation, definition, original } = placed.statement;
    const type = definition === undefined || isHidden(definition.category) ? null : definition.type;
    const { id, carried } = await this.#aside(placed, this.#quarantining(organisation, type, reasons), original);
    return this.#answer(placed, id, carried, 'quarantined', reasons);
  }

  /** A published item is no longer set aside: its key is destroyed, and the stream it waited in, if its own, says so. */
  async close(waited: FactId, factId: FactId, { decision }: Carried, placed: Placed): Promise<void> {
    if (waited !== factId) {
      const act = { by: placed.statement.organisation, correlationId: placed.correlationId };
      await closeItem(this.#streams, waited, 'PUBLISHED', act);
    } else if (decision.kind !== 'event') return;
    await this.#parts.vault.destroy(waited, 'quarantine');
    await this.#parts.identity.shelf.drop(waited);
  }

  /** In the fact's stream where it is the fact's own first statement, else in one of its own. */
  async #aside(
    placed: Placed,
    command: Aside,
    original: QuarantinedOriginal | undefined,
  ): Promise<{ readonly id: FactId; readonly carried: CarriedWith }> {
    const attempt = async (id: FactId): Promise<CarriedWith> => {
      const sealing = original === undefined ? undefined : await this.#sealing(id, original);
      const row = await this.#recollection.find(placed.by);
      const read = row === undefined && id === placed.by ? undefined : await this.#streams.read(id);
      const carried = (same: 'same' | 'other'): FactCommand => command(placed.by, same);
      return carry(this.#streams, this.#recollection, placed, id, carried, sealing, { read, row });
    };
    const first = await attempt(placed.by);
    if (first.decision.kind !== 'elsewhere') return { id: placed.by, carried: first };
    const id = namedUuid(placed.by, 'set-aside') as FactId;
    return { id, carried: await attempt(id) };
  }

  async #answer(
    placed: Placed,
    factId: FactId,
    { decision, token, after }: Carried,
    outcome: 'withheld' | 'quarantined',
    reasons: readonly Reason[],
  ): Promise<Answer> {
    const { by, record, statement } = placed;
    if (decision.kind === 'conflict') return conflict(factId);
    if (decision.kind === 'repeated' && after.statements.has(by)) {
      return { outcome: 'published', factId, reasons: [], repeated: true, token };
    }
    if (decision.kind === 'event') {
      // Whose it is may be known though what it says of the person is refused: so that erasing the record finds the item.
      const { identity } = this.#parts;
      const recordId = record ?? (await identity.recordOf(statement.organisation, statement.subject.localId)) ?? null;
      const row = { submissionId: by, recordId, factId, outcome };
      const category = outcome === 'withheld' ? (statement.definition?.category ?? null) : null;
      await this.#recollection.keep(row, statement.bodyBytes, category);
      if (outcome === 'withheld') await this.#parts.vault.destroy(factId, 'quarantine');
    }
    return { outcome, factId, reasons, repeated: decision.kind === 'repeated', token };
  }

  #quarantining(organisation: OrganisationId, factType: string | null, reasons: readonly Reason[]): Aside {
    const body = { organisation, factType, reasons, expiresAt: this.#end() };
    return (by, known) => ({ type: 'quarantine', body, by, known });
  }

  async #sealing(id: FactId, original: QuarantinedOriginal): Promise<Sealing> {
    await this.#parts.identity.shelf.add(id, this.#end());
    const key = await this.#parts.vault.keyFor(id, 'quarantine');
    return { key, plaintext: () => Buffer.from(JSON.stringify(original), 'utf8') };
  }

  #end() {
    return toInstant(epochMs(this.#parts.clock.now()) + QUARANTINE_DAYS * DAY);
  }
}
