import { OutboundRefused, type OutboundClient } from '#delivery';
import {
  cosignaturesOf,
  formatAddCheckpoint,
  parseWitnessKey,
  SIZE_MEDIA_TYPE,
  withSignatures,
  type AddCheckpoint,
  type CosignatureVerifier,
} from '#transparency';
import type { WitnessSetting } from '../config/witnesses.ts';

/** A witness with its key read. */
export interface KnownWitness extends WitnessSetting {
  readonly key: CosignatureVerifier;
}

/** What a witness said to one `add-checkpoint`. */
export type WitnessReply =
  /** Its verified signature lines. */
  | { readonly kind: 'cosigned'; readonly lines: readonly string[] }
  /** It cosigned another size last (409). */
  | { readonly kind: 'other-size'; readonly size: bigint }
  /** What it cosigned and what we show do not fit together (422). */
  | { readonly kind: 'conflict' }
  /** It does not know this log or its key, or did not sign what was asked. */
  | { readonly kind: 'refused'; readonly status: number }
  /** It did not answer, or may not be reached. */
  | { readonly kind: 'unreachable'; readonly why: string };

/** Witnesses with their keys. Throws `NoteKeyUnusable`, which the settings have excluded. */
export function knownWitnesses(settings: readonly WitnessSetting[]): readonly KnownWitness[] {
  return settings.map((setting) => ({ ...setting, key: parseWitnessKey(setting.vkey) }));
}

/** Asks a witness to cosign (C2SP tlog-witness). What leaves is a checkpoint, which is signed, and hashes. Never rejects. */
export async function askWitness(
  send: OutboundClient,
  witness: KnownWitness,
  request: AddCheckpoint,
  signal?: AbortSignal,
): Promise<WitnessReply> {
  try {
    const body = formatAddCheckpoint(request);
    const asking = { method: 'POST', path: '/add-checkpoint', body } as const;
    const answer = await send(witness, signal === undefined ? asking : { ...asking, signal });
    switch (answer.status) {
      case 200:
        return cosignedWith(answer.text, witness.key, request.checkpoint);
      case 409:
        return sizeOf(answer.text, answer.contentType);
      case 422:
        return { kind: 'conflict' };
      default:
        return { kind: 'refused', status: answer.status };
    }
  } catch (error) {
    if (error instanceof OutboundRefused) return { kind: 'unreachable', why: error.code };
    throw error;
  }
}

function cosignedWith(text: string, key: CosignatureVerifier, checkpoint: string): WitnessReply {
  const wrong = { kind: 'refused', status: 200 } as const;
  if (!text.endsWith('\n')) return wrong;
  const found = cosignaturesOf(withSignatures(checkpoint, text.slice(0, -1).split('\n')), [key]);
  return found.ok && found.value.length > 0 ? { kind: 'cosigned', lines: found.value.map(({ line }) => line) } : wrong;
}

function sizeOf(text: string, contentType: string): WitnessReply {
  const size = /^(0|[1-9][0-9]{0,19})\n?$/.exec(text)?.[1];
  if (size === undefined || contentType.split(';')[0]?.trim() !== SIZE_MEDIA_TYPE)
    return { kind: 'refused', status: 409 };
  return { kind: 'other-size', size: BigInt(size) };
}
