import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { hubSeed, loadConfig } from '#nest-platform';
import { demonstrationPerson } from '#nest-platform/client';
import { projectRoot } from '#nest-platform/node';
import { signerOf } from '#transparency';
import { loadKek } from '#vault';
import { auditQuery, exportLine, withFilters, type AuditQueryOptions } from './commands/audit-query.ts';
import { drillCommand, serverCommands } from './commands/servers.ts';
import { auditVerify } from './commands/audit.ts';
import { examine } from './commands/doctor.ts';
import { backupFolder, verdictLine, verifyFolder } from './commands/log.ts';
import { projectionLine, projections, rebuild } from './commands/projection.ts';
import { erase, erasureLine, type EraseOptions } from './commands/erase.ts';
import { timelineLines } from './commands/timeline.ts';
import { tour } from './commands/tour.ts';
import { witnessCommands } from './commands/witness/commands.ts';
import { readSeed } from './seed/area.ts';
import { seed } from './seed/run.ts';
import { signIn, type SignIn } from './sign-in.ts';

type Environment = Readonly<Record<string, string | undefined>>;
type Say = (line: string) => void;

/** The operator's commands. Most speak HTTP to a running hub; `log`, `audit` and `doctor` read files, a `witness` keeps one of its own. Exit code 0: done; 1: not; 2: the log does not hold, or its head contradicts. */
export function program(env: Environment, say: Say): Command {
  const root = new Command('tellonce').description('Tell it once: the operator of a hub').showHelpAfterError();
  demonstrationCommands(root, env, say);
  hubCommands(root, say, env);
  witnessCommands(root, say, (command) => signedIn(command, env));
  fileCommands(root, env, say);
  serverCommands(root, env, say);
  const witness = env['TELLONCE_WITNESS_DIR'];
  const own = { ...settings(env), vkey: () => ownKey(env), ...(witness === undefined ? {} : { witness }) };
  drillCommand(root, own, env, say);
  return root;
}

function demonstrationCommands(command: Command, env: Environment, say: Say): void {
  const root = projectRoot(import.meta.dirname);
  const folder = join(root, 'infra', 'seed');
  const keys = `${settings(env).keyFile}.demonstration.json`;
  const guided = async (url: string): Promise<void> => {
    const { stories } = readSeed(folder);
    for (const line of await tour({ url, root, stories, person: (key) => demonstrationPerson(url, key) })) say(line);
  };
  command
    .command('seed')
    .description('tells the demonstration area and its stories through the public API; the same again changes nothing')
    .option('--url <url>', 'the hub', urlOf(env))
    .option('--keys <file>', 'where the demonstration organisations keep their private keys', keys)
    .option('--tour', 'then say what to try', false)
    .action(async (options: { url: string; keys: string; tour: boolean }) => {
      const { area, stories } = readSeed(folder);
      const live = process.stdout.isTTY;
      const progress = (done: number, of: number, what: string): void => {
        if (live) process.stdout.write(`\r\u001b[KTelling the demonstration ${String(done)}/${String(of)}: ${what}`);
        else if (done === of || done % 20 === 0) say(`Telling the demonstration ${String(done)}/${String(of)}`);
      };
      const children = await seed({ url: options.url, area, stories, keysFile: options.keys, progress });
      if (live) process.stdout.write('\n');
      for (const child of children) say(`${child.childId}  ${child.tells}`);
      if (options.tour) await guided(options.url);
    });
  command
    .command('tour')
    .description('says what to try with the demonstration data')
    .option('--url <url>', 'the hub', urlOf(env))
    .action(async ({ url }: { url: string }) => guided(url));
}

function hubCommands(root: Command, say: Say, env: Environment): void {
  signedIn(root.command('timeline <child>'), env)
    .description('what the one signed in may see of a child, newest first')
    .requiredOption('--purpose <purpose>', 'why')
    .option('--limit <n>', 'at most so many facts', '50')
    .action(async (child: string, options: SignIn & { purpose: string; limit: string }) => {
      const client = await signIn(options);
      for (const line of await timelineLines(client, { child, purpose: options.purpose, limit: Number(options.limit) }))
        say(line);
    });
  const projection = root.command('projection').description('the views');
  signedIn(projection.command('list'), env).action(async (options: SignIn) => {
    for (const view of await projections(await signIn(options))) say(projectionLine(view));
  });
  signedIn(projection.command('rebuild <name>'), env).action(async (name: string, options: SignIn) => {
    await rebuild(await signIn(options), name, say);
    say(`${name} is rebuilt and serves`);
  });
  signedIn(root.command('erase <child>'), env)
    .description('destroys the keys, rows and identity of a child; the log and its proofs stay')
    .requiredOption('--ground <ground>', 'article-17, retention-ended or court-order')
    .option('--only <organisation>', "only this organisation's record")
    .option('--request <id>', 'the granted request; article-17 needs one')
    .option('--letter <a-f>', 'or records and grants one: the letter of UK GDPR art. 17(1) that applies')
    .option('--from <who>', 'with --letter, who asked: parent, young-person, representative, organisation', 'parent')
    .option('--identity <check>', 'with --letter, how it was made sure who they are', 'photo-identity-seen')
    .action(async (child: string, options: SignIn & EraseOptions) => {
      say(erasureLine(await erase(await signIn(options), child, options)));
    });
}

function fileCommands(root: Command, env: Environment, say: Say): void {
  const { varDir } = settings(env);
  const log = root.command('log').description('the event log, read only');
  log
    .command('verify')
    .description('holds every event against the signed checkpoints; names the first difference')
    .option('--var <folder>', 'the data folder', varDir)
    .option('--witness <folder>', 'checkpoints somebody outside kept', env['TELLONCE_WITNESS_DIR'])
    .option('--vkey <key>', 'the key the hub signs with; from the key file unless given')
    .action(async (options: { var: string; witness?: string; vkey?: string }) => {
      const { witness } = options;
      const verdict = await verifyFolder({
        varDir: options.var,
        vkey: options.vkey ?? ownKey(env),
        ...(witness === undefined ? {} : { witness }),
      });
      say(verdictLine(verdict));
      if (!verdict.ok) process.exitCode = 2;
    });
  log
    .command('backup <folder>')
    .description('copies log, tree and checkpoints consistently beside a running hub; never the keys')
    .option('--var <folder>', 'the data folder', varDir)
    .action(async (folder: string, options: { var: string }) =>
      say(`copied: ${(await backupFolder(options.var, folder)).join(', ')}`),
    );
  const audit = root.command('audit').description('decisions and their proofs');
  withFilters(signedIn(audit.command('query'), env))
    .description('asks for decisions and hands them out as a file with its proof; progress goes to standard error')
    .action(async (options: SignIn & AuditQueryOptions) => {
      const tell = (line: string): void => void process.stderr.write(`${line}\n`);
      await auditQuery(await signIn(options), options, (text) => process.stdout.write(text), tell);
    });
  audit
    .command('verify <receipt>')
    .description('checks the receipt of a look, a fact or an exported file offline (c2sp.org/tlog-proof@v1)')
    .option('--export <file>', 'the exported file that the receipt is about')
    .option('--vkey <key>', 'the key the hub signs with; from the key file unless given')
    .option('--witness <key...>', 'witnesses that must have cosigned')
    .option('--bytes <file>', 'the stored bytes of the event, where the receipt does not hold them')
    .action(async (file: string, options: { vkey?: string; witness?: string[]; bytes?: string; export?: string }) => {
      const { witness: witnesses = [], bytes } = options;
      const vkey = options.vkey ?? ownKey(env);
      const proven = auditVerify({ file, vkey, witnesses, ...(bytes === undefined ? {} : { bytes }) });
      say(proven.line);
      if (options.export !== undefined) say(await exportLine(proven.bytes, options.export));
    });
  root
    .command('doctor')
    .description('looks over Node, settings, key file and data; changes nothing')
    .action(() => {
      const findings = examine(env, process.version);
      for (const { ok, what } of findings) say(`${ok ? 'ok  ' : 'LOOK'}  ${what}`);
      if (findings.some(({ ok }) => !ok)) process.exitCode = 1;
    });
}

function signedIn(command: Command, env: Environment): Command {
  return command
    .option('--url <url>', 'the hub', urlOf(env))
    .option('--person <key>', 'a demonstration person')
    .option('--organisation <id>', "an organisation's system")
    .option('--key <file>', 'its private JWK');
}

function settings(env: Environment): { readonly varDir: string; readonly keyFile: string } {
  const config = loadConfig(env);
  const { varDir, keyFile } = config.ok ? config.value : { varDir: './var', keyFile: './tellonce.key' };
  return { varDir, keyFile };
}

function urlOf(env: Environment): string {
  const config = loadConfig(env);
  return config.ok ? config.value.publicUrl : 'http://127.0.0.1:8080';
}

function ownKey(env: Environment): string {
  const { keyFile } = settings(env);
  if (!existsSync(keyFile))
    throw new Error('say which key signed: --vkey <key> (the hub tells it at /v1/checkpoint/key)');
  const master = loadKek(keyFile, { create: false, chance: { bytes: (count) => new Uint8Array(count) } });
  return signerOf('tellonce', hubSeed(master, 'checkpoint')).vkey;
}
