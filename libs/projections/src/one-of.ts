import { sql, type RawBuilder } from 'kysely';

/** What stands between the column and the list; PostgreSQL's compiler knows a list by it. */
export const IN_LIST = ' in (select value from json_each(';

/** True where a column has one of these texts, however many: one parameter, so that no limit of the database is met. Both databases understand it. */
export function oneOf(column: string, values: readonly string[]): RawBuilder<boolean> {
  return sql<boolean>`${sql.ref(column)} in (select value from json_each(${JSON.stringify(values)}))`;
}
