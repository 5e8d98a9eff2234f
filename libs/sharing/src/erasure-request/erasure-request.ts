import { canonicalJson, fail, never, ok, type Outcome } from '#kernel';
import type { Reason } from '#contracts';
import type { Decider } from '#event-log';
import { sameButWords } from '../disclose/request-words.ts';
import type {
  ErasedInStore,
  ErasureCarriedOut,
  ErasureGranted,
  ErasureIncomplete,
  ErasureReceived,
  ErasureRefused,
  ErasureRequestChange,
  ErasureStarted,
} from './events.ts';

/** What may be asked of a request; the data is what would be stored. */
export type ErasureRequestCommand =
  | { readonly type: 'receive'; readonly data: ErasureReceived }
  | { readonly type: 'grant'; readonly data: ErasureGranted }
  | { readonly type: 'refuse'; readonly data: ErasureRefused }
  | { readonly type: 'start'; readonly data: ErasureStarted }
  | { readonly type: 'reportIncomplete'; readonly data: ErasureIncomplete }
  | {
      readonly type: 'finish';
      readonly data: Omit<ErasureCarriedOut, 'records' | 'keysDestroyed' | 'stores'> & Attempt;
    };

/** What the attempt at hand destroyed. */
export type Attempt = Pick<ErasureIncomplete, 'records' | 'keysDestroyed' | 'stores'>;

/** Where a request stands. */
export type ErasureRequest =
  | { readonly status: 'none' }
  | { readonly status: 'received'; readonly received: ErasureReceived }
  | { readonly status: 'refused'; readonly received: ErasureReceived; readonly refused: ErasureRefused }
  | { readonly status: 'granted'; readonly received: ErasureReceived; readonly granted: ErasureGranted }
  | (Begun & { readonly status: 'in-progress'; readonly failing: readonly string[]; readonly soFar: Attempt })
  | (Begun & { readonly status: 'carried-out'; readonly carriedOut: ErasureCarriedOut });

/** A request whose carrying out began. */
export interface Begun {
  readonly received: ErasureReceived;
  readonly granted: ErasureGranted;
  readonly started: ErasureStarted;
}

/** The stream of one request. */
export const erasureRequestStream = (request: string): string => `erasureRequest-${request}`;

const NOTHING: Attempt = { records: 0, keysDestroyed: 0, stores: [] };
type Decision = Outcome<readonly ErasureRequestChange[], Reason>;
const AS_BEFORE: Decision = ok([]);

/**
 * A request for erasure: received, decided with its ground or exemption (art. 17), carried out store by store until nothing is left, and those
 * who had the data told (art. 19). Nothing is destroyed without a grant.
 */
export const erasureRequestDecider = {
  initialState: { status: 'none' },
  evolve: evolveErasureRequest,
  decide: decideErasureRequest,
} satisfies Decider<ErasureRequestCommand, ErasureRequest, ErasureRequestChange, ErasureRequestChange, Reason>;

/** The request after one more event. */
export function evolveErasureRequest(before: ErasureRequest, { type, data }: ErasureRequestChange): ErasureRequest {
  switch (type) {
    case 'erasure-request.received.v1':
      return { status: 'received', received: data };
    case 'erasure-request.granted.v1':
      return before.status === 'received'
        ? { status: 'granted', received: before.received, granted: data }
        : outOfOrder(type);
    case 'erasure-request.refused.v1':
      return before.status === 'received'
        ? { status: 'refused', received: before.received, refused: data }
        : outOfOrder(type);
    case 'erasure-request.started.v1': {
      if (before.status !== 'granted') return outOfOrder(type);
      const { received, granted } = before;
      return { status: 'in-progress', received, granted, started: data, failing: [], soFar: NOTHING };
    }
    case 'erasure-request.incomplete.v1':
      if (before.status !== 'in-progress') return outOfOrder(type);
      return { ...before, failing: data.failing, soFar: together(before.soFar, data) };
    case 'erasure-request.carried-out.v1': {
      if (before.status !== 'in-progress') return outOfOrder(type);
      const { received, granted, started } = before;
      return { status: 'carried-out', received, granted, started, carriedOut: data };
    }
    default:
      return never(type);
  }
}

/** The events a command leads to, none where it is so already; or why not (codes, pointers into the command's data). */
export function decideErasureRequest(command: ErasureRequestCommand, request: ErasureRequest): Decision {
  switch (command.type) {
    case 'receive': {
      if (request.status === 'none') return ok([{ type: 'erasure-request.received.v1', data: command.data }]);
      return sameButWords(request.received, command.data)
        ? AS_BEFORE
        : fail({ code: 'REQUEST_ID_TAKEN', pointer: '/request' });
    }
    case 'grant': {
      const { data } = command;
      if ((data.ground === 'article-17') !== (data.article17 !== null)) {
        return fail({ code: 'ARTICLE_17_GROUND_MISSING', pointer: '/article17' });
      }
      if ('granted' in request) {
        return sameButWords(request.granted, data) ? AS_BEFORE : fail(DECIDED);
      }
      if (request.status !== 'received') return undecided(request);
      return ok([{ type: 'erasure-request.granted.v1', data }]);
    }
    case 'refuse': {
      if (request.status === 'refused') return sameButWords(request.refused, command.data) ? AS_BEFORE : fail(DECIDED);
      if (request.status !== 'received') return undecided(request);
      return ok([{ type: 'erasure-request.refused.v1', data: command.data }]);
    }
    case 'start':
      if (request.status === 'in-progress' || request.status === 'carried-out') return AS_BEFORE;
      return request.status === 'granted'
        ? ok([{ type: 'erasure-request.started.v1', data: command.data }])
        : fail({ code: 'ERASURE_NOT_GRANTED', pointer: '/request' });
    case 'reportIncomplete': {
      if (request.status !== 'in-progress') return notInProgress(request);
      const { data } = command;
      if (data.failing.length === 0) return fail({ code: 'NOTHING_FAILING', pointer: '/failing' });
      // The same failure again, with nothing destroyed meanwhile, is no news.
      const news =
        data.records > 0 || data.keysDestroyed > 0 || canonicalJson(request.failing) !== canonicalJson(data.failing);
      return news ? ok([{ type: 'erasure-request.incomplete.v1', data }]) : AS_BEFORE;
    }
    case 'finish': {
      if (request.status !== 'in-progress') return notInProgress(request);
      const data: ErasureCarriedOut = { ...command.data, ...together(request.soFar, command.data) };
      return ok([{ type: 'erasure-request.carried-out.v1', data }]);
    }
  }
}

const DECIDED: Reason = { code: 'REQUEST_ALREADY_DECIDED', pointer: '/request' };

function undecided({ status }: ErasureRequest): Decision {
  return fail(status === 'none' ? { code: 'REQUEST_UNKNOWN', pointer: '/request' } : DECIDED);
}

function notInProgress({ status }: ErasureRequest): Decision {
  return status === 'carried-out' ? AS_BEFORE : fail({ code: 'ERASURE_NOT_STARTED', pointer: '/request' });
}

function together(a: Attempt, b: Attempt): Attempt {
  const removed = new Map<string, number>();
  for (const { store, removed: count } of [...a.stores, ...b.stores])
    removed.set(store, (removed.get(store) ?? 0) + count);
  const stores: readonly ErasedInStore[] = Array.from(removed, ([store, count]) => ({ store, removed: count }));
  return { records: a.records + b.records, keysDestroyed: a.keysDestroyed + b.keysDestroyed, stores };
}

function outOfOrder(type: string): never {
  throw new Error(`out of order: ${type}`);
}
