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
    .option('--database <url>', 'as its owner; DATABASE_URL unless given', env['DATABASE_URL'])
    .action(async ({ database }: { database?: string }) => {
      if (database === undefined) throw new Error('name the database with --database or DATABASE_URL');
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
