import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { drillLines, restoreDrill } from './drill/restore-drill.ts';
import { giveUpLostKeys } from './give-up-lost-keys.ts';
import { migrateLog } from './migrate-log.ts';
import { migrateStores } from './migrate-stores.ts';
import { migrate } from './migrate.ts';

type Environment = Readonly<Record<string, string | undefined>>;
type Say = (line: string) => void;

/** What an area on servers needs besides: tables and roles, and the move of a log. They open databases, not a hub. */
export function serverCommands(root: Command, env: Environment, say: Say): void {
  root
    .command('migrate')
    .description("brings the database to this version's tables and gives each kind of process its role")
    .option('--database <url>', 'as its owner; DATABASE_URL, or what is in the file DATABASE_URL_FILE, unless given')
    .action(async ({ database }: { database?: string }) => {
      await migrate(databaseOf(database, env), say);
    });
  root
    .command('migrate-stores')
    .description('moves keys, identity, receipts and used ids of one machine to the database, with the hub stopped')
    .option('--database <url>', 'as its owner; DATABASE_URL, or what is in the file DATABASE_URL_FILE, unless given')
    .option('--var <folder>', 'the data folder', './var')
    .option('--key-file <file>', 'the key file', './tellonce.key')
    .option('--key-buckets <folder>', 'where the bucket keys go; beside the key file unless given')
    .action(async (options: { database?: string; var: string; keyFile: string; keyBuckets?: string }) => {
      const { keyFile, keyBuckets = `${keyFile}.buckets` } = options;
      const databaseUrl = databaseOf(options.database, env);
      await migrateStores({ varDir: options.var, keyFile, keyBuckets, databaseUrl }, say);
    });
  root
    .command('give-up-lost-keys')
    .description(
      'after a restore of the database from before an erasure, with every process stopped: gives up the keys that its bucket keys opened',
    )
    .option('--database <url>', 'as its owner; DATABASE_URL, or what is in the file DATABASE_URL_FILE, unless given')
    .option('--key-file <file>', 'the key file', './tellonce.key')
    .option(
      '--key-buckets <folder>',
      'the folder of bucket keys that every process shares; beside the key file unless given',
    )
    .action(async (options: { database?: string; keyFile: string; keyBuckets?: string }) => {
      const { keyFile, keyBuckets = `${keyFile}.buckets` } = options;
      await giveUpLostKeys({ databaseUrl: databaseOf(options.database, env), keyFile, keyBuckets }, say);
    });
  root
    .command('migrate-log')
    .description('copies a log to another place, byte for byte and in order; continued where it ended before')
    .requiredOption('--from <place>', 'sqlite:<file> or esdb://...')
    .requiredOption('--to <place>', 'sqlite:<file> or esdb://...')
    .option('--cut-over', 'the last run, with the hub stopped: copies the rest and compares every event', false)
    .action(async (options: { from: string; to: string; cutOver: boolean }) => {
      const { copied, verified } = await migrateLog(options, say);
      say(`copied ${String(copied)} events`);
      if (verified === undefined) say('stop the hub, then run the same with --cut-over');
      else say(`both logs hold the same ${String(verified.size)} events under the same ids, root ${verified.root}`);
    });
}

/** The drill of a backup. `own`: what the settings say of this installation. Exit code 0: it restores; 1: the drill could not be done; 2: it does not. */
export function drillCommand(
  root: Command,
  own: { readonly varDir: string; readonly keyFile: string; readonly vkey: () => string; readonly witness?: string },
  env: Environment,
  say: Say,
): void {
  root
    .command('restore')
    .description('backups, tried')
    .command('drill')
    .description(
      'restores a backup to a scratch folder, verifies it, rebuilds the views and compares them with the live log',
    )
    .requiredOption('--backup <folder>', 'made by "log backup", or log.db and checkpoints')
    .option('--live <place>', 'the log in use, sqlite:<file> or esdb://...; from the settings unless given')
    .option('--witness <folder>', 'signed heads that somebody outside kept', own.witness)
    .option('--vkey <key>', 'the key the hub signs with; from the key file unless given')
    .option('--keys <file>', 'a backup of keys.db: then also the views that open what they read')
    .option('--ledger <file>', 'the newest erasure ledger', `${own.keyFile}.erasures`)
    .option('--scratch <folder>', 'where the scratch folder is made and removed')
    .option('--evidence <file>', 'what was found, as JSON')
    .action(async (options: DrillFlags) => {
      const { backup, witness, keys, ledger, scratch, evidence } = options;
      const found = await restoreDrill({
        backup,
        live: options.live ?? secretOf(env, 'EVENTSTORE_URL') ?? `sqlite:${join(own.varDir, 'log.db')}`,
        vkey: options.vkey ?? own.vkey(),
        ...(witness === undefined ? {} : { witness }),
        ...(keys === undefined ? {} : { keys: { keys, ledger, keyFile: own.keyFile } }),
        ...(scratch === undefined ? {} : { scratch }),
        now: () => Date.now(),
      });
      if (evidence !== undefined) writeFileSync(evidence, `${JSON.stringify(found, null, 2)}\n`, { mode: 0o600 });
      for (const line of drillLines(found)) say(line);
      if (found.verdict !== 'holds') process.exitCode = 2;
    });
}

interface DrillFlags {
  readonly backup: string;
  readonly live?: string;
  readonly witness?: string;
  readonly vkey?: string;
  readonly keys?: string;
  readonly ledger: string;
  readonly scratch?: string;
  readonly evidence?: string;
}

function databaseOf(given: string | undefined, env: Environment): string {
  const database = given ?? secretOf(env, 'DATABASE_URL');
  if (database === undefined) throw new Error('name the database: --database, DATABASE_URL or DATABASE_URL_FILE');
  return database;
}

/** A secret as the processes are given it: in the environment, or in the file named there. */
function secretOf(env: Environment, name: string): string | undefined {
  const [given, file] = [env[name], env[`${name}_FILE`]].map((text) => (text === '' ? undefined : text));
  if (given !== undefined && file !== undefined) throw new Error(`either ${name} or ${name}_FILE, not both`);
  return file === undefined ? given : readFileSync(file, 'utf8').trim();
}
