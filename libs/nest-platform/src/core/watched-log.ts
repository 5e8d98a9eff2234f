import { LogFailed, type EventLog } from '#event-log';

/** The same log, telling whoever must know that it failed: after a failed commit the process is to end (toolchain: any COMMIT error). */
export function watched(log: EventLog, failed: (error: LogFailed) => void): EventLog {
  const distance = log.distance?.bind(log);
  return {
    append: async (stream, expected, events) => {
      try {
        return await log.append(stream, expected, events);
      } catch (error) {
        if (error instanceof LogFailed) failed(error);
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
