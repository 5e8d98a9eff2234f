import type { Instant, OrganisationId } from '#kernel';
import { decodeRecord, type LookContent, type LookEvent, type NoticeAudience } from '#contracts';
import type { EventLog, LoggedEvent } from '#event-log';
import { grantProcess, type Vault } from '#vault';
import { openLook } from './look.ts';
import { sendNotice, type NoticeBook } from './notice.ts';

/** What the process reads and writes with. */
export interface ObligationsParts {
  readonly log: EventLog;
  readonly vault: Pick<Vault, 'open'>;
  readonly notices: NoticeBook;
  /** Resolves once a look stored at that time can no longer be taken back; rejects where the process is stopped first. */
  readonly settled: (recordedAt: Instant) => Promise<void>;
}

/** Whom a look's obligations are owed to. */
export interface Owed {
  readonly to: Extract<NoticeAudience, 'family' | 'organisation-dpo' | 'area-dpo'>;
  readonly organisation: OrganisationId | null;
}

/**
 * True for a look that a family is not to learn of (decision 11): one for safeguarding, and one under a professional's decision to share
 * without consent, because either could tip off somebody from whom the child is to be protected.
 */
export function isKeptFromFamily({ purpose, slices }: Pick<LookContent, 'purpose' | 'slices'>): boolean {
  return purpose === 'safeguarding' || slices.some(({ sharingDecision }) => sharingDecision !== undefined);
}

/**
 * Whom to tell of a look, by the obligations it was disclosed under. Nobody where nothing was read. The family is told of no look that is kept
 * from it; a reader's own organisation knows already.
 */
export function owedBy(look: LookContent): readonly Owed[] {
  const { obligations = [], facts, effect, child, slices, reader } = look;
  if (effect !== 'permit' || facts.length === 0) return [];
  const owed: Owed[] = [];
  if (obligations.includes('tell-family') && !isKeptFromFamily(look) && child !== null)
    owed.push({ to: 'family', organisation: null });
  if (obligations.includes('tell-source')) {
    const sources = new Set(slices.filter(({ mode }) => mode === undefined).map(({ organisation }) => organisation));
    sources.delete(reader.organisation);
    for (const organisation of [...sources].sort()) owed.push({ to: 'organisation-dpo', organisation });
  }
  if (obligations.includes('alert-dpo')) owed.push({ to: 'area-dpo', organisation: null });
  return owed;
}

/**
 * Carries out what looks owe, once each: the notice's id is made from the decision, so a look handled again after a crash tells nobody
 * twice. A look that was taken back told nothing to anybody, so nobody is told of it.
 */
export function obligationsProcess(parts: ObligationsParts): (event: LoggedEvent) => Promise<void> {
  return async (event) => {
    const record = decodeRecord(event.data) as unknown as LookEvent;
    if (record.type !== 'look.recorded.v1') return;
    const { decision, sealed } = record.data;
    const look = await openLook(parts.vault, grantProcess('obligations'), decision, record.by, sealed);
    // The key of that year is gone with its retention: what it owed was carried out long ago.
    if (look === undefined) return;
    const owed = owedBy(look);
    if (owed.length === 0) return;
    await parts.settled(record.recordedAt);
    if ((await parts.log.tail(event.stream)) > 0) return;
    for (const { to, organisation } of owed)
      await sendNotice(parts.notices, {
        cause: decision,
        kind: 'facts-read',
        to,
        organisation,
        reference: decision,
        correlationId: record.correlationId,
        child: look.child,
        person: null,
      });
  };
}
