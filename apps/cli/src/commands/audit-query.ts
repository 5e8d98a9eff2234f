import { createHash } from 'node:crypto';
import { createReadStream, writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { Option, type Command } from 'commander';
import { decodeRecord, EXPORT_FORMATS, type AuditQueryEvent } from '#contracts';
import type { HubClient } from '#nest-platform/client';
import { expectOk } from '../sign-in.ts';

/** Filters of `tellonce audit query` and what they are called in a question. */
const FILTERS = [
  ['child <id>', "the hub's id of a child"],
  ['user <sub>', 'who looked: pseudonymous subject of the sign-in'],
  ['organisation <id>', 'whose people looked'],
  ['role <role>', 'the role they looked with'],
  ['purpose <purpose>', 'the purpose they stated'],
  ['effect <effect>', 'permit, deny or aborted'],
  ['from <day>', 'first day or instant'],
  ['to <day>', 'last day or instant'],
  ['relationship <which>', 'none, some or self-claimed'],
  ['category <category>', 'what was read'],
  ['source <id>', 'whose facts were read'],
  ['route <route>', 'the pattern of the route'],
] as const;

/** What `tellonce audit query` is told; the filters by their names. */
export interface AuditQueryOptions extends Readonly<Record<string, string | boolean | undefined>> {
  readonly format: string;
  readonly output?: string;
}

/** Declares the filters on a command; `--by` is the organisation of whoever looked, since `--organisation` says who asks. */
export function withFilters(command: Command): Command {
  for (const [flag, what] of FILTERS) command.option(`--${flag.replace('organisation', 'by')}`, what);
  return command
    .option('--break-glass', 'only under emergency access')
    .addOption(new Option('--format <format>', 'of the file').choices([...EXPORT_FORMATS]).default('csv'))
    .option(
      '--output <file>',
      'where the file goes, its proof beside it as <file>.tlog-proof; standard output unless given',
    );
}

/** Asks, waits, and hands out the answer as a file with its proof; progress goes to `tell`, never into the file. */
export async function auditQuery(
  client: HubClient,
  options: AuditQueryOptions,
  write: (text: string) => void,
  tell: (line: string) => void,
): Promise<void> {
  const headers = { 'hub-purpose': 'audit' };
  const { by, breakGlass, format, output } = options;
  const named = FILTERS.map(([flag]) => flag.split(' ', 1)[0] ?? '').filter((name) => name !== 'organisation');
  const filters = {
    ...Object.fromEntries(named.filter((name) => options[name] !== undefined).map((name) => [name, options[name]])),
    ...(by === undefined ? {} : { organisation: by }),
    ...(breakGlass === true ? { breakGlass } : {}),
  };
  const ask = (path: string) => client.ask(`/v1/audit-queries${path}`, { headers });
  let status = expectOk(await client.ask('/v1/audit-queries', { headers, json: { filters } })) as Status;
  for (let pause = 50; status.state !== 'ready'; pause = Math.min(2_000, pause * 2)) {
    if (status.state === 'failed') throw new Error('the hub could not count the answer; its log says why');
    await wait(pause);
    status = expectOk(await ask(`/${status.id}`)) as Status;
    const back = status.reached === null ? '' : `, back to ${status.reached}`;
    tell(`${status.state}: ${String(status.count)} decisions${back}`);
  }
  const exported = await ask(`/${status.id}/export?format=${format}`);
  expectOk(exported);
  if (output === undefined) write(exported.text);
  else writeFileSync(output, exported.text, { mode: 0o600 });
  const decision = exported.headers.get('hub-decision-id') ?? '';
  const proof = await ask(`/${status.id}/export/manifest?format=${format}&decision=${decision}`);
  expectOk(proof);
  if (output !== undefined) writeFileSync(`${output}.tlog-proof`, proof.text, { mode: 0o600 });
  const more = status.goOn === undefined ? '' : `; there are more: ask again with --to ${status.goOn.to}`;
  tell(`${String(status.count)} decisions in question ${status.id}${more}`);
}

/** Holds a file against the event that its receipt proves; the line says what it proves. Throws where it is not that file. */
export async function exportLine(bytes: Uint8Array, file: string): Promise<string> {
  const event = decodeRecord(bytes) as unknown as AuditQueryEvent;
  if (event.type !== 'audit-query.exported.v1') throw new Error('NOT PROVEN: the receipt is not of an export');
  const hash = createHash('sha256');
  for await (const part of createReadStream(file)) hash.update(part as Buffer);
  const { sha256, rows, ended, sub, query } = event.data;
  if (hash.digest('hex') !== sha256) throw new Error('NOT PROVEN: the file is not the one that was exported');
  return `proven: the file is as exported ${event.recordedAt} to ${sub}: ${String(rows)} decisions, ${ended}, question ${query}`;
}

interface Status {
  readonly id: string;
  readonly state: string;
  readonly count: number;
  readonly reached: string | null;
  readonly goOn?: { readonly to: string };
}
