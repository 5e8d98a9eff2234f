import { accessSync, constants, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseUnavailable, SchemaNotCurrent } from '#database';
import { LogInUse } from '#event-log/sqlite';
import { RollbackDetected, type RollbackReason } from '#transparency';
import { KekUnusable, LedgerDamaged, type KekProblem } from '#vault';
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
export const EXIT = {
  dataError: 65,
  unavailable: 69,
  software: 70,
  cannotCreate: 73,
  ioError: 74,
  config: 78,
} as const;

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
  if (error instanceof LogInUse) {
    return new StartProblem(
      `Another hub is running on the folder ${config.varDir}. Stop it, or set TELLONCE_VAR to another folder.`,
      EXIT.unavailable,
    );
  }
  if (error instanceof KekUnusable) {
    return new StartProblem(`The key file ${config.keyFile} ${KEY_PROBLEMS[error.code]}`, EXIT.config);
  }
  if (error instanceof LedgerDamaged) {
    return new StartProblem(
      `The ledger of erasures ${config.keyFile}.erasures is damaged. Put back its newest copy: without it an erased child could come back.`,
      EXIT.dataError,
    );
  }
  if (error instanceof RollbackDetected) {
    return new StartProblem(
      `The log in ${config.varDir} is not the one that was signed: ${ROLLBACKS[error.reason]} (leaf ${String(error.index)}, ${error.reason}). ` +
        'Nothing was started and nothing was changed. "tellonce log verify" names the place; put back the whole folder as it was, newer than every checkpoint that is held.',
      EXIT.dataError,
    );
  }
  const server = serverProblemOf(error);
  if (server !== undefined) return server;
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

/** What is wrong with the servers that the settings name. */
function serverProblemOf(error: unknown): StartProblem | undefined {
  if (error instanceof SchemaNotCurrent) {
    return new StartProblem(
      `The tables of "${error.schema}" in DATABASE_URL are not those of this version. Run "tellonce migrate" as the owner of the database, or start the version that made them.`,
      EXIT.config,
    );
  }
  if (error instanceof DatabaseUnavailable) {
    return new StartProblem(
      `The database of DATABASE_URL does not answer (${error.code}). Start it, or correct DATABASE_URL.`,
      EXIT.unavailable,
    );
  }
  // By its name: a hub on files does not load that client.
  if (error instanceof Error && error.name === 'EventStoreUnusable')
    return new StartProblem(error.message, EXIT.unavailable);
  return undefined;
}

const KEY_PROBLEMS: Readonly<Record<KekProblem, string>> = {
  KEK_MISSING: 'cannot be read or made. Give this user the right to, or set TELLONCE_KEY_FILE to another file.',
  KEK_SIZE: 'does not hold 32 bytes in base64. Put back the file this data was written with.',
  KEK_PERMISSIONS: 'is open to others. Let only its owner read it: chmod 600.',
  KEK_BUCKETS:
    'misses bucket keys: set TELLONCE_KEY_BUCKETS to the folder that every process shares. Where the database was restored from before an erasure, give up what it can not open any more: tellonce give-up-lost-keys (docs/decisions/0033-keys-on-a-server.md).',
  KEK_WRONG: 'is not the one this data was written with. Put back the right one, or set TELLONCE_KEY_FILE to it.',
};

const ROLLBACKS: Readonly<Record<RollbackReason, string>> = {
  'log-shorter': 'events that were signed are missing at its end',
  'log-differs': 'events are not those that were signed',
  'recent-leaves-differ': 'one of its last events was changed',
  'checkpoint-unreadable': 'a checkpoint was not signed by the key of this hub, or cannot be read',
  'witness-ahead': 'a witness of TELLONCE_WITNESSES cosigned more events than are there',
  'witness-differs': 'a witness of TELLONCE_WITNESSES cosigned other events',
};

function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}
