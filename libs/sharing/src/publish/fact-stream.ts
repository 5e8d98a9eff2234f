import type { Clock, FactId, OrganisationId } from '#kernel';
import { encodeRecord, factStream, type EncodedRecord, type FactEvent, type SealingContext } from '#contracts';
import { AppendInDoubt, WrongExpectedRevision, type EventLog, type LogToken } from '#event-log';
import type { KeyHandle, SealingVault } from '#vault';
import { factDecider, type Draft, type FactCommand, type FactDecision, type FactState } from './fact.ts';

/** A fact's stream as read: its fold, its events, and the last event's token. */
export interface ReadFact {
  readonly state: FactState;
  readonly events: readonly FactEvent[];
  readonly token: LogToken | null;
}

/** What the words of an event are sealed with. */
export interface Sealing {
  readonly key: KeyHandle;
  /** Asked only where the event has words. */
  readonly plaintext: () => Uint8Array;
}

/** Where an append comes from, for the record. */
export interface Act {
  readonly by: OrganisationId;
  readonly correlationId: string;
}

/** What a command came to. */
export interface Carried {
  readonly decision: FactDecision;
  readonly after: FactState;
  readonly token: LogToken | null;
}

/**
 * STORAGE FORMAT: what the sealed words of a fact event are bound to (design §3.5): the clear fact type as schema and the record as owner;
 * for a quarantined item the fact type where it is known, and the item's own id.
 */
export function factSealingContext(
  factId: FactId,
  revision: number,
  type: FactEvent['type'],
  of: { readonly factType: string | null; readonly recordId?: string },
): SealingContext {
  return { stream: factStream(factId), revision, type, schema: of.factType ?? type, owner: of.recordId ?? factId };
}

/** The fold of a stream's events. */
export function foldFact(events: readonly Pick<FactEvent, 'type' | 'data'>[]): FactState {
  return events.reduce((state, event) => factDecider.evolve(state, event), factDecider.initialState);
}

/** Reads and writes `fact-<factId>` streams. */
export class FactStreams {
  readonly #log: EventLog;
  readonly #vault: SealingVault;
  readonly #clock: Clock;

  constructor(log: EventLog, vault: SealingVault, clock: Clock) {
    this.#log = log;
    this.#vault = vault;
    this.#clock = clock;
  }

  /** The whole stream, in pages. */
  async read(factId: FactId): Promise<ReadFact> {
    const events: FactEvent[] = [];
    let token: LogToken | null = null;
    for (let from = 0; ;) {
      const page = await this.#log.readStream(factStream(factId), { from });
      for (const { data } of page) events.push(JSON.parse(Buffer.from(data).toString('utf8')) as FactEvent);
      const last = page.at(-1);
      if (last === undefined) break;
      token = last.token;
      if (page.length < 1_000) break;
      from = last.revision + 1;
    }
    return { state: foldFact(events), events, token };
  }

  /**
   * Decides on `before`, seals and appends. Throws `WrongExpectedRevision` where the stream moved: the caller reads and decides again.
   * An append in doubt is repeated with the same bytes.
   */
  async carryOut(
    factId: FactId,
    before: Pick<ReadFact, 'state' | 'token'>,
    command: FactCommand,
    act: Act,
    sealing: Sealing | undefined,
  ): Promise<Carried> {
    const decision = factDecider.decide(command, before.state);
    if (decision.kind !== 'event') return { decision, after: before.state, token: before.token };
    const { draft } = decision;
    const { revision } = before.state;
    const stream = factStream(factId);
    const record = encodeRecord({
      format: 1,
      stream,
      revision: revision + 1,
      type: draft.type,
      recordedAt: this.#clock.now(),
      by: act.by,
      correlationId: act.correlationId,
      data: this.#sealed(factId, revision + 1, draft, sealing),
    });
    const token = await this.#append(stream, revision < 0 ? 'none' : revision, record);
    return { decision, after: factDecider.evolve(before.state, draft), token };
  }

  async #append(stream: string, expected: number | 'none', record: EncodedRecord): Promise<LogToken> {
    for (let doubts = 0; ; doubts++) {
      try {
        return (await this.#log.append(stream, expected, [record])).token;
      } catch (error) {
        if (!(error instanceof AppendInDoubt) || doubts >= 5) throw error;
      }
    }
  }

  #sealed(factId: FactId, revision: number, { type, data }: Draft, sealing: Sealing | undefined): object {
    switch (type) {
      case 'fact.withheld.v1':
      case 'fact.withdrawn.v1':
        return data;
      case 'fact.published.v1':
      case 'fact.corrected.v1':
      case 'fact.quarantined.v1':
        return { ...data, sealed: this.#seal(factSealingContext(factId, revision, type, data), sealing) };
      case 'fact.regated.v1': {
        if (data.outcome === 'withheld' || data.outcome === 'discarded') return data;
        const sealed = this.#seal(factSealingContext(factId, revision, type, data.body), sealing);
        return { outcome: data.outcome, body: { ...data.body, sealed } };
      }
    }
  }

  #seal(context: SealingContext, sealing: Sealing | undefined): object {
    if (sealing === undefined) throw new TypeError('words without a key');
    return this.#vault.seal(sealing.key, context, sealing.plaintext());
  }
}

/** True where a stream moved between reading and appending. */
export function moved(error: unknown): boolean {
  return error instanceof WrongExpectedRevision;
}
