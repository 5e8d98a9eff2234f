import type { Outcome } from '#kernel';
import { familyOf, WrongExpectedRevision, type EventLog } from './port.ts';

/** What became of a command: it made events, it was so already, it was refused, or nobody could carry it out. */
export const COMMAND_RESULTS = ['changed', 'unchanged', 'refused', 'failed'] as const;
/** One of them. */
export type CommandResult = (typeof COMMAND_RESULTS)[number];

/** Hears what is done on a log, for numbers: types and families of ours, nothing of what events say. Must not throw. */
export interface LogObserver {
  /** An event was acknowledged; the same one answered again is heard again. */
  readonly appended: (type: string) => void;
  /** An append was not acknowledged, for another reason than that somebody was first. */
  readonly appendFailed: (family: string) => void;
  /** `name` as {@link commandName} makes it. */
  readonly command: (name: string, result: CommandResult) => void;
}

/** The same log with somebody who hears what is done on it. */
export function observed(log: EventLog, observer: LogObserver): EventLog {
  const distance = log.distance?.bind(log);
  return {
    observer,
    append: async (stream, expected, events) => {
      try {
        const appended = await log.append(stream, expected, events);
        for (const { type } of events) observer.appended(type);
        return appended;
      } catch (error) {
        if (!(error instanceof WrongExpectedRevision)) observer.appendFailed(familyOf(stream));
        throw error;
      }
    },
    readStream: (stream, options) => log.readStream(stream, options),
    tail: (stream) => log.tail(stream),
    readAll: (read) => log.readAll(read),
    subscribe: (read) => log.subscribe(read),
    head: () => log.head(),
    compare: (a, b) => log.compare(a, b),
    ...(distance === undefined ? {} : { distance }),
    close: () => log.close(),
  };
}

/** What a command is called in numbers: the family of its stream and its type, `registry.endAgreement`; the family alone where it has no type. */
export function commandName(stream: string, command: unknown): string {
  const type = (command as { readonly type?: unknown } | null | undefined)?.type;
  return typeof type === 'string' ? `${familyOf(stream)}.${type}` : familyOf(stream);
}

/** Carries out a command and tells the log's observer, where it has one, what became of it. */
export async function heard<Value, Rejection>(
  { observer }: Pick<EventLog, 'observer'>,
  name: string,
  changed: (value: Value) => boolean,
  carryOut: () => Promise<Outcome<Value, Rejection>>,
): Promise<Outcome<Value, Rejection>> {
  try {
    const outcome = await carryOut();
    observer?.command(name, outcome.ok ? (changed(outcome.value) ? 'changed' : 'unchanged') : 'refused');
    return outcome;
  } catch (error) {
    observer?.command(name, 'failed');
    throw error;
  }
}
