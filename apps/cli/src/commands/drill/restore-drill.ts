import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verdictLine } from '../log.ts';
import { holdAgainstHeads, type HeldAgainst } from './heads.ts';
import { copyKeys, countKeys, type KeyCount } from './keys.ts';
import { compare, rebuilt, type ComparedTable } from './rebuilt.ts';

/** What a drill restores, and what it is compared with. */
export interface DrillOptions {
  /** A folder that `tellonce log backup` made, or one with `log.db` and `checkpoints` in it. */
  readonly backup: string;
  /** The log in use: `sqlite:<file>` or `esdb://…`; read only. */
  readonly live: string;
  /** The key that the hub signs heads with. */
  readonly vkey: string;
  /** Heads that somebody outside kept. */
  readonly witness?: string;
  /** A backup of the keys (`keys.db`), the newest ledger, and the key file. */
  readonly keys?: { readonly keys: string; readonly ledger: string; readonly keyFile: string };
  /** Where the scratch folder is made; the system's own place unless given. */
  readonly scratch?: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** What a drill found: kept as evidence. Counts, sums and codes; nothing of anybody. */
export interface DrillEvidence {
  readonly started: string;
  readonly ended: string;
  readonly verdict: 'holds' | 'does-not-hold';
  /** Why it does not hold; the place of the first difference where there is one. */
  readonly faults: readonly string[];
  readonly bytes: number;
  readonly events: number;
  readonly root: string | null;
  /** Signed heads that the restored log was held against, and the largest size that any head signs. */
  readonly heads: number;
  readonly signed: number;
  /** Events that the live log has and the backup has not. */
  readonly missing: number | null;
  readonly views: readonly ComparedTable[];
  readonly viewsLeftOut: readonly string[];
  /** With keys: how many the backup held, how many of them the ledger had destroyed again, how many of those are left (none, or it fails). */
  readonly keys: { readonly held: number; readonly destroyedAgain: number; readonly left: number } | null;
}

type Found = Omit<DrillEvidence, 'started' | 'ended' | 'verdict'>;

/**
 * Restores a backup into a scratch folder, holds it against the signed heads, builds the views from it and from the live log up to the same
 * event, and compares them. Changes nothing but the scratch folder, which is removed. Rejects where the drill itself can't be carried out.
 */
export async function restoreDrill(options: DrillOptions): Promise<DrillEvidence> {
  const started = iso(options.now());
  if (!existsSync(join(options.backup, 'log.db'))) throw new Error('--backup: there is no log.db in the folder');
  const under = options.scratch ?? tmpdir();
  mkdirSync(under, { recursive: true });
  const scratch = mkdtempSync(join(under, 'tellonce-drill-'));
  try {
    const found = await drill(options, scratch);
    const verdict = found.faults.length === 0 ? 'holds' : 'does-not-hold';
    return { started, ended: iso(options.now()), verdict, ...found };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** What an operator is told: a line, and one for each fault. */
export function drillLines({ faults, events, missing, heads, views, keys }: DrillEvidence): readonly string[] {
  if (faults.length > 0) return faults.map((fault) => `the backup does NOT restore: ${fault}`);
  const lacks = missing === 0 ? 'nothing is missing' : `${String(missing)} events of the live log are missing`;
  const lines = [
    `the backup restores: ${String(events)} events, held against ${String(heads)} signed heads; ${lacks}`,
    `${String(views.length)} tables of ${String(new Set(views.map(({ view }) => view)).size)} views are equal`,
  ];
  if (keys !== null) lines.push(`${String(keys.destroyedAgain)} of ${String(keys.held)} keys were destroyed again`);
  return lines;
}

async function drill(options: DrillOptions, scratch: string): Promise<Found> {
  const folder = join(scratch, 'restored');
  cpSync(options.backup, folder, { recursive: true });
  const bytes = ['log.db', 'tree.db'].map((name) => sizeOf(join(folder, name))).reduce((sum, size) => sum + size, 0);
  const nothing = {
    bytes,
    events: 0,
    root: null,
    heads: 0,
    signed: 0,
    missing: null,
    views: [],
    viewsLeftOut: [],
    keys: null,
  };
  let held: HeldAgainst;
  try {
    held = await holdAgainstHeads(folder, options.vkey, options.witness);
  } catch (error) {
    return { ...nothing, faults: [`it cannot be read (${error instanceof Error ? error.name : 'unknown'})`] };
  }
  const { verdict, size: events, heads, signed } = held;
  const known = { ...nothing, events, heads, signed };
  if (!verdict.ok) return { ...known, faults: [verdictLine(verdict)] };
  if (heads === 0) return { ...known, faults: ['no signed head lies within it, so nothing says that it is the log'] };

  const given = options.keys === undefined ? undefined : await copyKeys(scratch, options.keys);
  const before = given === undefined ? undefined : countKeys(given);
  const keys = given === undefined ? {} : { keys: given };
  const restored = await rebuilt(`sqlite:${join(folder, 'log.db')}`, join(scratch, 'views'), { events, ...keys });
  const live = await rebuilt(options.live, join(scratch, 'live'), { events, ...keys });
  const views = compare(restored, live);
  const counted = given === undefined || before === undefined ? null : keysOf(before, countKeys(given));
  return {
    ...{ ...known, root: restored.root, views, viewsLeftOut: restored.leftOut, keys: counted },
    missing: Math.max(0, live.total - events),
    faults: [
      ...(live.total < events ? [`the live log has ${String(events - live.total)} events less than the backup`] : []),
      ...(live.root === restored.root ? [] : ['the live log does not begin with the events of the backup']),
      ...views.filter(({ equal }) => !equal).map(({ view, table }) => `view ${view}: table ${table} differs`),
      ...(counted !== null && counted.left > 0 ? [`${String(counted.left)} destroyed keys are still there`] : []),
    ],
  };
}

function keysOf(before: KeyCount, after: KeyCount): DrillEvidence['keys'] {
  return { held: before.keys, destroyedAgain: before.keys - after.keys, left: after.destroyed };
}

function sizeOf(file: string): number {
  return existsSync(file) ? statSync(file).size : 0;
}

function iso(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
