import type { Chance, ChildId, Clock, FactId, RecordId } from '#kernel';
import type { Reason } from '#contracts';
import type { EventLog } from '#event-log';
import type { Identity } from '#identity';
import type { Vault } from '#vault';
import type { Protection, Registry } from '../model.ts';
import type { HubKey } from './hub-signer.ts';
import type { SubmissionResult } from './model.ts';
import type { Statement } from './statement.ts';

/** What a publisher works with. The vault opens only under the grants `process:publish` and `process:quarantine`. */
export interface PublisherParts {
  readonly log: EventLog;
  readonly vault: Vault;
  readonly identity: Identity;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly hubKey: HubKey;
  readonly registry: () => Promise<Registry>;
  /** The protection of exactly this child, at its acknowledged tail. */
  readonly protection: (child: ChildId) => Promise<Protection>;
}

/** What a submission is answered, but for its row. */
export type Answer = Omit<SubmissionResult, 'row'>;

/** Which fact, under which name of the statement, of which record. */
export interface Placed {
  readonly statement: Statement;
  readonly factId: FactId;
  readonly by: FactId;
  readonly record: RecordId | null;
  readonly child: ChildId | null;
  readonly correlationId: string;
}

/** Not authentic or not readable: nothing is stored. */
export function rejected(reasons: readonly Reason[]): Answer {
  return { outcome: 'rejected', factId: null, reasons, repeated: false, token: null };
}

/** Another body under a known id. */
export function conflict(factId: FactId): Answer {
  const reasons = [{ code: 'ID_USED_FOR_OTHER_CONTENT', pointer: '/id' }];
  return { outcome: 'conflict', factId, reasons, repeated: false, token: null };
}
