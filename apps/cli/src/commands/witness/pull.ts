import { strictBase64 } from '#kernel';
import type { HubClient } from '#nest-platform/client';
import { judgeHead, MOST_ADD_CHECKPOINT_BYTES, parseVkey, WitnessFile, type HeadFault } from '#transparency';

/** What one fetch of a head came to, in words for whoever keeps the witness. */
export interface Pulled {
  /** False: the hub showed a head that contradicts the one held, or that its key did not sign. */
  readonly ok: boolean;
  readonly words: string;
}

const FAULTS: Readonly<Record<HeadFault, string>> = {
  unreadable: 'what it shows is no signed checkpoint',
  'wrong-key': 'the checkpoint it shows is not signed by the key that is watched',
  'rolled-back': 'it shows fewer events than it did before: events were taken away, or an old copy was put back',
  'other-root': 'it shows as many events as before, but not the same ones',
  'not-continued': 'it shows more events, but those that were there before are not the same any more',
};

/**
 * Fetches the head of a hub, holds it against the last one and keeps it where it continues that one. What does not is said and not kept, and both
 * heads, as the hub signed them, go to the evidence file. Throws where the hub does not answer.
 */
export async function pullHead(options: {
  readonly client: HubClient;
  readonly vkey: string;
  readonly state: string;
}): Promise<Pulled> {
  const { client, vkey, state } = options;
  const log = parseVkey(vkey);
  const file = new WitnessFile(state);
  const answer = await client.ask('/v1/checkpoint');
  if (answer.status !== 200) throw new Error(`the hub shows no checkpoint (${String(answer.status)})`);
  const held = file.held(log.name);
  const judged = await judgeHead({
    held,
    offered: answer.text.slice(0, MOST_ADD_CHECKPOINT_BYTES),
    log,
    proof: (from, to) => proofOf(client, from, to),
  });
  if (judged.ok) {
    if (held !== answer.text) file.keep(answer.text);
    return { ok: true, words: `holds ${String(judged.value.size)} events of ${log.name}` };
  }
  const words = `DO NOT TRUST ${log.name}: ${FAULTS[judged.error]} (${judged.error})`;
  if (held === undefined || judged.error === 'unreadable') return { ok: false, words };
  return { ok: false, words: `${words}. Both heads are in ${file.keepEvidence(held, answer.text)}` };
}

/** A consistency proof; undefined where the hub has none to show. */
async function proofOf(client: HubClient, from: bigint, to: bigint): Promise<readonly Uint8Array[] | undefined> {
  const answer = await client.ask(`/v1/proofs/consistency?from=${String(from)}&to=${String(to)}`);
  // A sign-in that ended, or a hub that is busy, says nothing of the log.
  if (answer.status !== 200 && answer.status !== 404) throw new Error(`the hub answered ${String(answer.status)}`);
  const { hashes } = (answer.json ?? {}) as { hashes?: unknown };
  if (answer.status !== 200 || !Array.isArray(hashes) || hashes.length > 64) return undefined;
  const read = hashes.map((hash) => (typeof hash === 'string' ? strictBase64(hash) : undefined));
  return read.every((hash) => hash !== undefined) ? read : undefined;
}
