import type { FactId, JsonObject } from '#kernel';
import type { FactBody, FactEvent, SubmittedCloudEvent } from '#contracts';
import type { Grant, Vault } from '#vault';
import { factSealingContext } from './fact-stream.ts';

/** The CloudEvent's exact bytes out of an event's sealed compact JWS; undefined where it doesn't open. */
export async function openPayload(
  vault: Vault,
  grant: Grant,
  event: FactEvent,
  body: FactBody,
): Promise<Buffer | undefined> {
  const factId = event.stream.slice('fact-'.length) as FactId;
  const opened = await vault.open(grant, body.sealed, factSealingContext(factId, event.revision, event.type, body));
  if (!opened.ok) return undefined;
  return Buffer.from(Buffer.from(opened.value).toString('latin1').split('.')[1] ?? '', 'base64url');
}

/** The fact's own type and data, of a correction those it corrects to. Everything in it: only for processes of the hub. */
export function factIn(payload: Buffer): { readonly type: string; readonly data: JsonObject } {
  const { type, data } = JSON.parse(payload.toString('utf8')) as SubmittedCloudEvent;
  if (type !== 'any.fact-corrected.v1') return { type, data: data.fact };
  const { type: corrected, fact } = data.fact as { readonly type: string; readonly fact: JsonObject };
  return { type: corrected, data: fact };
}
