import type { FactId, Instant, RecordId } from '#kernel';
import type { FactEvent, FactQuarantined } from '#contracts';
import type { Identity, Meta } from '#identity';
import { grantProcess, type OpenRefusal, type Vault } from '#vault';
import { closeItem } from './carry.ts';
import { factSealingContext, type FactStreams } from './fact-stream.ts';
import type { Publisher, Submission, SubmissionResult } from './model.ts';
import type { QuarantinedOriginal } from './statement.ts';

/** What an operator may do with a quarantined item. */
export interface Resolution {
  /** `replay` runs it through the whole pipeline again; `discard` gives it up. */
  readonly action: 'replay' | 'discard';
  readonly meta: Meta;
}

/** What a resolution came to. */
export type Resolved =
  | { readonly kind: 'replayed'; readonly result: SubmissionResult }
  | { readonly kind: 'discarded' }
  /** Nothing of that id waits. */
  | { readonly kind: 'not-waiting' }
  /** Bytes no connector could read: replaying reads them no better. */
  | { readonly kind: 'not-replayable' }
  | { readonly kind: 'unopenable'; readonly reason: OpenRefusal };

/** What resolving works with. */
export interface QuarantineParts {
  readonly vault: Vault;
  readonly identity: Identity;
  readonly streams: FactStreams;
  readonly publisher: Publisher;
}

/**
 * Resolves one quarantined item (design §3.2, §4.10). A replayed item that is refused or quarantined again keeps waiting, in the same
 * stream or, where it now has another name, in its new one; otherwise its key is destroyed.
 */
export async function resolveQuarantine(
  parts: QuarantineParts,
  item: FactId,
  { action, meta }: Resolution,
): Promise<Resolved> {
  const { state, events } = await parts.streams.read(item);
  const { setAside } = state;
  if (setAside === undefined || !setAside.open || setAside.kind !== 'quarantined') return { kind: 'not-waiting' };
  if (action === 'discard') {
    await end(parts, item, 'DISCARDED', setAside.organisation, meta.correlationId);
    return { kind: 'discarded' };
  }
  const event = events[setAside.revision];
  const body = event === undefined ? undefined : quarantinedIn(event);
  if (event === undefined || body === undefined) return { kind: 'not-waiting' };
  const context = factSealingContext(item, event.revision, event.type, { factType: body.factType });
  await parts.vault.refresh();
  const opened = await parts.vault.open(grantProcess('quarantine'), body.sealed, context);
  if (!opened.ok) return { kind: 'unopenable', reason: opened.error };
  const original = JSON.parse(Buffer.from(opened.value).toString('utf8')) as QuarantinedOriginal;
  if (original.kind === 'raw') return { kind: 'not-replayable' };
  const result = await parts.publisher.submit(setAside.organisation, original as Submission, meta.correlationId);
  const waitsOn = result.outcome === 'rejected' || result.outcome === 'conflict';
  const sameItem = result.outcome === 'quarantined' && result.factId === item;
  if (!waitsOn && !sameItem) await end(parts, item, 'REPLAYED', setAside.organisation, meta.correlationId);
  return { kind: 'replayed', result };
}

/** Ends every quarantined item whose 30 days are over: key destroyed, row dropped, stream says so. How many ended. */
export async function expireQuarantine(parts: QuarantineParts, at: Instant, meta: Meta): Promise<number> {
  let ended = 0;
  const { shelf } = parts.identity;
  for (let due = await shelf.due(at); due.length > 0; due = await shelf.due(at)) {
    for (const item of due) {
      const { state } = await parts.streams.read(item);
      const { setAside } = state;
      const waits = setAside !== undefined && setAside.open && setAside.kind === 'quarantined';
      if (waits && setAside.expiresAt !== undefined && setAside.expiresAt > at) {
        // Set aside again since: it ends later.
        await shelf.add(item, setAside.expiresAt);
        continue;
      }
      if (waits) {
        await end(parts, item, 'EXPIRED', setAside.organisation, meta.correlationId);
        ended += 1;
      } else {
        await forget(parts, item);
      }
    }
  }
  return ended;
}

/**
 * Gives up what waits of a record that is being erased: its words are sealed under keys of the items' own, which the record's do not reach.
 * May be repeated. How many items there were.
 */
export async function eraseQuarantined(parts: QuarantineParts, record: RecordId, meta: Meta): Promise<number> {
  let items = 0;
  for (const item of await parts.identity.submissions.quarantinedOf(record)) {
    // The key first: nothing can be read any more whatever fails after.
    await parts.vault.destroy(item, 'quarantine');
    const { setAside } = (await parts.streams.read(item)).state;
    const waits = setAside !== undefined && setAside.open && setAside.kind === 'quarantined';
    if (waits) await end(parts, item, 'RECORD_ERASED', setAside.organisation, meta.correlationId);
    else await forget(parts, item);
    items += 1;
  }
  return items;
}

async function end(
  parts: QuarantineParts,
  item: FactId,
  code: string,
  by: FactQuarantined['organisation'],
  correlationId: string,
): Promise<void> {
  await closeItem(parts.streams, item, code, { by, correlationId });
  await forget(parts, item);
}

async function forget({ vault, identity }: QuarantineParts, item: FactId): Promise<void> {
  await vault.destroy(item, 'quarantine');
  await identity.shelf.drop(item);
  // What an item that never had a record leaves behind is a look-up hash of its body.
  const row = await identity.submissions.find(item);
  if (row?.bodyMac.startsWith(':') === true) await identity.submissions.forget(item);
}

function quarantinedIn(event: FactEvent): FactQuarantined | undefined {
  if (event.type === 'fact.quarantined.v1') return event.data;
  return event.type === 'fact.regated.v1' && event.data.outcome === 'quarantined' ? event.data.body : undefined;
}
