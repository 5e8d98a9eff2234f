import { canonicalJson, type Instant, type OrganisationId, type RecordId } from '#kernel';
import {
  statedAfter,
  type FactBody,
  type FactEvent,
  type FactQuarantined,
  type FactRegated,
  type FactWithdrawn,
  type FactWithheld,
  type Reason,
  type Stated,
} from '#contracts';

/** A published body before its words are sealed: what the decider judges. */
export type Unsealed = Omit<FactBody, 'sealed'>;
/** A quarantined item before it is sealed. */
export type UnsealedItem = Omit<FactQuarantined, 'sealed'>;

/** A statement that the stream has, and where. */
export interface Held {
  readonly stated: Stated;
  readonly revision: number;
  /** `restricted.fact.v1` where restricted; null for a withdrawal. */
  readonly factType: string | null;
  readonly recordId: RecordId | null;
}

/** What was kept back and why; `open` until something of the same submission is published or somebody discards it. */
export interface SetAside {
  readonly kind: 'withheld' | 'quarantined';
  readonly open: boolean;
  readonly organisation: OrganisationId;
  readonly reasons: readonly Reason[];
  /** Where the event stands that has the sealed item. */
  readonly revision: number;
  readonly type: string;
  /** Only of a quarantined item. */
  readonly expiresAt?: Instant;
}

/** One submitted fact: every statement made of it in any order, and what was set aside. */
export interface FactState {
  readonly revision: number;
  readonly statements: ReadonlyMap<string, Held>;
  /** The statement that holds, by `statedAfter`; undefined before the first. */
  readonly holds: Held | undefined;
  readonly setAside: SetAside | undefined;
}

/** What may be asked of a fact. `known` compares the body with one under the same submission id, where there is one. */
export type FactCommand =
  | { readonly type: 'state'; readonly body: Unsealed; readonly known: 'same' | 'other' }
  | { readonly type: 'withhold'; readonly body: FactWithheld; readonly by: string; readonly known: 'same' | 'other' }
  | { readonly type: 'quarantine'; readonly body: UnsealedItem; readonly by: string; readonly known: 'same' | 'other' }
  | { readonly type: 'withdraw'; readonly body: FactWithdrawn; readonly known: 'same' | 'other' }
  | { readonly type: 'discard'; readonly reasons: readonly Reason[] };

/** The one event a command leads to, its words not sealed yet. */
export type Draft =
  | { readonly type: 'fact.published.v1' | 'fact.corrected.v1'; readonly data: Unsealed }
  | { readonly type: 'fact.withheld.v1'; readonly data: FactWithheld }
  | { readonly type: 'fact.quarantined.v1'; readonly data: UnsealedItem }
  | { readonly type: 'fact.withdrawn.v1'; readonly data: FactWithdrawn }
  | {
      readonly type: 'fact.regated.v1';
      readonly data:
        | { readonly outcome: 'published'; readonly body: Unsealed }
        | { readonly outcome: 'quarantined'; readonly body: UnsealedItem }
        | Extract<FactRegated, { readonly outcome: 'withheld' | 'discarded' }>;
    };

/**
 * `event`: append it. `repeated`: it is so already, answer as before. `conflict`: another body under a known submission id.
 * `elsewhere`: the stream has statements, so what can't be published is kept in a stream of its own.
 */
export type FactDecision =
  | { readonly kind: 'event'; readonly draft: Draft }
  | { readonly kind: 'repeated' }
  | { readonly kind: 'conflict' }
  | { readonly kind: 'elsewhere' }
  /** The fact was stated about another record: one fact, one subject. */
  | { readonly kind: 'other-subject' };

const REPEATED: FactDecision = { kind: 'repeated' };
const CONFLICT: FactDecision = { kind: 'conflict' };

/** Decider of `fact-<factId>` (design §3.2): pure; the last statement by the organisation's own time holds, whatever came first. */
export const factDecider = {
  initialState: { revision: -1, statements: new Map(), holds: undefined, setAside: undefined } as FactState,

  decide(command: FactCommand, state: FactState): FactDecision {
    switch (command.type) {
      case 'state':
        return decideState(command.body, command.known, state);
      case 'withdraw': {
        if (state.statements.has(command.body.stated.by)) return command.known === 'same' ? REPEATED : CONFLICT;
        return event({ type: 'fact.withdrawn.v1', data: command.body });
      }
      case 'withhold':
      case 'quarantine':
        return decideSetAside(command, state);
      case 'discard': {
        const { setAside } = state;
        if (setAside === undefined || !setAside.open) return REPEATED;
        const { organisation } = setAside;
        return event({
          type: 'fact.regated.v1',
          data: { outcome: 'discarded', organisation, reasons: command.reasons },
        });
      }
    }
  },

  evolve(state: FactState, { type, data }: Pick<FactEvent, 'type' | 'data'> | Draft): FactState {
    const revision = state.revision + 1;
    switch (type) {
      case 'fact.published.v1':
      case 'fact.corrected.v1':
        return including({ ...state, revision }, heldBody(data as Unsealed, revision));
      case 'fact.withdrawn.v1': {
        const { stated, recordId } = data as FactWithdrawn;
        return including({ ...state, revision }, { stated, revision, factType: null, recordId });
      }
      case 'fact.withheld.v1': {
        const { organisation, reasons } = data as FactWithheld;
        return {
          ...state,
          revision,
          setAside: { kind: 'withheld', open: true, organisation, reasons, revision, type },
        };
      }
      case 'fact.quarantined.v1': {
        const { organisation, reasons, expiresAt } = data as UnsealedItem;
        const setAside = { kind: 'quarantined', open: true, organisation, reasons, revision, type, expiresAt } as const;
        return { ...state, revision, setAside };
      }
      case 'fact.regated.v1':
        return regated(state, data as FactRegated, revision);
    }
  },
};

function decideState(body: Unsealed, known: 'same' | 'other', state: FactState): FactDecision {
  if (state.statements.has(body.stated.by)) return known === 'same' ? REPEATED : CONFLICT;
  const record = state.holds?.recordId ?? body.recordId;
  if (record !== body.recordId) return { kind: 'other-subject' };
  if (state.statements.size > 0) return event({ type: 'fact.corrected.v1', data: body });
  // A correction of something set aside is a statement of its own; only the item itself goes through the gate again.
  if (state.setAside !== undefined && body.stated.rank === 0) {
    return known === 'same' ? event({ type: 'fact.regated.v1', data: { outcome: 'published', body } }) : CONFLICT;
  }
  return event({ type: body.stated.rank === 0 ? 'fact.published.v1' : 'fact.corrected.v1', data: body });
}

function decideSetAside(
  command: Extract<FactCommand, { type: 'withhold' | 'quarantine' }>,
  state: FactState,
): FactDecision {
  if (state.statements.has(command.by)) return command.known === 'same' ? REPEATED : CONFLICT;
  if (state.statements.size > 0) return { kind: 'elsewhere' };
  const { setAside } = state;
  if (setAside === undefined) {
    return command.type === 'withhold'
      ? event({ type: 'fact.withheld.v1', data: command.body })
      : event({ type: 'fact.quarantined.v1', data: command.body });
  }
  if (command.known === 'other') return CONFLICT;
  const kind = command.type === 'withhold' ? 'withheld' : 'quarantined';
  const unchanged = setAside.open && setAside.kind === kind && sameReasons(setAside.reasons, command.body.reasons);
  if (unchanged) return REPEATED;
  return command.type === 'withhold'
    ? event({ type: 'fact.regated.v1', data: { outcome: 'withheld', body: command.body } })
    : event({ type: 'fact.regated.v1', data: { outcome: 'quarantined', body: command.body } });
}

function regated(state: FactState, data: FactRegated, revision: number): FactState {
  const type = 'fact.regated.v1';
  switch (data.outcome) {
    case 'published': {
      const after = including({ ...state, revision }, heldBody(data.body, revision));
      return state.setAside === undefined ? after : { ...after, setAside: { ...state.setAside, open: false } };
    }
    case 'withheld': {
      const { organisation, reasons } = data.body;
      return { ...state, revision, setAside: { kind: 'withheld', open: true, organisation, reasons, revision, type } };
    }
    case 'quarantined': {
      const { organisation, reasons, expiresAt } = data.body;
      const setAside = { kind: 'quarantined', open: true, organisation, reasons, revision, type, expiresAt } as const;
      return { ...state, revision, setAside };
    }
    case 'discarded': {
      if (state.setAside === undefined) return { ...state, revision };
      return { ...state, revision, setAside: { ...state.setAside, open: false } };
    }
  }
}

function heldBody({ stated, factType, recordId }: Unsealed, revision: number): Held {
  return { stated, revision, factType, recordId };
}

function including(state: FactState, held: Held): FactState {
  const statements = new Map(state.statements).set(held.stated.by, held);
  const holds = state.holds === undefined || statedAfter(held.stated, state.holds.stated) ? held : state.holds;
  return { ...state, statements, holds };
}

function sameReasons(a: readonly Reason[], b: readonly Reason[]): boolean {
  return canonicalJson(a) === canonicalJson(b);
}

function event(draft: Draft): FactDecision {
  return { kind: 'event', draft };
}
