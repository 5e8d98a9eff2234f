import { FAMILIES } from '#contracts';
import type { EventLog, LoggedEvent } from '#event-log';
import { leafHash } from '#kernel';
import { hubSecret, openLogAt, quarantineView, systemChance, systemClock } from '#nest-platform';
import { openView, type View, type ViewDefinition } from '#projections';
import { RunningRoot } from '#transparency';
import { loadKek, openVault, type Vault } from '#vault';
import { CLEAR_VIEWS, sealedViews } from '../views/views.ts';
import { rowsOf, type TableRows } from './rows.ts';

/** Which log to build views from, and where. */
export interface RebuildTask {
  /** `sqlite:<file>` or `esdb://…`; read beside whoever writes it. */
  readonly log: string;
  /** An empty folder. */
  readonly to: string;
  /** So many events of ours are read into the views; all unless given. */
  readonly events?: number;
  /** A copy of the keys, of the ledger, and the key file; without them only views that need none are built. */
  readonly keys?: { readonly file: string; readonly ledger: string; readonly keyFile: string };
}

/** One view as it was built. */
export interface RebuiltView {
  readonly name: string;
  /** Events that it could not understand. */
  readonly parked: number;
  readonly tables: readonly TableRows[];
}

/** What was built. */
export interface RebuiltViews {
  /** Events that were read into the views, and the root of the tree over them (base64). */
  readonly events: number;
  readonly root: string;
  /** Events that the log holds. */
  readonly total: number;
  readonly views: readonly RebuiltView[];
  /** Views that were not built, for they need more than was given. */
  readonly leftOut: readonly string[];
}

/** Builds the views in one pass over the log, in constant memory. Opening the keys destroys again what the ledger says was destroyed. */
export async function rebuildViews({ log: place, to, events, keys }: RebuildTask): Promise<RebuiltViews> {
  const log = await openLogAt(place, 'beside');
  const vault = keys === undefined ? undefined : await vaultOf(keys);
  const views: View[] = [];
  try {
    const context = vault === undefined ? {} : { context: { keyAlive: async (id: string) => alive(vault, id) } };
    for (const definition of definitionsFor(vault)) {
      const view = await openView({ definition, log, where: { kind: 'sqlite', dir: to }, ...context });
      await view.begin();
      views.push(view);
    }
    const read = await readInto(views, log, events ?? Number.MAX_SAFE_INTEGER);
    const built: RebuiltView[] = [];
    for (const view of views) {
      const { parked } = await view.status();
      built.push({ name: view.name, parked, tables: rowsOf(to, view.definition) });
    }
    return { ...read, views: built, leftOut: vault === undefined ? ['usage', 'audit', 'notices'] : ['notices'] };
  } finally {
    for (const view of views) await view.close();
    await vault?.close();
    await log.close();
  }
}

/** Notices are kept for children of whom the hub holds records; which these are is not in the log, so that view is left out. */
function definitionsFor(vault: Vault | undefined): readonly ViewDefinition[] {
  const clear = [...CLEAR_VIEWS, quarantineView];
  if (vault === undefined) return clear;
  const { usage, audit } = sealedViews(vault, () => false);
  return [...clear, usage, audit];
}

async function readInto(views: readonly View[], log: EventLog, most: number) {
  const running = new RunningRoot();
  let total = 0;
  for await (const batch of log.readAll({ families: FAMILIES, batch: 1000 })) {
    const wanted = batch.slice(0, Math.max(0, most - total));
    total += batch.length;
    for (const { data } of wanted) running.add(leafHash(data));
    const last = wanted.at(-1);
    if (last === undefined) continue;
    for (const view of views) await view.apply(ofFamilies(wanted, view), last.token);
  }
  return { events: running.size, root: Buffer.from(running.root()).toString('base64'), total };
}

function ofFamilies(events: readonly LoggedEvent[], { definition }: View): readonly LoggedEvent[] {
  return events.filter(({ stream }) => definition.families.some((family) => stream.split('-')[0] === family));
}

async function vaultOf({ file, ledger, keyFile }: NonNullable<RebuildTask['keys']>): Promise<Vault> {
  const master = loadKek(keyFile, { create: false, chance: systemChance });
  const kek = hubSecret(master, 'key-encryption');
  return openVault({ path: file, ledgerPath: ledger, kek, chance: systemChance, clock: systemClock });
}

async function alive(vault: Vault, id: string): Promise<boolean> {
  return (await vault.describe(id)) !== undefined;
}
