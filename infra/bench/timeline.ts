import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openPage, slicesFor, underPermits } from '../../apps/sharing-protocol/src/views/timeline/answer.ts';
import { timelineView } from '../../apps/sharing-protocol/src/views/timeline/projection.ts';
import { timelinePage } from '../../apps/sharing-protocol/src/views/timeline/query.ts';
import { encodeRecord, factDefinition, purposeBits } from '#contracts';
import { openSqliteLog } from '#event-log/sqlite';
import {
  toInstant,
  type Chance,
  type ChildId,
  type Clock,
  type FactId,
  type OrganisationId,
  type PlainDate,
} from '#kernel';
import { openView, rebuild } from '#projections';
import {
  emptyProtection,
  emptyRegistry,
  enforcementPoint,
  evolveProtection,
  evolveRegistry,
  factsRule,
} from '#sharing';
import { openVault } from '#vault';
import { figure, median } from './lib.ts';

/**
 * A secured timeline page of 50 of a child with 1,000 facts: decided, looked durably, re-checked, opened; in a log of 10 k and one of
 * 1 M facts, page by page in turns with a bare durable append of as many bytes. `--quick` takes 100 k for the larger.
 */
const LARGE = process.argv.includes('--quick') ? 100_000 : 1_000_000;
const SMALL = 10_000;
const OF_A_CHILD = 1_000;
const PAGES = 1_500;
const reader = 'send-team' as OrganisationId;
const source = 'bridgewater-community-trust' as OrganisationId;
const chance: Chance = { bytes: (count) => randomBytes(count) };
const clock: Clock = { now: () => toInstant(Date.now()) };
const definition = factDefinition('health.professional-contact.v1');
if (definition === undefined) throw new Error('no such fact');
const { type: factType, category, example } = definition;

function idOf(text: string): string {
  const hash = createHash('sha1').update(text).digest('hex');
  return `${hash.slice(0, 8)}-${hash.slice(8, 12)}-5${hash.slice(13, 16)}-8${hash.slice(17, 20)}-${hash.slice(20, 32)}`;
}
const recordOf = (child: number) => idOf(`record ${String(child)}`);

async function world(dir: string, facts: number) {
  const log = await openSqliteLog({ path: join(dir, `log-${String(facts)}.db`) });
  const vault = await openVault({ path: join(dir, `keys-${String(facts)}.db`), kek: chance.bytes(32), chance, clock });
  const payload = Buffer.from(JSON.stringify({ type: factType, data: { fact: example } })).toString('base64url');
  const jws = Buffer.from(`${'h'.repeat(40)}.${payload}.${'s'.repeat(86)}`);
  const children = facts / OF_A_CHILD;
  const keys = await Promise.all(
    Array.from({ length: children }, (_, child) => vault.keyFor(recordOf(child), category)),
  );
  const one = (n: number) => {
    const at = toInstant(Date.UTC(2024, 0, 1) + n * 1_000);
    const [by, recordId, key] = [idOf(`fact ${String(n)}`), recordOf(n % children), keys[n % children]];
    if (key === undefined) throw new Error('no key');
    const [stream, type] = [`fact-${by}`, 'fact.published.v1'];
    const sealed = vault.seal(key, { stream, revision: 0, type, schema: factType, owner: recordId }, jws);
    const body = {
      recordId,
      organisation: source,
      factType,
      category,
      index: {},
      happenedAt: at,
      stated: { at, rank: 0, by },
      purposes: ['sen-support'],
      reliesOnConsent: false,
      provenance: { kind: 'organisation-signed', kid: 'bench', alg: 'Ed25519' },
      sealed,
    };
    const about = { format: 1, stream, revision: 0, type, recordedAt: at, by: source, correlationId: by } as const;
    return log.append(stream, 'none', [encodeRecord({ ...about, data: body })]);
  };
  for (let from = 0; from < facts; from += 1_000)
    await Promise.all(Array.from({ length: 1_000 }, (_, n) => one(from + n)));
  const where = { kind: 'sqlite', dir: join(dir, `views-${String(facts)}`) } as const;
  const view = await openView({ definition: timelineView, where, log, grace: 0 });
  await rebuild(view, { elapsed: () => performance.now() });
  const { registry, protections } = rights();
  const tails = {
    registry: () => Promise.resolve(registry),
    protections: (child: ChildId) => Promise.resolve([{ ...protections, child }]),
  };
  const disclose = enforcementPoint(tails, { log, vault, clock, chance });
  const caller = {
    reader: { sub: 's', organisation: reader, role: 'send-caseworker', acr: 'urn:mfa', client: 'c' },
    purpose: 'sen-support',
    requestId: 'r',
    correlationId: 'c',
  } as const;
  const page = async (child: number): Promise<number> => {
    const began = performance.now();
    const records = [recordOf(child)];
    const answer = await disclose({
      caller,
      child: idOf(`child ${String(child)}`) as ChildId,
      route: 'GET /v1/children/:childId/timeline',
      rule: factsRule,
      find: async (permits) => {
        const slices = await slicesFor(permits, records, vault);
        const purposeBit = purposeBits([caller.purpose]);
        const { rows } = await timelinePage(view.db, { records, slices, purposeBit, orderBy: 'happened', limit: 50 });
        return underPermits(vault, rows, permits);
      },
      facts: (rows) => rows.map(({ row }) => row.fact_id as FactId),
      open: (rows, _permits, decision) => openPage(vault, decision, rows),
    });
    const took = performance.now() - began;
    if (!answer.ok || answer.value.value.length !== 50) throw new Error('not the page that is claimed');
    return took;
  };
  const close = async () => {
    await view.close();
    await vault.close();
    await log.close();
  };
  return { page, children, close };
}

function rights() {
  const profile = { codes: {}, keys: [], profile: {}, sector: 'health' } as const;
  let registry = emptyRegistry();
  for (const organisation of [reader, source]) {
    registry = evolveRegistry(registry, {
      type: 'organisation.registered.v1',
      data: { ...profile, organisation, name: organisation },
    });
  }
  const from = '2024-01-01' as PlainDate;
  const agreement = { agreement: 'a', version: 1, title: 'a', source, recipient: reader, from, until: null } as const;
  const scope = { categories: [category], purposes: ['sen-support'], roles: ['send-caseworker'] } as const;
  registry = evolveRegistry(registry, { type: 'agreement.in-force.v1', data: { ...agreement, ...scope } });
  const data = { fact: 'f' as FactId, organisation: reader, kind: 'caseload', name: 'case', from } as const;
  const protections = evolveProtection(emptyProtection('c' as ChildId), { type: 'relationship.started.v1', data });
  return { registry, protections };
}

const p99 = (times: readonly number[]) =>
  times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? Number.NaN;
const folder = mkdtempSync(join(process.env['BENCH_DIR'] ?? tmpdir(), 'timeline-'));
try {
  const bare = await openSqliteLog({ path: join(folder, 'bare.db') });
  const [small, large] = [await world(folder, SMALL), await world(folder, LARGE)];
  const appendBare = async (n: number): Promise<number> => {
    const stream = `look-${idOf(`bare ${String(n)}`)}`;
    const about = { format: 1, stream, revision: 0, type: 'look.recorded.v1', recordedAt: clock.now() } as const;
    const record = encodeRecord({ ...about, by: reader, correlationId: 'c', data: { text: 'x'.repeat(4_000) } });
    const began = performance.now();
    await bare.append(stream, 'none', [record]);
    return performance.now() - began;
  };
  const [smalls, larges, fsyncs]: [number[], number[], number[]] = [[], [], []];
  for (let n = -200; n < PAGES; n++) {
    // A prime step: neighbours in time are other children.
    const step = (n + 200) * 7_919;
    const times = [
      await small.page(step % small.children),
      await appendBare(n),
      await large.page(step % large.children),
    ];
    if (n < 0) continue;
    for (const [at, list] of [smalls, fsyncs, larges].entries()) list.push(times[at] ?? Number.NaN);
  }
  const bench = 'timeline';
  const size = `log of ${LARGE.toLocaleString('en-GB')}`;
  figure({
    bench,
    figure: `page of 50, ${size}, p50 beyond the fsync`,
    value: median(larges) - median(fsyncs),
    unit: 'ms',
    target: 3,
    atMost: true,
  });
  figure({ bench, figure: `page of 50, ${size}, p50`, value: median(larges), unit: 'ms', baseline: median(fsyncs) });
  figure({
    bench,
    figure: `page of 50, ${size}, p99 beside that of 10,000`,
    value: p99(larges),
    unit: 'ms',
    baseline: p99(smalls),
    target: 1.3,
    atMost: true,
  });
  await Promise.all([small.close(), large.close(), bare.close()]);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
const decide = join(import.meta.dirname, 'decide.ts');
process.exitCode = spawnSync(process.execPath, ['--conditions=source', decide], { stdio: 'inherit' }).status ?? 1;
