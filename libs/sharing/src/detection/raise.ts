import { namedUuid, type ChildId, type Clock, type OrganisationId } from '#kernel';
import {
  detectionStream,
  encodeRecord,
  type DetectionContent,
  type DetectionRaised,
  type SuppressionContent,
  type WatchContent,
} from '#contracts';
import { WrongExpectedRevision, type EventLog } from '#event-log';
import type { Grant, SealingVault, Vault } from '#vault';
import { sendNotice } from '../disclose/notice.ts';
import { openFromAudit, sealForAudit } from '../disclose/sealed-words.ts';
import { HUB } from '../disclose/rules.ts';
import type { Access } from './access.ts';
import type { Finding } from './window.ts';

/** What a finding is written with. */
export interface DetectionBook {
  readonly log: EventLog;
  readonly vault: SealingVault;
  readonly clock: Clock;
}

/** Who and which child the keys of a finding stand for. */
export interface Revealed {
  readonly person: string | null;
  readonly child: ChildId | null;
}

/** The one name of a finding: its rule and the look that made it found, so that a log read again finds the same. */
export function findingId(rule: string, { decision }: Pick<Access, 'decision'>): string {
  return namedUuid('finding', rule, decision);
}

/** A finding that is to be stored. */
export interface Raising {
  readonly found: Finding;
  /** The access that made it found. */
  readonly access: Access;
  readonly revealed: Revealed;
  /** The suppression in force for it. */
  readonly suppression: string | null;
}

/**
 * Stores findings, all durable when it answers, and tells the area's officer and the organisation's of each, unless a suppression is in force
 * for it. Nobody is told of what is not stored yet; the same findings again change nothing, and tell whoever was not told before.
 */
export async function raiseFindings(book: DetectionBook, raisings: readonly Raising[]): Promise<void> {
  // Begun together, appends are made durable together.
  await Promise.all(raisings.map((each) => store(book, each)));
  const told = raisings.filter(({ suppression }) => suppression === null);
  await Promise.all(
    told.flatMap(({ found, access }) => tell(book, findingId(found.rule, access), found.organisation ?? HUB)),
  );
}

async function store(book: DetectionBook, { found, access, revealed, suppression }: Raising): Promise<void> {
  const id = findingId(found.rule, access);
  const { person, child } = revealed;
  const { rule, role, team, words, counts, thresholds, evidence, sources } = found;
  const organisation = found.organisation ?? HUB;
  const stream = detectionStream(id);
  const type = 'detection.raised.v1';
  const content: DetectionContent = { person, role, team, child, words, counts, thresholds, evidence };
  const sealed = await sealForAudit(book.vault, book.clock, { stream, revision: 0, type }, content);
  const data: DetectionRaised = { finding: id, rule, organisation, sources, day: access.day, suppression, sealed };
  const recordedAt = book.clock.now();
  const record = encodeRecord({ format: 1, stream, revision: 0, type, recordedAt, by: HUB, correlationId: id, data });
  try {
    await book.log.append(stream, 'none', [record]);
  } catch (error) {
    // Sealed anew it has other bytes: that it is there is all that was wanted.
    if (!(error instanceof WrongExpectedRevision)) throw error;
  }
}

function tell(book: DetectionBook, id: string, organisation: OrganisationId): readonly Promise<string>[] {
  // The notice names nobody: who it is about stands in the finding, for those who may read it.
  const common = {
    cause: id,
    kind: 'detection-raised',
    reference: id,
    correlationId: id,
    child: null,
    person: null,
  } as const;
  const area = sendNotice(book, { ...common, to: 'area-dpo', organisation: null });
  if (organisation === HUB) return [area];
  return [area, sendNotice(book, { ...common, to: 'organisation-dpo', organisation })];
}

/** What a finding says; undefined where its key is gone. */
export async function openFinding(
  vault: Pick<Vault, 'open'>,
  grant: Grant,
  { finding, sealed }: Pick<DetectionRaised, 'finding' | 'sealed'>,
): Promise<DetectionContent | undefined> {
  const place = placeOf(finding, 'detection.raised.v1');
  return (await openFromAudit(vault, grant, place, sealed)) as DetectionContent | undefined;
}

/** Whom a suppression is about and why; undefined where its key is gone. */
export async function openSuppression(
  vault: Pick<Vault, 'open'>,
  grant: Grant,
  { suppression, sealed }: { readonly suppression: string; readonly sealed: DetectionRaised['sealed'] },
): Promise<SuppressionContent | undefined> {
  const place = placeOf(suppression, 'detection.suppressed.v1');
  return (await openFromAudit(vault, grant, place, sealed)) as SuppressionContent | undefined;
}

/** Which child is watched and why; undefined where its key is gone. */
export async function openWatch(
  vault: Pick<Vault, 'open'>,
  grant: Grant,
  { watch, sealed }: { readonly watch: string; readonly sealed: DetectionRaised['sealed'] },
): Promise<WatchContent | undefined> {
  const place = placeOf(watch, 'detection.child-watched.v1');
  return (await openFromAudit(vault, grant, place, sealed)) as WatchContent | undefined;
}

function placeOf(id: string, type: string) {
  return { stream: detectionStream(id), revision: 0, type };
}
