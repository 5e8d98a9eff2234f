import { DatabaseUnavailable } from '#database';
import type { EventLog, LoggedEvent, LogToken } from '#event-log';
import type { ProjectContext, RowOperation, ViewDefinition } from './definition.ts';
import { isComing, type Soon } from './soon.ts';
import type { Generation, Made } from './store.ts';

/** What events are projected with. */
export interface Projecting {
  readonly definition: ViewDefinition;
  readonly context: ProjectContext;
  readonly log: Pick<EventLog, 'compare'>;
}

/**
 * Projects a batch and writes it into a generation, which then stands at `to`; events at or before its checkpoint are passed over. What can't be
 * understood, or what a table refuses, is parked. While loading, a refusal may take the generation back: read on from its checkpoint.
 */
export async function applyTo(
  generation: Generation,
  { definition, context, log }: Projecting,
  batch: readonly LoggedEvent[],
  to: LogToken,
): Promise<void> {
  const from = generation.checkpoint;
  if (from !== null && log.compare(to, from) <= 0) return;
  const events = from === null ? batch : batch.filter(({ token }) => log.compare(token, from) > 0);
  for (let again = true; again;) {
    const { erasures } = generation;
    // Whether a key lives is asked here: an erasure between this and the writing sends the batch round again.
    const projected = projectAll(definition, context, events);
    const { made, gone } = isComing(projected) ? await projected : projected;
    again = (await generation.write({ made, gone, erasures, to })) === 'again';
  }
}

function projectAll(
  definition: ViewDefinition,
  context: ProjectContext,
  events: readonly LoggedEvent[],
): Soon<{ readonly made: readonly Made[]; readonly gone: number }> {
  let gone = 0;
  const unanswered: unknown[] = [];
  const counted = (alive: boolean): boolean => {
    if (!alive) gone += 1;
    return alive;
  };
  const counting: ProjectContext = {
    keyAlive: (key) => {
      const alive = context.keyAlive(key);
      if (!isComing(alive)) return counted(alive);
      return alive.then(counted, (error: unknown) => {
        unanswered.push(error);
        throw error;
      });
    },
  };
  const made = events.map((event) => projectOne(definition, counting, event));
  if (!made.some(isComing)) return { made: made as readonly Made[], gone };
  return Promise.all(made.map(async (each) => each)).then((all) => {
    // That nobody could say whether a key lives is no fault of the event.
    if (unanswered.length > 0) throw unanswered[0];
    return { made: all, gone };
  });
}

function projectOne(definition: ViewDefinition, context: ProjectContext, event: LoggedEvent): Soon<Made> {
  const { stream, revision, token, type } = event;
  const about = { stream, revision, token, type };
  const rows = (operations: readonly RowOperation[]): Made => ({ event: about, operations });
  const parked = (error: unknown): Soon<Made> =>
    error instanceof DatabaseUnavailable ? Promise.reject(error) : { event: about, reason: reasonOf(error) };
  try {
    const operations = definition.project(event, context);
    return isComing(operations) ? operations.then(rows).catch(parked) : rows(operations);
  } catch (error) {
    return parked(error);
  }
}

/** A code, never a message: messages of parsers quote what they read. */
function reasonOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return 'unknown';
  const named: unknown = 'code' in error ? error.code : 'name' in error ? error.name : undefined;
  return typeof named === 'string' && /^[A-Za-z][A-Za-z0-9_-]{0,63}$/.test(named) ? named : 'unknown';
}
