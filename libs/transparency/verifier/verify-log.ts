import { canonicalBytes, fail, leafHash, ok, uuidOfHash, type Outcome } from '#kernel';
import { openCheckpoint, type Checkpoint } from '../src/checkpoint.ts';
import type { LeafEvent } from '../src/log-source.ts';
import { RunningRoot, same } from '../src/merkle.ts';
import type { NoteVerifier } from '../src/note.ts';

/** What is wrong, most exact first. */
export type LogFault =
  /** The event id is not that of the stored bytes: a bit of either was flipped. */
  | 'id-is-not-of-the-bytes'
  /** The bytes are no canonical stored record. */
  | 'not-canonical'
  /** The record says another stream, revision or type than the row it stands in: moved, swapped or renamed. */
  | 'record-stands-elsewhere'
  /** The event is not the one that was signed here: replaced, inserted, removed before here, or swapped. */
  | 'not-what-was-signed'
  /** Events that were signed are missing at the end. */
  | 'log-shorter'
  /** A checkpoint does not verify, or contradicts another of the same size. */
  | 'bad-checkpoint';

/** The first difference. */
export interface LogDifference {
  readonly fault: LogFault;
  /** Leaf index; for a checkpoint its place in the list. */
  readonly index: number;
  /** Where it stands, or, for a log cut short, the last event left; null where there is none. */
  readonly at: { readonly stream: string; readonly revision: number; readonly token: string } | null;
  /** For `not-what-was-signed` without stored leaves to compare: the difference lies from `index` up to before here. */
  readonly before?: number;
}

/** What the verification found. */
export type LogVerdict =
  | { readonly ok: true; readonly size: number; readonly root: Uint8Array; readonly signed: bigint }
  | { readonly ok: false; readonly difference: LogDifference };

/** What to verify against. */
export interface LogProof {
  /** Signed checkpoints in any order: ours, and those that somebody outside kept. */
  readonly checkpoints: readonly string[];
  readonly known: readonly NoteVerifier[];
  /** Stored leaf hashes of the tree, not trusted, only to name a difference exactly. */
  readonly leaf?: (index: number) => Uint8Array | undefined;
}

/**
 * Reads every event once, in log order and in constant memory, and names the first difference from what was signed. Each
 * checkpoint's root is recomputed over a prefix of the same events, which also shows that they are consistent with each other.
 */
export async function verifyLog(
  events: AsyncIterable<readonly LeafEvent[]> | Iterable<readonly LeafEvent[]>,
  proof: LogProof,
): Promise<LogVerdict> {
  const read = readCheckpoints(proof);
  if (!read.ok) return { ok: false, difference: read.error };
  const checkpoints = read.value;
  const running = new RunningRoot();
  let [next, trusted] = [0, 0];
  let last: LogDifference['at'] = null;
  let differing: LogDifference | undefined;
  let firstSince: LogDifference['at'] = null;

  const signedHere = (): LogDifference | undefined => {
    for (; checkpoints[next]?.size === BigInt(running.size); next += 1) {
      if (!same(running.root(), checkpoints[next]?.root ?? new Uint8Array())) {
        if (differing !== undefined) return differing;
        return { fault: 'not-what-was-signed', index: trusted, at: firstSince, before: running.size };
      }
      trusted = running.size;
      firstSince = null;
      differing = undefined;
    }
    return undefined;
  };

  const empty = signedHere();
  if (empty !== undefined) return { ok: false, difference: empty };
  for await (const batch of events) {
    for (const event of batch) {
      const index = running.size;
      last = { stream: event.stream, revision: event.revision, token: event.token };
      firstSince ??= last;
      const hash = leafHash(event.data);
      const fault = faultOf(event, hash);
      if (fault !== undefined) return { ok: false, difference: { fault, index, at: last } };
      const stored = proof.leaf?.(index);
      if (stored !== undefined && !same(stored, hash)) {
        differing ??= { fault: 'not-what-was-signed', index, at: last };
      }
      running.add(hash);
      const difference = signedHere();
      if (difference !== undefined) return { ok: false, difference };
    }
  }
  if (next < checkpoints.length) {
    const difference = differing ?? { fault: 'log-shorter' as const, index: running.size, at: last };
    return { ok: false, difference };
  }
  return { ok: true, size: running.size, root: running.root(), signed: checkpoints.at(-1)?.size ?? 0n };
}

function faultOf(event: LeafEvent, hash: Uint8Array): LogFault | undefined {
  if (uuidOfHash(hash) !== event.id) return 'id-is-not-of-the-bytes';
  let record: unknown;
  try {
    record = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(event.data));
    if (!same(canonicalBytes(record), event.data)) return 'not-canonical';
  } catch {
    return 'not-canonical';
  }
  if (typeof record !== 'object' || record === null) return 'not-canonical';
  if (!('stream' in record) || !('revision' in record) || !('type' in record)) return 'not-canonical';
  const here = record.stream === event.stream && record.revision === event.revision && record.type === event.type;
  return here ? undefined : 'record-stands-elsewhere';
}

function readCheckpoints({ checkpoints, known }: LogProof): Outcome<readonly Checkpoint[], LogDifference> {
  const bySize = new Map<bigint, Checkpoint>();
  for (const [index, note] of checkpoints.entries()) {
    const opened = openCheckpoint(note, known);
    const other = opened.ok ? bySize.get(opened.value.size) : undefined;
    if (!opened.ok || (other !== undefined && !same(other.root, opened.value.root))) {
      return fail({ fault: 'bad-checkpoint', index, at: null });
    }
    bySize.set(opened.value.size, opened.value);
  }
  return ok([...bySize.values()].sort((a, b) => (a.size < b.size ? -1 : 1)));
}
