import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { migrateLog } from './migrate-log.ts';
import { migrate } from './migrate.ts';

type Environment = Readonly<Record<string, string | undefined>>;
type Say = (line: string) => void;

/** What an area on servers needs besides: tables and roles, and the move of a log. They open databases, not a hub. */
export function serverCommands(root: Command, env: Environment, say: Say): void {
  root
    .command('migrate')
    .description("brings the database to this version's tables and gives each kind of process its role")
    .option('--database <url>', 'as its owner; DATABASE_URL, or what is in the file DATABASE_URL_FILE, unless given')
    .action(async ({ database = secretOf(env, 'DATABASE_URL') }: { database?: string }) => {
      if (database === undefined) throw new Error('name the database: --database, DATABASE_URL or DATABASE_URL_FILE');
      await migrate(database, say);
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

/** A secret as the processes are given it: in the environment, or in the file named there. */
function secretOf(env: Environment, name: string): string | undefined {
  const [given, file] = [env[name], env[`${name}_FILE`]].map((text) => (text === '' ? undefined : text));
  if (given !== undefined && file !== undefined) throw new Error(`either ${name} or ${name}_FILE, not both`);
  return file === undefined ? given : readFileSync(file, 'utf8').trim();
}
