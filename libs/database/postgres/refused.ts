/** The server refused a statement: a constraint, a right, a type. Carries no values. */
export class StatementRefused extends Error {
  override readonly name = 'StatementRefused';
  /** SQLSTATE. */
  readonly code: string;
  readonly constraint: string | undefined;
  constructor(code: string, constraint: string | undefined) {
    super(`STATEMENT_REFUSED (${code}${constraint === undefined ? '' : `, ${constraint}`})`);
    this.code = code;
    this.constraint = constraint;
  }
}
