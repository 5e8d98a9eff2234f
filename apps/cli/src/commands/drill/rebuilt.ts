import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { projectRoot } from '#nest-platform/node';
import type { DrilledKeys } from './keys.ts';

/** What one table of a rebuilt view holds; the checksum is over its rows in order. */
interface Table {
  readonly table: string;
  readonly rows: number;
  readonly checksum: string;
}

/** What the sharing protocol says it built from a log. */
export interface Rebuilt {
  readonly events: number;
  readonly root: string;
  readonly total: number;
  readonly views: readonly { readonly name: string; readonly parked: number; readonly tables: readonly Table[] }[];
  readonly leftOut: readonly string[];
}

/** One table of one view, from both logs. */
export interface ComparedTable {
  readonly view: string;
  readonly table: string;
  readonly rows: number;
  readonly liveRows: number;
  readonly equal: boolean;
}

/** Has the sharing protocol, the built app in a process of its own, build its views from a log into a folder. */
export async function rebuilt(
  log: string,
  to: string,
  options: { readonly events?: number; readonly keys?: DrilledKeys },
): Promise<Rebuilt> {
  const main = join(projectRoot(import.meta.dirname), 'dist/apps/sharing-protocol/src/drill/main.js');
  if (!existsSync(main)) throw new Error('the sharing protocol is not built: npm run build');
  mkdirSync(to, { recursive: true, mode: 0o700 });
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => name !== 'NODE_OPTIONS'));
  const child = spawn(process.execPath, [main], { stdio: ['pipe', 'pipe', 'pipe'], env });
  child.stdin.end(JSON.stringify({ log, to, ...options }));
  const ended = once(child, 'exit') as Promise<[number | null]>;
  const [said, wrong, [code]] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  if (code !== 0) throw new Error(`the views cannot be built: ${wrong.trim().split('\n').at(-1) ?? 'no reason given'}`);
  return JSON.parse(said) as Rebuilt;
}

/** Every table of every view, side by side; a table that only one side has is not equal. */
export function compare(restored: Rebuilt, live: Rebuilt): readonly ComparedTable[] {
  const other = new Map(
    live.views.flatMap(({ name, tables, parked }) =>
      tables.map((each) => [`${name} ${each.table}`, { ...each, parked }]),
    ),
  );
  return restored.views.flatMap(({ name, parked, tables }) =>
    tables.map(({ table, rows, checksum }) => {
      const twin = other.get(`${name} ${table}`);
      const equal = twin?.checksum === checksum && twin.rows === rows && twin.parked === parked;
      return { view: name, table, rows, liveRows: twin?.rows ?? 0, equal };
    }),
  );
}
