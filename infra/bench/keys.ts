import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrateDatabase, openPostgresDatabase } from '#database/postgres';
import { toInstant, type Chance, type Clock } from '#kernel';
import { startPostgres } from '../../libs/testing/servers/index.ts';
import { grantProcess, KEYS_STORE, openVault, type Vault } from '#vault';
import { figure, median } from './lib.ts';

/** Keys on PostgreSQL beside SQLite: making them, opening what is not in memory, learning of erasures, and erasing with a bucket of 5,000. */
const KEYS = 10_000;
const AT_ONCE = 500;
const IN_BUCKET = 5_000;
const PAGE = 50;
const ROUNDS = 9;
const chance: Chance = { bytes: (count) => randomBytes(count) };
const clock: Clock = { now: () => toInstant(Date.now()) };
const kek = chance.bytes(32);
const grant = grantProcess('bench');
const context = (owner: string) => ({ stream: 's', revision: 0, type: 't', schema: 't', owner });

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** Keys a second, where so many are asked for at once. */
async function making(vault: Vault): Promise<number> {
  const took = await timed(async () => {
    for (let from = 0; from < KEYS; from += AT_ONCE)
      await Promise.all(Array.from({ length: AT_ONCE }, (_, n) => vault.keyFor(`record-${from + n}`, 'voice')));
  });
  return KEYS / (took / 1_000);
}

/** Milliseconds for a page whose keys are in nobody's memory, then again. */
async function opening(warm: Vault, another: () => Promise<Vault>): Promise<readonly [cold: number, warm: number]> {
  const keys = await Promise.all(Array.from({ length: PAGE }, (_, n) => warm.keyFor(`record-${n}`, 'voice')));
  const page = keys.map((key) => [key.owner, warm.seal(key, context(key.owner), Buffer.alloc(600))] as const);
  const [first, again]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    const vault = await another();
    const read = () => Promise.all(page.map(([owner, sealed]) => vault.open(grant, sealed, context(owner))));
    first.push(await timed(read));
    again.push(await timed(read));
    await vault.close();
  }
  return [median(first), median(again)];
}

const folder = mkdtempSync(join(tmpdir(), 'keys-'));
const server = await startPostgres();
try {
  await migrateDatabase(server.url, [KEYS_STORE]);
  const database = await openPostgresDatabase({ url: server.url, store: KEYS_STORE });
  const place = { database, ledgerPath: join(folder, 'shared.ledger'), buckets: join(folder, 'buckets') };
  const onServer = () => openVault({ ...place, kek, chance, clock });
  const onFile = () => openVault({ path: join(folder, 'keys.db'), kek, chance, clock });
  const [shared, embedded] = [await onServer(), await onFile()];
  const bench = 'keys';
  const [made, beside] = [await making(shared), await making(embedded)];
  figure({ bench, figure: `keys made, ${AT_ONCE} at once`, value: made, unit: 'keys/s', baseline: beside });
  const [[cold, warm], [coldFile, warmFile]] = [await opening(shared, onServer), await opening(embedded, onFile)];
  const page = `page of ${PAGE} opened`;
  figure({ bench, figure: `${page}, no key in memory`, value: cold, unit: 'ms', baseline: coldFile });
  figure({ bench, figure: `${page}, keys in memory`, value: warm, unit: 'ms', baseline: warmFile });
  const asked: number[] = [];
  for (let n = 0; n < 200; n++) asked.push(await timed(() => shared.refresh()));
  figure({ bench, figure: 'learning what others erased', value: median(asked), unit: 'ms' });
  // As full as the buckets of an area are: one of somebody with that many compartments.
  for (let from = 0; from < IN_BUCKET; from += AT_ONCE)
    await Promise.all(Array.from({ length: AT_ONCE }, (_, n) => shared.keyFor('crowd', `compartment-${from + n}`)));
  const [crowd] = await database.all('select bucket from keys group by bucket order by count(*) desc limit 1');
  const there = await database.all('select id from keys where bucket = ?', Number(crowd?.['bucket']));
  const owners = new Set<string>();
  for (const { id } of there) owners.add((await shared.describe(String(id)))?.owner ?? '');
  owners.delete('crowd');
  const [full, alone]: [number[], number[]] = [[], []];
  for (const owner of [...owners].slice(0, ROUNDS)) {
    full.push(await timed(() => shared.destroy(owner)));
    alone.push(await timed(() => embedded.destroy(owner)));
  }
  const figureOf = `erasing a record, ${IN_BUCKET.toLocaleString('en-GB')} others in its bucket`;
  figure({ bench, figure: figureOf, value: median(full), unit: 'ms', baseline: median(alone) });
  await Promise.all([shared.close(), embedded.close()]);
  await database.close();
} finally {
  await server.remove();
  rmSync(folder, { recursive: true, force: true });
}
