import { fail, ok, strictBase64, type Outcome } from '#kernel';
import { openCheckpoint, parseCheckpointText, type Checkpoint } from './checkpoint.ts';
import { EMPTY_ROOT, same, verifyConsistency } from './merkle.ts';
import { splitNote, type NoteVerifier } from './note.ts';

/** C2SP tlog-witness `add-checkpoint`: a log asks a witness to cosign its newest checkpoint. */
export interface AddCheckpoint {
  /** Size of the checkpoint that the witness cosigned last, as the log believes. */
  readonly old: bigint;
  /** RFC 9162 §2.1.4.1, from the old size to the checkpoint's; empty from size 0. */
  readonly proof: readonly Uint8Array[];
  readonly checkpoint: string;
}

/** Largest body of `add-checkpoint` in bytes: 63 hashes and a checkpoint with a hundred signatures fit. */
export const MOST_ADD_CHECKPOINT_BYTES = 65_536;
/** Content type of the size that a witness answers with 409 (C2SP tlog-witness). */
export const SIZE_MEDIA_TYPE = 'text/x.tlog.size';

const MOST_PROOF_LINES = 63;

/** The body of `add-checkpoint`. */
export function formatAddCheckpoint({ old, proof, checkpoint }: AddCheckpoint): string {
  const lines = [`old ${old}`, ...proof.map((hash) => Buffer.from(hash).toString('base64'))];
  return `${lines.join('\n')}\n\n${checkpoint}`;
}

/** Reads the body of `add-checkpoint`; undefined for anything but the format. The checkpoint is not verified. */
export function parseAddCheckpoint(body: string): AddCheckpoint | undefined {
  const split = body.indexOf('\n\n');
  if (split < 0) return undefined;
  const [first, ...lines] = body.slice(0, split).split('\n');
  const old = /^old (0|[1-9][0-9]{0,19})$/.exec(first ?? '')?.[1];
  if (old === undefined || lines.length > MOST_PROOF_LINES) return undefined;
  const proof: Uint8Array[] = [];
  for (const line of lines) {
    const hash = strictBase64(line);
    if (hash?.length !== 32) return undefined;
    proof.push(hash);
  }
  return { old: BigInt(old), proof, checkpoint: body.slice(split + 2) };
}

/** What a witness does with `add-checkpoint`. */
export type WitnessRuling =
  | {
      readonly kind: 'cosign';
      readonly checkpoint: Checkpoint;
      /** The checkpoint with the log's own signature alone, to be kept and cosigned. */
      readonly note: string;
    }
  /** 409: `size` is what the witness cosigned last. */
  | { readonly kind: 'other-size'; readonly size: bigint }
  | {
      readonly kind: 'refuse';
      /** 400 malformed, 403 not signed by the log's key, 404 a log nobody told us of, 422 does not continue what was cosigned. */
      readonly status: 400 | 403 | 404 | 422;
      /** Signed by the log, and contradicting what is held: worth keeping beside it. */
      readonly contradicts: boolean;
    };

/**
 * The ruling of a witness (C2SP tlog-witness, `add-checkpoint`), in the order of the specification. `logs` are the keys of the logs it
 * witnesses, each named by its origin; `held` is what it cosigned last. Whoever calls keeps the new note durably before it cosigns.
 */
export function ruleAddCheckpoint(
  body: string,
  logs: readonly NoteVerifier[],
  held: (origin: string) => Checkpoint | undefined,
): WitnessRuling {
  const request = parseAddCheckpoint(body);
  const parts = request === undefined ? undefined : splitNote(request.checkpoint);
  const claimed = parts === undefined ? undefined : parseCheckpointText(parts.text);
  if (request === undefined || parts === undefined || claimed === undefined) return refuse(400);
  const log = logs.find(({ name }) => name === claimed.origin);
  if (log === undefined) return refuse(404);
  const opened = openCheckpoint(request.checkpoint, [log]);
  if (!opened.ok) return refuse(opened.error === 'malformed' ? 400 : 403);
  const { origin, size, root } = opened.value;
  if (request.old > size) return refuse(400);
  const last = held(origin);
  const lastSize = last?.size ?? 0n;
  if (request.old !== lastSize) return { kind: 'other-size', size: lastSize };
  if (!continues(last, { size, root }, request.proof)) return { kind: 'refuse', status: 422, contradicts: true };
  return { kind: 'cosign', checkpoint: { origin, size, root }, note: ownNote(parts, log) };
}

/** Why a head offered to a witness is not believed. */
export type HeadFault =
  /** No checkpoint, or not in the one spelling. */
  | 'unreadable'
  /** Signed by another key than the one that is watched, or for another log. */
  | 'wrong-key'
  /** Fewer events than the head that is held: events were taken away, or an old copy was put back. */
  | 'rolled-back'
  /** As many events, but others. */
  | 'other-root'
  /** More events, but those that were there before are not the same any more. */
  | 'not-continued';

/**
 * What a witness that fetches makes of the head it is offered, next to the one it holds. `proof` fetches the consistency proof between two
 * sizes; what it throws (nobody answers) is thrown. A head that is refused must not replace the one that is held.
 */
export async function judgeHead(question: {
  readonly held: string | undefined;
  readonly offered: string;
  readonly log: NoteVerifier;
  readonly proof: (from: bigint, to: bigint) => Promise<readonly Uint8Array[] | undefined>;
}): Promise<Outcome<Checkpoint, HeadFault>> {
  const { held, offered, log, proof } = question;
  const opened = openCheckpoint(offered, [log]);
  if (!opened.ok) return fail(opened.error === 'malformed' ? 'unreadable' : 'wrong-key');
  const head = opened.value;
  if (held === undefined) return ok(head);
  const before = openCheckpoint(held, [log]);
  if (!before.ok) throw new Error(`what is held is no checkpoint of ${log.name}`);
  const last = before.value;
  if (head.size < last.size) return fail('rolled-back');
  if (head.size === last.size) return same(head.root, last.root) ? ok(head) : fail('other-root');
  const hashes = last.size === 0n ? [] : await proof(last.size, head.size);
  return hashes !== undefined && continues(last, head, hashes) ? ok(head) : fail('not-continued');
}

function continues(
  last: Pick<Checkpoint, 'size' | 'root'> | undefined,
  next: Pick<Checkpoint, 'size' | 'root'>,
  proof: readonly Uint8Array[],
): boolean {
  if (next.size === 0n && !same(next.root, EMPTY_ROOT)) return false;
  // The empty tree is consistent with every tree, so there is nothing to prove.
  if (last === undefined || last.size === 0n) return proof.length === 0;
  return verifyConsistency(last.size, next.size, last.root, next.root, proof);
}

function ownNote(parts: { readonly text: string; readonly lines: readonly string[] }, log: NoteVerifier): string {
  const prefix = `— ${log.name} `;
  const own = parts.lines.filter(
    (line) =>
      line.startsWith(prefix) && Buffer.from(line.slice(prefix.length), 'base64').subarray(0, 4).equals(log.keyId),
  );
  return `${parts.text}\n${own.map((line) => `${line}\n`).join('')}`;
}

function refuse(status: 400 | 403 | 404): WitnessRuling {
  return { kind: 'refuse', status, contradicts: false };
}
