import { setTimeout as wait } from 'node:timers/promises';
import type { Command } from 'commander';
import { signIn, type SignIn } from '../../sign-in.ts';
import { witnessKey } from './key.ts';
import { pullHead } from './pull.ts';
import { serveWitness } from './serve.ts';

/** `tellonce witness …`: what an organisation or the data-protection officer runs, on a machine of their own, to hold the hub to its word. */
export function witnessCommands(
  root: Command,
  say: (line: string) => void,
  signedIn: (command: Command) => Command,
): void {
  const witness = root
    .command('witness')
    .description("keeps a hub's last head outside it and says when a newer one contradicts it");
  signedIn(witness.command('pull'))
    .description(
      'fetches the head, verifies that it continues the one held, and keeps it; exit code 2 where it does not',
    )
    .requiredOption('--vkey <key>', 'the key the hub signs with, got from its people, not from the hub alone')
    .requiredOption('--state <file>', 'where the last head is kept')
    .option('--every <time>', 'goes on, at this pace: 30s, 5m, 1h')
    .action(async (options: SignIn & { vkey: string; state: string; every?: string }) => {
      const pause = options.every === undefined ? undefined : milliseconds(options.every);
      for (;;) {
        if (!(await once(options, say, pause === undefined))) {
          process.exitCode = 2;
          return;
        }
        if (pause === undefined) return;
        await wait(pause);
      }
    });
  witness
    .command('key')
    .description('makes the key a witness cosigns with, unless it is there, and says its public half')
    .requiredOption('--key <file>', 'its private key, for its owner alone')
    .option('--name <name>', 'how the witness is called, a URL without scheme: witness.example/w1')
    .action(({ key, name }: { key: string; name?: string }) => say(witnessKey(key, name).vkey));
  witness
    .command('serve')
    .description('cosigns the checkpoints that logs bring to it (C2SP tlog-witness)')
    .requiredOption('--listen <host:port>', 'where; put TLS in front of it for others than this machine')
    .requiredOption('--state <file>', 'where the last head of each log is kept')
    .requiredOption('--key <file>', 'its private key; made with --name where it is not there')
    .option('--name <name>', 'how the witness is called')
    .requiredOption('--vkey <key...>', 'the keys of the logs it witnesses')
    .action(async (options: { listen: string; state: string; key: string; name?: string; vkey: string[] }) => {
      const cosigner = witnessKey(options.key, options.name);
      const now = (): bigint => BigInt(Math.floor(Date.now() / 1000));
      const served = await serveWitness({ ...options, logs: options.vkey, cosigner, now, say });
      say(`witness ${cosigner.vkey}`);
      say(`listens on ${served.url}`);
      await new Promise<void>((resolve) => {
        for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
      });
      await served.close();
    });
}

/** One pull; false where the head contradicts. A hub that does not answer is thrown of `strict`, and otherwise said and asked again later. */
async function once(
  options: SignIn & { readonly vkey: string; readonly state: string },
  say: (line: string) => void,
  strict: boolean,
): Promise<boolean> {
  try {
    const pulled = await pullHead({ client: await signIn(options), vkey: options.vkey, state: options.state });
    say(pulled.words);
    return pulled.ok;
  } catch (error) {
    if (strict) throw error;
    say(`the hub does not answer: ${error instanceof Error ? error.message : 'fault'}`);
    return true;
  }
}

function milliseconds(text: string): number {
  const [, count, unit = ''] = /^([1-9][0-9]{0,4})(s|m|h)$/.exec(text) ?? [];
  if (count === undefined) throw new Error('say how often: 30s, 5m, 1h');
  return Number(count) * { s: 1_000, m: 60_000, h: 3_600_000 }[unit as 's' | 'm' | 'h'];
}
