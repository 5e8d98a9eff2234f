import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { auditView } from '../../apps/sharing-protocol/src/views/audit/projection.ts';
import { auditRows, type AuditSearch } from '../../apps/sharing-protocol/src/views/audit/query.ts';
import { decodeRecord, type LookEvent } from '#contracts';
import type { EventLog, LoggedEvent, LogToken } from '#event-log';
import { openSqliteLog } from '#event-log/sqlite';
import { toInstant, type Chance, type ChildId, type Clock, type OrganisationId } from '#kernel';
import { openView, rebuild, type View } from '#projections';
import { appendLook, openLook, type Caller } from '#sharing';
import { grantProcess, openVault, sealingOnly, type Vault } from '#vault';
import { figure, median } from './lib.ts';

/**
 * Questions about decisions: the first page of 50 in a view of 1 M looks, beside the bare SQL of the same question; counting all of them;
 * and how fast the view reads sealed looks, beside reading and opening them alone. The million rows are written into the view's tables
 * directly, because sealing a million looks would measure sealing; `--quick` takes 100 k.
 */
const LOOKS = process.argv.includes('--quick') ? 100_000 : 1_000_000;
const REAL = process.argv.includes('--quick') ? 20_000 : 100_000;
const ASKED = 300;
const YEAR = 365 * 86_400_000;
const CHILDREN = 20_000;
const USERS = 3_000;
const ORGANISATIONS = 40;
const CATEGORIES = ['education.enrolment', 'health.screening', 'voice', 'equipment.custody', 'social.child-protection'];
const chance: Chance = { bytes: (count) => randomBytes(count) };
let tick = Date.UTC(2024, 0, 1);
const clock: Clock = { now: () => toInstant((tick += 25)) };
const hashed = (text: string) => createHash('sha256').update(text).digest('base64url');
const percentile = (times: readonly number[], part: number) =>
  times.toSorted((a, b) => a - b)[Math.floor(times.length * part)] ?? Number.NaN;
const size = `${LOOKS.toLocaleString('en-GB')} looks`;
const dir = mkdtempSync(join(process.env['BENCH_DIR'] ?? tmpdir(), 'audit-'));
const bulkFile = join(dir, 'bulk', 'audit.g1.db');

function lookInto(vault: Vault) {
  return async ({ data }: LoggedEvent) => {
    const record = decodeRecord(data) as unknown as LookEvent;
    if (record.type !== 'look.recorded.v1') return null;
    return (await openLook(vault, grantProcess('audit'), record.data.decision, record.by, record.data.sealed)) ?? null;
  };
}

/** A view whose rows were never looks: only what is asked of it is measured. */
async function filled(log: EventLog): Promise<View> {
  const definition = auditView({ openLook: () => null, childHash: hashed, userHash: hashed });
  const view = await openView({ definition, where: { kind: 'sqlite', dir: join(dir, 'bulk') }, log });
  const db = new DatabaseSync(bulkFile, { timeout: 60_000 });
  const indexes = db
    .prepare("select name, sql from sqlite_master where type = 'index' and sql is not null")
    .all()
    .map((row) => [String(row['name']), String(row['sql'])] as const);
  for (const [name] of indexes) db.exec(`drop index "${name}"`);
  db.exec('pragma synchronous = off; begin');
  const look = db.prepare('insert into look values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
  const slice = db.prepare('insert or ignore into slice values (?, ?, ?, ?, ?)');
  const children = Array.from({ length: CHILDREN }, (_, n) => hashed(`child ${String(n)}`));
  const users = Array.from({ length: USERS }, (_, n) => hashed(`user ${String(n)}`));
  for (let n = 0; n < LOOKS; n++) {
    const id = createHash('sha1').update(String(n)).digest('hex').slice(0, 32);
    const at = toInstant(Date.UTC(2024, 0, 1) + n * Math.floor(YEAR / LOOKS));
    const user = (n * 7_919) % USERS;
    const organisation = `organisation-${String(user % ORGANISATIONS)}`;
    const child = children[(n * 104_729) % CHILDREN] ?? null;
    const effect = n % 47 === 0 ? 'deny' : 'permit';
    const relationship = n % 997 === 0 ? 'self-claimed' : 'caseload';
    look.run(
      ...[id, at, String(n + 1), 'key', child, users[user] ?? '', organisation, 'senco', 'sen-support', effect],
      ...[relationship, n % 5_003 === 0 ? 1 : 0, 'GET /v1/children/:childId/timeline'],
    );
    if (effect === 'deny') continue;
    // Of ten looks at facts nine are of the organisation's own people.
    const source = n % 10 === 0 ? `organisation-${String((n * 31 + 7) % ORGANISATIONS)}` : organisation;
    slice.run(id, source, CATEGORIES[n % 4] ?? '', source === organisation ? 1 : 0, at);
    if (n % 2_003 === 0)
      slice.run(id, 'organisation-1', CATEGORIES[4] ?? '', organisation === 'organisation-1' ? 1 : 0, at);
  }
  for (const [, text] of indexes) db.exec(text);
  db.exec('commit; pragma wal_checkpoint(truncate)');
  db.close();
  return view;
}

const EVERYBODY = { of: 'everybody' } as const;
const ofOrganisation = (n: number) =>
  ({ of: 'organisation', organisation: `organisation-${String(n % ORGANISATIONS)}` as OrganisationId }) as const;
interface Asked {
  readonly scope: AuditSearch['scope'];
  readonly filters: AuditSearch['filters'];
  /** The same as bare SQL. */
  readonly bare: readonly [where: string, ...values: readonly string[]];
}
const QUESTIONS: Readonly<Record<string, (n: number) => Asked>> = {
  'one child': (n) => {
    const childHash = hashed(`child ${String(n % CHILDREN)}`);
    return { scope: EVERYBODY, filters: { childHash }, bare: ['child_hash = ?', childHash] };
  },
  'one user in a month': (n) => {
    const userHash = hashed(`user ${String(n % USERS)}`);
    const [from, to] = [toInstant(Date.UTC(2024, 3, 1)), toInstant(Date.UTC(2024, 4, 1))];
    const bare = ['user_hash = ? and recorded_at >= ? and recorded_at <= ?', userHash, from, to] as const;
    return { scope: EVERYBODY, filters: { userHash, from, to }, bare };
  },
  'emergency access': () => ({ scope: EVERYBODY, filters: { breakGlass: true }, bare: ['break_glass = 1'] }),
  'a rare category': () => ({
    scope: EVERYBODY,
    filters: { category: 'social.child-protection' },
    bare: [
      'decision_id in (select decision_id from slice where category = ? order by recorded_at desc limit 51)',
      'social.child-protection',
    ],
  }),
  'refusals of an organisation': (n) => {
    const organisation = `organisation-${String(n % ORGANISATIONS)}` as OrganisationId;
    const bare = ["organisation = ? and effect = 'deny'", organisation] as const;
    return { scope: EVERYBODY, filters: { organisation, effect: 'deny' }, bare };
  },
  'everything of an organisation and at its facts': (n) => {
    const scope = ofOrganisation(n);
    const { organisation } = scope;
    const bare =
      '(organisation = ? or exists (select 1 from slice s where s.decision_id = look.decision_id and s.organisation = ?))';
    return { scope, filters: {}, bare: [bare, organisation, organisation] };
  },
};

async function queries(): Promise<void> {
  const log = await openSqliteLog({ path: ':memory:' });
  const view = await filled(log);
  const reader = { view, log, keyAlive: () => true };
  const pin = String(LOOKS) as LogToken;
  const bareDb = new DatabaseSync(bulkFile, { readOnly: true });
  bareDb.exec('pragma cache_size = -16000; pragma mmap_size = 67108864');
  for (const [name, question] of Object.entries(QUESTIONS)) {
    const [ours, bares]: [number[], number[]] = [[], []];
    let total = 0;
    for (let n = -50; n < ASKED; n++) {
      const { scope, filters, bare } = question((n + 50) * 7_919);
      let began = performance.now();
      let rows = 0;
      for await (const row of auditRows(reader, { scope, filters, pin }, 51)) {
        if (row.decision !== '') rows += 1;
        if (rows === 51) break;
      }
      const took = performance.now() - began;
      began = performance.now();
      const [where, ...values] = bare;
      const found = bareDb
        .prepare(`select * from look where ${where} order by recorded_at desc, decision_id desc limit 51`)
        .all(...values);
      const alone = performance.now() - began;
      if (rows !== found.length) throw new Error(`${name}: ${String(rows)} of ${String(found.length)}`);
      total += rows;
      if (n < 0) continue;
      ours.push(took);
      bares.push(alone);
    }
    if (total < ASKED) throw new Error(`${name}: nothing is found`);
    for (const [label, part] of [
      ['p50', 0.5],
      ['p99', 0.99],
    ] as const) {
      const [value, baseline] = [percentile(ours, part), percentile(bares, part)];
      figure({
        bench: 'audit',
        figure: `first page of 50, ${name}, ${size} written into the view, ${label}`,
        value,
        unit: 'ms',
        baseline,
      });
    }
  }
  const began = performance.now();
  let [counted, longest, last] = [0, 0, began];
  const beat = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 1);
  for await (const row of auditRows(reader, { scope: EVERYBODY, filters: {}, pin }, 500))
    if (row.at !== '') counted += 1;
  clearInterval(beat);
  const seconds = (performance.now() - began) / 1000;
  if (counted !== LOOKS) throw new Error(`counted ${String(counted)}`);
  figure({ bench: 'audit', figure: `counting all of ${size}`, value: counted / seconds, unit: 'rows/s' });
  figure({
    bench: 'audit',
    figure: 'longest wait of others while counting',
    value: longest,
    unit: 'ms',
    target: 50,
    atMost: true,
  });
  bareDb.close();
  await view.close();
  await log.close();
}

async function projecting(): Promise<void> {
  const log = await openSqliteLog({ path: join(dir, 'log.db') });
  const vault = await openVault({ path: join(dir, 'keys.db'), kek: chance.bytes(32), chance, clock });
  const book = { log, vault: sealingOnly(vault), clock, chance };
  const one = (n: number) => {
    const organisation = `organisation-${String(n % ORGANISATIONS)}` as OrganisationId;
    const caller: Caller = {
      reader: { sub: `user ${String(n % USERS)}`, organisation, role: 'senco', acr: 'urn:mfa', client: 'c' },
      purpose: 'sen-support',
      requestId: String(n),
      correlationId: String(n),
    };
    return appendLook(book, caller, {
      effect: 'permit',
      route: 'GET /v1/children/:childId/timeline',
      child: `child ${String((n * 104_729) % CHILDREN)}` as ChildId,
      slices: [{ organisation, category: 'voice', rule: 'agreement', agreement: 'a', version: 1 }],
      reasons: [],
      facts: [],
      registry: undefined,
      protections: [],
    });
  };
  for (let from = 0; from < REAL; from += 1_000)
    await Promise.all(Array.from({ length: 1_000 }, (_, n) => one(from + n)));
  const open = lookInto(vault);
  const definition = auditView({
    openLook: open,
    childHash: (child) => vault.lookupHash('audit-child', child),
    userHash: (sub) => vault.lookupHash('audit-user', sub),
  });
  const view = await openView({ definition, where: { kind: 'sqlite', dir: join(dir, 'real') }, log, grace: 0 });
  const [alone, builds]: [number[], number[]] = [[], []];
  for (let round = 0; round < 3; round++) {
    let began = performance.now();
    let seen = 0;
    for await (const events of log.readAll({ families: ['look'], batch: 500 }))
      for (const event of events) if ((await open(event)) !== null) seen += 1;
    alone.push((seen / (performance.now() - began)) * 1_000);
    began = performance.now();
    await rebuild(view, { elapsed: () => performance.now() });
    builds.push((seen / (performance.now() - began)) * 1_000);
  }
  const ratio = median(builds.map((build, at) => build / (alone[at] ?? Number.NaN)));
  figure({
    bench: 'audit',
    figure: `projecting ${REAL.toLocaleString('en-GB')} sealed looks, beside reading and opening them`,
    value: median(builds),
    unit: 'looks/s',
    baseline: median(alone),
    ratio,
  });
  await view.close();
  await vault.close();
  await log.close();
}

try {
  await queries();
  await projecting();
} finally {
  rmSync(dir, { recursive: true, force: true });
}
