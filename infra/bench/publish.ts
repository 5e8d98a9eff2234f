import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compactVerify, importJWK } from 'jose';
import { randomUuid, toInstant, type Chance, type ChildId, type Clock, type OrganisationId } from '#kernel';
import { encodeRecord, factDefinition, type PublicJwk } from '#contracts';
import { openSqliteLog } from '#event-log/sqlite';
import { openIdentity } from '#identity';
import { emptyProtection, emptyRegistry, evolveRegistry, openPublisher } from '#sharing';
import { openVault } from '#vault';

/** Publishing with 32 publishers against "verify and bare grouped append" of a record of the same size, interleaved. */
const ROUNDS = 9;
const FACTS = 3_200;
const CHILDREN = 200;
const PUBLISHERS = 32;
const TARGET = 0.6;
const ORGANISATION = 'bridgewater-community-trust' as OrganisationId;

const chance: Chance = { bytes: (count) => randomBytes(count) };
const clock: Clock = { now: () => toInstant(Date.now()) };
const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'bench', alg: 'Ed25519' } as PublicJwk;
const basis = JSON.stringify({
  lawful: 'public-task',
  condition: 'health-or-social-care',
  confidentiality: 'implied-consent-direct-care',
  purposes: ['direct-care', 'sen-support'],
});

function jws(id: string, child: number, example: object, type: string, category: string): string {
  const event = {
    specversion: '1.0',
    id,
    source: `/organisations/${ORGANISATION}`,
    type,
    time: '2026-09-01T08:00:00Z',
    datacontenttype: 'application/json',
    category,
    basis,
    data: { subject: { localId: `p${String(child)}`, surname: 'Bench', birthDate: '2019-03-04' }, fact: example },
  };
  const head = Buffer.from(JSON.stringify({ alg: 'Ed25519', kid: 'bench' })).toString('base64url');
  const input = `${head}.${Buffer.from(JSON.stringify(event)).toString('base64url')}`;
  return `${input}.${sign(null, Buffer.from(input), privateKey).toString('base64url')}`;
}

async function inParallel(items: readonly string[], each: (item: string) => Promise<unknown>): Promise<number> {
  let next = 0;
  const began = performance.now();
  const worker = async (): Promise<void> => {
    for (let item = items[next++]; item !== undefined; item = items[next++]) await each(item);
  };
  await Promise.all(Array.from({ length: PUBLISHERS }, worker));
  return items.length / ((performance.now() - began) / 1_000);
}

const folder = mkdtempSync(join(tmpdir(), 'tellonce-bench-'));
try {
  const definition = factDefinition('health.professional-contact.v1');
  if (definition === undefined) throw new Error('no such fact');
  const log = await openSqliteLog({ path: join(folder, 'log.db') });
  const bare = await openSqliteLog({ path: join(folder, 'bare.db') });
  const vault = await openVault({ path: join(folder, 'keys.db'), kek: chance.bytes(32), chance, clock });
  const identity = await openIdentity({ path: join(folder, 'identity.db'), log, vault, chance, clock });
  const data = {
    organisation: ORGANISATION,
    name: 'Bench',
    sector: 'health',
    codes: {},
    keys: [jwk],
    profile: {},
  } as const;
  const registry = evolveRegistry(emptyRegistry(), { type: 'organisation.registered.v1', data });
  const publisher = openPublisher({
    log,
    vault,
    identity,
    clock,
    chance,
    hubKey: { kid: 'hub', privateKey },
    registry: async () => registry,
    protection: async (child: ChildId) => emptyProtection(child),
  });
  const key = await importJWK(jwk, 'Ed25519');
  let size = 1_500;
  const filler = (): string => 'x'.repeat(size);
  const batch = (name: string): readonly string[] =>
    Array.from({ length: FACTS }, (_, index) =>
      jws(`${name}-${String(index)}`, index % CHILDREN, definition.example, definition.type, definition.category),
    );
  const publish = (items: readonly string[]): Promise<number> =>
    inParallel(items, async (item) => {
      const { outcome, reasons } = await publisher.submit(ORGANISATION, { kind: 'signed', jws: item, row: 1 }, 'bench');
      if (outcome !== 'published') throw new Error(`${outcome} ${reasons.map(({ code }) => code).join()}`);
    });
  const baseline = (items: readonly string[]): Promise<number> => {
    const text = filler();
    return inParallel(items, async (item) => {
      await compactVerify(item, key, { algorithms: ['Ed25519'] });
      const stream = `fact-${randomUuid(chance)}`;
      const record = {
        format: 1,
        stream,
        revision: 0,
        type: 'bench',
        recordedAt: clock.now(),
        by: ORGANISATION,
        correlationId: 'b',
        data: { text },
      } as const;
      await bare.append(stream, 'none', [encodeRecord(record)]);
    });
  };
  await publish(batch('warm'));
  for await (const [first] of log.readAll({ families: ['fact'], batch: 1 })) {
    size = (first?.data.length ?? size) - 250;
    break;
  }
  await baseline(batch('warm'));
  const rounds: { readonly ours: number; readonly theirs: number }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const items = batch(String(round));
    rounds.push({ theirs: await baseline(items), ours: await publish(items) });
  }
  const median = (values: readonly number[]): number =>
    values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
  const ratio = median(rounds.map(({ ours, theirs }) => ours / theirs));
  const line = {
    bench: 'publish',
    figure: '32 publishers',
    value: Math.round(median(rounds.map(({ ours }) => ours))),
    unit: 'facts/s',
    baseline: Math.round(median(rounds.map(({ theirs }) => theirs))),
    ratio: Number(ratio.toFixed(3)),
    target: TARGET,
    met: ratio >= TARGET,
  };
  console.log(JSON.stringify(line));
  await identity.close();
  await Promise.all([vault.close(), log.close(), bare.close()]);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
