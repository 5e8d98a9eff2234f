import type { Outcome } from '#kernel';
import type { Reason } from '#contracts';
import {
  cachedFolds,
  handleCommand,
  WrongExpectedRevision,
  type CommandMeta,
  type EventLog,
  type LogToken,
} from '#event-log';
import { breakGlassDecider, evolveBreakGlass, type BreakGlassCommand, type EmergencyBook } from './break-glass.ts';

/** Books of so many users are kept in memory. */
const BOOKS = 1_000;

/** How often a command is decided again where others were first. */
const ROUNDS = 10;

/** The emergency books over a log. */
export interface BreakGlassBooks {
  /** At its acknowledged tail; an empty book for a user who never broke glass. */
  read(stream: string): Promise<EmergencyBook>;
  handle(
    stream: string,
    command: BreakGlassCommand,
    meta: CommandMeta,
  ): Promise<
    Outcome<{ readonly book: EmergencyBook; readonly changed: boolean; readonly token: LogToken | null }, Reason>
  >;
}

/** Reads and changes emergency books. */
export function breakGlassBooks(log: EventLog): BreakGlassBooks {
  const folds = cachedFolds<EmergencyBook>({
    log,
    initial: () => breakGlassDecider.initialState,
    evolve: evolveBreakGlass,
    most: BOOKS,
  });
  return {
    read: async (stream) => (await folds(stream)).state,
    handle: async (stream, command, meta) => {
      for (let attempt = 1; ; attempt++) {
        try {
          const handled = await handleCommand({ log, stream, decider: breakGlassDecider, command, meta });
          if (!handled.ok) return handled;
          const { state, changes, token } = handled.value;
          return { ok: true, value: { book: state, changed: changes > 0, token } };
        } catch (error) {
          // Many at once by one user: each round one of them is taken, until the limit refuses the others.
          if (!(error instanceof WrongExpectedRevision) || attempt === ROUNDS) throw error;
        }
      }
    },
  };
}
