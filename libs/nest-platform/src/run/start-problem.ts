import { accessSync, constants, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config/config.ts';

/** A reason not to start that a person can do something about, in one message. Exit codes as in sysexits.h. */
export class StartProblem extends Error {
  override readonly name = 'StartProblem';
  readonly exitCode: number;
  constructor(message: string, exitCode: number) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Exit codes of a hub that does not start. */
export const EXIT = { software: 70, unavailable: 69, cannotCreate: 73, config: 78 } as const;

/** Makes the folders and writes a byte into each; throws a StartProblem naming the setting. */
export function ensureFolders(config: Config): void {
  const folders = [
    { setting: 'TELLONCE_VAR', path: config.varDir },
    ...(config.witnessDir === undefined ? [] : [{ setting: 'TELLONCE_WITNESS_DIR', path: config.witnessDir }]),
  ];
  for (const { setting, path } of folders) {
    try {
      mkdirSync(path, { recursive: true, mode: 0o700 });
      accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
      const probe = join(path, `.write-probe-${process.pid}`);
      writeFileSync(probe, '.');
      rmSync(probe);
    } catch (error) {
      const why = codeOf(error) ?? 'unknown';
      throw new StartProblem(
        `The folder ${path} cannot be written (${why}). Give this user the right to write there, or set ${setting} to another folder.`,
        EXIT.cannotCreate,
      );
    }
  }
}

/** What a failed start means, where it is one of the usual reasons. */
export function startProblemOf(error: unknown, config: Config): StartProblem | undefined {
  if (error instanceof StartProblem) return error;
  const code = codeOf(error);
  const syscall = (error as { syscall?: unknown } | undefined)?.syscall;
  if (code === 'EADDRINUSE') {
    return new StartProblem(
      `Port ${config.port} of ${config.host} is taken. Stop the other program, or set TELLONCE_PORT to another port.`,
      EXIT.unavailable,
    );
  }
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    return new StartProblem(
      `This machine has no address ${config.host}. Set TELLONCE_HOST, for example to 127.0.0.1.`,
      EXIT.config,
    );
  }
  if (code === 'EACCES' && syscall === 'listen') {
    return new StartProblem(
      `This user may not open port ${config.port}. Set TELLONCE_PORT to one above 1023.`,
      EXIT.unavailable,
    );
  }
  return undefined;
}

function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}
