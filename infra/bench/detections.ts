import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DetectionRunner } from '../../apps/sharing-protocol/src/detections/runner.ts';
import { DetectionState } from '../../apps/sharing-protocol/src/detections/state.ts';
import type { EventLog } from '#event-log';
import { openSqliteLog } from '#event-log/sqlite';
import { toInstant, type ChildId, type OrganisationId } from '#kernel';
import { appendLook, openLook } from '#sharing';
import { decodeRecord, type LookEvent, type Purpose, type Role } from '#contracts';
import { grantProcess, openVault } from '#vault';
import { figure, median } from './lib.ts';

/**
 * A day of an area: 100,000 looks of 2,000 people at 20,000 children, one in fifty refused, a few people far busier than others. Beside it the
 * bare opening of the same looks: reading, decrypting, parsing. `--looks 10000` changes the size.
 */
const at = process.argv.indexOf('--looks');
const LOOKS = at < 0 ? 100_000 : Number(process.argv[at + 1]);
const ROUNDS = 3;
const PEOPLE = 2_000;
const CHILDREN = 20_000;
const START = Date.UTC(2026, 10, 24, 7, 0);
const SPAN = 12 * 3_600_000;

const chance = { bytes: (count: number) => randomBytes(count) };
let now = START;
const clock = { now: () => toInstant(now) };
const dir = mkdtempSync(join(process.env['BENCH_DIR'] ?? tmpdir(), 'detections-'));

function drawn(n: number, use: string, below: number): number {
  return (
    createHash('sha1')
      .update(`${use} ${String(n)}`)
      .digest()
      .readUInt32BE(0) % below
  );
}

function idOf(n: number): ChildId {
  const hash = createHash('sha1')
    .update(`child ${String(n)}`)
    .digest('hex');
  return `${hash.slice(0, 8)}-${hash.slice(8, 12)}-4${hash.slice(13, 16)}-8${hash.slice(17, 20)}-${hash.slice(20, 32)}` as ChildId;
}

async function fill(log: EventLog, vault: Awaited<ReturnType<typeof openVault>>): Promise<void> {
  const book = { log, vault, clock, chance };
  for (let from = 0; from < LOOKS; from += 1_000) {
    now = START + Math.floor((from * SPAN) / LOOKS);
    const some = Array.from({ length: Math.min(1_000, LOOKS - from) }, (_, n) => {
      // The square makes some people far busier than others.
      const person = Math.floor((drawn(from + n, 'person', PEOPLE) * drawn(from + n, 'busy', PEOPLE)) / PEOPLE);
      // And one is after what is not theirs.
      const curious = (from + n) % 500 === 0;
      const denied = curious || drawn(from + n, 'denied', 50) === 0;
      const child = idOf(drawn(from + n, 'child', CHILDREN));
      const reader = {
        sub: curious ? 'curious' : `person-${String(person)}`,
        organisation: `organisation-${String(person % 100)}` as OrganisationId,
        role:
          (['senco', 'health-visitor', 'send-caseworker', 'therapist'] as const satisfies Role[])[person % 4] ??
          'senco',
        acr: 'urn:mfa',
        client: 'portal',
      };
      return appendLook(
        book,
        { reader, purpose: 'sen-support' satisfies Purpose, requestId: 'r', correlationId: 'c' },
        {
          effect: denied ? 'deny' : 'permit',
          route: 'GET /v1/children/:childId/timeline',
          child,
          slices: denied
            ? []
            : [{ organisation: reader.organisation, category: 'education.enrolment', rule: 'own-organisation' }],
          reasons: denied ? ['no-relationship'] : [],
          facts: [],
          basis: denied ? {} : { relationship: { id: 'f', kind: 'caseload' } },
          registry: undefined,
          protections: [],
        },
      );
    });
    await Promise.all(some);
  }
}

const log = await openSqliteLog({ path: join(dir, 'log.db') });
const vault = await openVault({
  path: join(dir, 'keys.db'),
  kek: Buffer.alloc(32, 7),
  chance,
  clock,
  ledgerPath: join(dir, 'ledger'),
});
try {
  await fill(log, vault);
  const [bare, detected]: [number[], number[]] = [[], []];
  let [before, peak, findings] = [0, 0, 0];
  for (let round = 0; round < ROUNDS; round++) {
    let began = performance.now();
    let opened = 0;
    for await (const events of log.readAll({ families: ['look'], batch: 2000 })) {
      for (const event of events) {
        const look = decodeRecord(event.data) as unknown as LookEvent;
        if (look.type !== 'look.recorded.v1') continue;
        if ((await openLook(vault, grantProcess('bench'), look.data.decision, look.by, look.data.sealed)) !== undefined)
          opened += 1;
      }
    }
    bare.push((opened / (performance.now() - began)) * 1000);

    if (round === 0) before = process.memoryUsage().rss;
    const state = new DetectionState(join(dir, `detections-${String(round)}.db`));
    const runner = new DetectionRunner({ log, vault, clock }, state);
    began = performance.now();
    let seen = 0;
    for await (const events of log.readAll({ families: ['look'], batch: 2000 })) {
      const last = events.at(-1);
      if (last !== undefined) await runner.take(events, last.token);
      seen += events.length;
      peak = Math.max(peak, process.memoryUsage().rss);
    }
    detected.push((seen / (performance.now() - began)) * 1000);
    state.close();
  }
  for await (const events of log.readAll({ families: ['detection'] })) findings += events.length;
  if (findings === 0) throw new Error('nothing found: not the work that is claimed');
  const size = `${LOOKS.toLocaleString('en-GB')} looks`;
  const bench = 'detections';
  const ratio = median(detected.map((value, round) => value / (bare[round] ?? Number.NaN)));
  figure({ bench, figure: size, value: median(detected), unit: 'looks/s', baseline: median(bare), ratio, target: 0.1 });
  figure({ bench, figure: `a day of ${size}`, value: LOOKS / median(detected), unit: 's', target: 30, atMost: true });
  figure({ bench, figure: `memory, ${size}`, value: (peak - before) / 1e6, unit: 'MB', target: 200, atMost: true });
  figure({ bench, figure: `findings, ${size}`, value: findings, unit: 'findings' });
} finally {
  await vault.close();
  await log.close();
  rmSync(dir, { recursive: true });
}
