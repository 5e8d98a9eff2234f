/** Who was handed a file, when, and in answer to what: in every record of it, so that a part of it says so too. */
export interface ExportMark {
  readonly query: string;
  /** The decision under which the first rows left. */
  readonly export: string;
  readonly sub: string;
  readonly organisation: string;
  readonly at: string;
}
