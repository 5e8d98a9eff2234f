import type { ChildId, DecisionId, Instant, OrganisationId } from '#kernel';
import type { Category } from '../vocabulary/categories.ts';
import type { Purpose } from '../vocabulary/purposes.ts';
import type { Role } from '../vocabulary/roles.ts';
import type { StoredRecord } from './record.ts';
import type { Sealed } from './sealed.ts';

/** STORAGE FORMATS of the hub's own streams. Names are past tense and never change; see `record.ts`. */

/** Formats that decisions are exported in. */
export const EXPORT_FORMATS = ['csv', 'jsonl', 'fhir'] as const;
/** One of them: RFC 4180, JSON Lines, or FHIR R4 AuditEvent as NDJSON. */
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** How an export ended: with everything, or earlier and why. */
export type ExportEnd = 'complete' | 'capped' | 'budget-reached' | 'right-ended';

/** Which decisions are asked for: those of which every filter given holds. */
export interface AuditFilters {
  readonly child?: ChildId;
  /** Pseudonymous subject of the sign-in of whoever looked. */
  readonly user?: string;
  /** The organisation of whoever looked. */
  readonly organisation?: OrganisationId;
  readonly role?: Role;
  readonly purpose?: Purpose;
  readonly effect?: 'permit' | 'deny' | 'aborted';
  /** First and last moment at which it was recorded, both included. */
  readonly from?: Instant;
  readonly to?: Instant;
  /** What the reader had to do with the child; `some` is any, a self-claimed one included. */
  readonly relationship?: 'none' | 'some' | 'self-claimed';
  readonly breakGlass?: boolean;
  readonly category?: Category;
  /** Whose facts were read. */
  readonly source?: OrganisationId;
  /** Pattern of the route, `GET /v1/children/:childId/timeline`. */
  readonly route?: string;
}

/** `auditQuery-<id>`: a question about decisions was asked; what about whom is sealed under the audit key of the asker's organisation. */
export interface AuditQueryAsked {
  readonly query: string;
  readonly sealed: Sealed;
}

/** What is sealed in a question. */
export interface AuditQueryContent {
  readonly at: Instant;
  readonly sub: string;
  readonly organisation: OrganisationId;
  readonly filters: AuditFilters;
  /** Position of the log that it is answered at, whatever comes later; null for an empty log. */
  readonly pin: string | null;
}

/** `auditQuery-<id>`: its answer was exported, and which bytes that was: the record that proves a file. */
export interface AuditQueryExported {
  readonly query: string;
  /** The decision under which the first rows left. */
  readonly decision: DecisionId;
  /** Who has it: pseudonymous subject of the sign-in. */
  readonly sub: string;
  readonly format: ExportFormat;
  readonly rows: number;
  readonly ended: ExportEnd;
  /** SHA-256 of the file's bytes, in hexadecimal. */
  readonly sha256: string;
}

/** `auditQuery-<named id of person and day>`: so many decisions were handed to one person, of so many that may be in a day. */
export interface AuditRowsTaken {
  readonly sub: string;
  readonly day: string;
  readonly query: string;
  /** Under which they were handed out; makes two takings at once two events. */
  readonly decision: DecisionId;
  readonly rows: number;
}

/** The events of an `auditQuery-<id>` stream. */
export type AuditQueryEvent =
  | StoredRecord<'audit-query.asked.v1', AuditQueryAsked>
  | StoredRecord<'audit-query.exported.v1', AuditQueryExported>
  | StoredRecord<'audit-query.rows-taken.v1', AuditRowsTaken>;
