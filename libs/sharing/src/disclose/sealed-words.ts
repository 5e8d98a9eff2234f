import { canonicalBytes, type Clock } from '#kernel';
import type { Sealed, SealingContext } from '#contracts';
import type { Grant, SealingVault, Vault } from '#vault';
import { auditOwner } from './look.ts';
import { HUB } from './rules.ts';

/** Where in a stream of the hub's own audit something sealed stands. */
export interface AuditPlace {
  readonly stream: string;
  readonly revision: number;
  readonly type: string;
}

/** Seals what only the hub's audit may hold: findings, reasons, questions, under its audit key of the year. */
export async function sealForAudit(
  vault: SealingVault,
  clock: Clock,
  place: AuditPlace,
  content: object,
): Promise<Sealed> {
  const key = await vault.keyFor(auditOwner(HUB), clock.now().slice(0, 4));
  return vault.seal(key, auditContext(place), canonicalBytes(content));
}

/** What was sealed there, of the type that stands there; undefined where its key is gone or it was moved. */
export async function openFromAudit(
  vault: Pick<Vault, 'open'>,
  grant: Grant,
  place: AuditPlace,
  sealed: Sealed,
): Promise<object | undefined> {
  const opened = await vault.open(grant, sealed, auditContext(place));
  return opened.ok ? (JSON.parse(Buffer.from(opened.value).toString('utf8')) as object) : undefined;
}

function auditContext({ stream, revision, type }: AuditPlace): SealingContext {
  return { stream, revision, type, schema: type, owner: auditOwner(HUB) };
}

/** Words that {@link sealForAudit} sealed as `{ words }`; undefined where their key is gone. */
export async function openAuditWords(
  vault: Pick<Vault, 'open'>,
  grant: Grant,
  place: AuditPlace,
  sealed: Sealed,
): Promise<string | undefined> {
  const opened = await openFromAudit(vault, grant, place, sealed);
  return (opened as { readonly words: string } | undefined)?.words;
}
