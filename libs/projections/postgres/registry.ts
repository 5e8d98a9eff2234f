import type { StoreSchema } from '#database';

/**
 * What every process finds the views by; made by the migration job like the stores, and named in full by every statement. Which generation
 * serves, how far each has read, what rebuild is asked for and how it stands, and who may read a view.
 */
export const VIEWS_STORE: StoreSchema = {
  name: 'views',
  tables: {
    projection: {
      columns: {
        view: { type: 'text', notNull: true },
        /** Number of the generation that serves; less is retired, more is being built. */
        live: { type: 'integer', notNull: true },
        rebuild_asked: { type: 'integer', notNull: true, default: 0 },
        /** How the last rebuild stands, as JSON. */
        progress: { type: 'text' },
      },
      primaryKey: ['view'],
    },
    generation: {
      columns: {
        view: { type: 'text', notNull: true },
        number: { type: 'integer', notNull: true },
        version: { type: 'integer', notNull: true },
        token: { type: 'text' },
        events: { type: 'integer', notNull: true },
        gone: { type: 'integer', notNull: true },
        erasures: { type: 'integer', notNull: true },
        indexed: { type: 'integer', notNull: true },
        retired: { type: 'integer', notNull: true },
      },
      primaryKey: ['view', 'number'],
    },
    // A role of the server that may read a view's generations, those to come included.
    reader: {
      columns: { view: { type: 'text', notNull: true }, role: { type: 'text', notNull: true } },
      primaryKey: ['view', 'role'],
    },
  },
};

/** The schema of one generation: a name is never used for other rows than those, so whoever still asks an old one reads no wrong row. */
export function schemaOf(view: string, generation: number): string {
  return `view_${view.replaceAll('-', '_')}_g${String(generation)}`;
}

/** Takes turns with others who make or remove generations of this view; let go at the end of the transaction. */
export const LOCK_VIEW = "select pg_advisory_xact_lock(hashtextextended('views:' || $1, 0))";

/** A generation as it is stored. */
export interface StoredGeneration {
  readonly number: number;
  readonly version: number;
  readonly token: string | null;
  readonly events: number;
  readonly erasures: number;
  readonly indexed: number;
}

export const GENERATION = `
  select number, version, token, events, erasures, indexed from views.generation where view = $1 and number = $2`;

/** The one that serves. */
export const LIVE = `
  select g.number, g.version, g.token, g.events, g.erasures, g.indexed
  from views.projection p join views.generation g on g.view = p.view and g.number = p.live where p.view = $1`;

/** Compare and set: nothing is changed where somebody else moved it, something was erased meanwhile, or it serves no longer. */
export const MOVE = `
  update views.generation set token = $5, events = events + $6, gone = gone + $7
  where view = $1 and number = $2 and token is not distinct from $3 and erasures = $4 and retired = 0`;
