import type { ExportMark } from './mark.ts';
import type { ExportEnd, ExportFormat } from '#contracts';
import { csvRecord } from './csv.ts';
import { auditEvent, exportEvent, sliceText } from './fhir.ts';
import type { AuditRow } from './row.ts';

/** A format: what stands before the first decision, one decision, and the end, without which a file was cut off. */
export interface ExportWriter {
  readonly mediaType: string;
  readonly extension: string;
  readonly head: (mark: ExportMark) => string;
  readonly row: (row: AuditRow, mark: ExportMark) => string;
  readonly tail: (mark: ExportMark, rows: number, ended: ExportEnd) => string;
}

type Cell = string | number | boolean | null;
/** The columns of a decision in CSV; lists in a cell are separated by semicolons. */
const COLUMNS: readonly (readonly [string, (row: AuditRow) => Cell])[] = [
  ['decision', (row) => row.decision],
  ['event', (row) => row.event],
  ['time', (row) => row.time],
  ['effect', (row) => row.effect],
  ['organisation', (row) => row.organisation],
  ['role', (row) => row.role],
  ['user', (row) => row.user],
  ['team', (row) => row.team],
  ['acr', (row) => row.acr],
  ['client', (row) => row.client],
  ['purpose', (row) => row.purpose],
  ['detail', (row) => row.detail],
  ['route', (row) => row.route],
  ['child', (row) => row.child],
  ['slices', (row) => row.slices.map(sliceText).join('; ')],
  ['reasons', (row) => row.reasons.map(({ reason }) => reason).join('; ')],
  ['words', (row) => row.reasons.map(({ words }) => words).join(' ')],
  ['relationship', (row) => row.relationship?.kind ?? null],
  ['relationshipId', (row) => row.relationship?.id ?? null],
  ['breakGlass', (row) => row.breakGlass],
  ['obligations', (row) => row.obligations.join('; ')],
  ['alarm', (row) => row.alarm],
  ['facts', (row) => row.facts],
  ['policy', (row) => row.policy],
  ['registryRevision', (row) => row.registryRevision],
  ['protection', (row) => row.protection.map(({ child, revision }) => `${child}@${String(revision)}`).join('; ')],
  ['request', (row) => row.request],
];
const MARK = ['exportedTo', 'exportedToOrganisation', 'exportedAt', 'query', 'export'] as const;
const markCells = (mark: ExportMark): readonly Cell[] => [
  mark.sub,
  mark.organisation,
  mark.at,
  mark.query,
  mark.export,
];
const line = (value: object): string => `${JSON.stringify(value)}\n`;

/** The formats by name. CSV has the watermark in columns and the end in a record of its own, because RFC 4180 knows no comments. */
export const WRITERS: Readonly<Record<ExportFormat, ExportWriter>> = {
  csv: {
    mediaType: 'text/csv; charset=utf-8; header=present',
    extension: 'csv',
    head: () => csvRecord(['record', ...COLUMNS.map(([name]) => name), 'rows', 'ended', ...MARK]),
    row: (row, mark) =>
      csvRecord(['decision', ...COLUMNS.map(([, cell]) => cell(row)), null, null, ...markCells(mark)]),
    tail: (mark, rows, ended) => csvRecord(['end', ...COLUMNS.map(() => null), rows, ended, ...markCells(mark)]),
  },
  jsonl: {
    mediaType: 'application/jsonl; charset=utf-8',
    extension: 'jsonl',
    head: (mark) => line({ record: 'export', ...mark }),
    row: (row, { query, sub, at }) => line({ record: 'decision', ...row, exported: { query, to: sub, at } }),
    tail: (mark, rows, ended) => line({ record: 'end', rows, ended, ...mark }),
  },
  fhir: {
    mediaType: 'application/fhir+ndjson',
    extension: 'ndjson',
    head: () => '',
    row: (row, mark) => line(auditEvent(row, mark)),
    tail: (mark, rows, ended) => line(exportEvent(mark, rows, ended)),
  },
};
