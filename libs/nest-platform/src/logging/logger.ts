import type { LoggerService } from '@nestjs/common';
import { pino } from 'pino';
import type { DestinationStream, Level } from 'pino';
import { contextFields } from '../trace/request-context.ts';
import { cleanFields, cleanText } from './clean.ts';

/**
 * Writes one JSON line a call: allow-listed members, those of the request it is written in (trace/request-context.ts) among them, and a message
 * that is a constant of the code.
 */
export type AppLogger = Readonly<Record<Level, (fields: Readonly<Record<string, unknown>>, message: string) => void>>;

const LEVELS: readonly Level[] = ['fatal', 'error', 'warn', 'info', 'debug', 'trace'];

/** A JSON logger (pino) on standard output, or on `destination`. */
export function createLogger(level: Level | 'silent', destination?: DestinationStream): AppLogger {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, messageKey: 'message' };
  const out = destination === undefined ? pino(options) : pino(options, destination);
  const write = (at: Level) => (fields: Readonly<Record<string, unknown>>, message: string) => {
    if (out.isLevelEnabled(at)) out[at](cleanFields({ ...contextFields(), ...fields }), cleanText(message));
  };
  return Object.fromEntries(LEVELS.map((at) => [at, write(at)])) as unknown as AppLogger;
}

/** Nest's own lines through the same logger; objects that somebody logs are named by kind only. */
export class NestLogger implements LoggerService {
  readonly #logger: AppLogger;

  constructor(logger: AppLogger) {
    this.#logger = logger;
  }

  log(message: unknown, ...rest: readonly unknown[]): void {
    this.#write('debug', message, rest);
  }
  fatal(message: unknown, ...rest: readonly unknown[]): void {
    this.#write('fatal', message, rest);
  }
  error(message: unknown, ...rest: readonly unknown[]): void {
    this.#write('error', message, rest);
  }
  warn(message: unknown, ...rest: readonly unknown[]): void {
    this.#write('warn', message, rest);
  }
  debug(message: unknown, ...rest: readonly unknown[]): void {
    this.#write('debug', message, rest);
  }
  verbose(message: unknown, ...rest: readonly unknown[]): void {
    this.#write('trace', message, rest);
  }

  #write(level: Level, message: unknown, rest: readonly unknown[]): void {
    const context = rest.at(-1);
    const error = message instanceof Error ? message : rest.find((item) => item instanceof Error);
    this.#logger[level](
      {
        ...(typeof context === 'string' ? { context } : {}),
        ...(error === undefined ? {} : { err: error }),
      },
      typeof message === 'string' ? message : message instanceof Error ? 'error' : `(${typeof message})`,
    );
  }
}
