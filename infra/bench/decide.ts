import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CATEGORIES, encodeRecord, sensitivityOf, type AgreementInForce, type Category } from '#contracts';
import { openSqliteLog } from '#event-log/sqlite';
import type { ChildId, FactId, Instant, OrganisationId, PlainDate } from '#kernel';
import { currentTails } from '../../libs/nest-platform/src/core/tails.ts';
import {
  decide,
  emptyProtection,
  emptyRegistry,
  evolveProtection,
  evolveRegistry,
  permittedSlices,
  type Question,
  type Slice,
} from '#sharing';
import { figure, median } from './lib.ts';

/**
 * Deciding all slices of a child, at its worst: every one of the 1,000 agreements has the reader's organisation as recipient and
 * the purpose asked for, each of another source with five categories, and consent in force for all of them.
 */
const AGREEMENTS = 1_000;
const TARGET_MS = 0.5;
/** Events of each child in the log. */
const DIRECTIVES = 4;
const reader = 'send-team' as OrganisationId;
const child = 'b7a3c2f4-6d1e-4b90-8c35-0a9d7e5f1c21' as ChildId;
const shared = (Object.keys(CATEGORIES) as Category[]).filter((category) =>
  ['standard', 'sensitive'].includes(sensitivityOf(category)),
);

function world(): Pick<Question, 'registry' | 'protections'> {
  let registry = emptyRegistry();
  const register = (organisation: string) => {
    const data = {
      organisation: organisation as OrganisationId,
      name: organisation,
      sector: 'education',
      codes: {},
      keys: [],
      profile: {},
    } as const;
    registry = evolveRegistry(registry, { type: 'organisation.registered.v1', data });
  };
  register(reader);
  for (let n = 0; n < AGREEMENTS; n++) {
    register(`source-${n}`);
    const data: AgreementInForce = {
      agreement: `agreement-${n}`,
      version: 1,
      title: `Agreement ${n}`,
      source: `source-${n}` as OrganisationId,
      recipient: reader,
      categories: [0, 1, 2, 3, 4].flatMap((each) => shared[(n + each) % shared.length] ?? []),
      purposes: ['sen-support', 'ehc-needs-assessment'],
      roles: ['send-caseworker', 'educational-psychologist'],
      from: '2026-01-01' as PlainDate,
      until: null,
      terms: {
        bases: { lawful: ['public-task'], condition: ['none'], schedule1: null, confidentiality: ['statute'] },
        obligations: n % 2 === 0 ? [] : ['tell-family'],
        existenceOnly: [],
        minimum: {},
        retentionDays: null,
        reviewBy: '2027-01-01' as PlainDate,
      },
    };
    registry = evolveRegistry(registry, { type: 'agreement.in-force.v1', data });
  }
  const started = evolveProtection(emptyProtection(child), {
    type: 'relationship.started.v1',
    data: {
      fact: 'f' as FactId,
      organisation: reader,
      kind: 'caseload',
      name: 'case',
      from: '2026-01-01' as PlainDate,
    },
  });
  const consented = evolveProtection(started, {
    type: 'consent.given.v1',
    data: {
      consent: 'c',
      categories: shared,
      purposes: ['ehc-needs-assessment'],
      authority: 'parental-responsibility',
      until: null,
    },
  });
  return { registry, protections: [consented] };
}

const question: Question = {
  ...world(),
  reader: { sub: 's', organisation: reader, role: 'send-caseworker', acr: 'urn:mfa', client: 'c' },
  purpose: 'ehc-needs-assessment',
  at: '2026-11-24T09:30:00.000Z' as Instant,
};

const one: Slice = {
  organisation: 'source-500' as OrganisationId,
  category: shared[500 % shared.length] ?? 'voice',
  reliesOnConsent: true,
};

/** What nobody would call enforcement: every agreement looked at, one after another, and nothing else. */
function bareScan(): boolean {
  for (const { source, recipient, categories, purposes, roles } of question.registry?.agreements.values() ?? []) {
    if (source === one.organisation && recipient === reader && categories.includes(one.category))
      return purposes.includes(question.purpose) && roles.includes(question.reader.role);
  }
  return false;
}

const bench = 'decide';
const timed = (run: () => unknown, times: number): readonly number[] =>
  Array.from({ length: times }, () => {
    const start = performance.now();
    run();
    return performance.now() - start;
  });
const p99 = (times: readonly number[]) => times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? NaN;

const [cold = NaN] = timed(() => permittedSlices(question), 1);
const slices = permittedSlices(question).length;
if (slices < AGREEMENTS * 10) throw new Error(`only ${slices} slices: not the work that is claimed`);
if (decide(question, one).effect !== 'permit' || !bareScan()) throw new Error('not the decision that is claimed');
timed(() => permittedSlices(question), 2_000);
timed(() => decide(question, one), 20_000);
timed(bareScan, 20_000);

const all = timed(() => permittedSlices(question), 5_000);
const single = timed(() => decide(question, one), 50_000);
const bare = timed(bareScan, 50_000);
const of = '1,000 agreements';
figure({
  bench,
  figure: `one decision, ${of}, p50`,
  value: median(single),
  unit: 'ms',
  target: TARGET_MS,
  atMost: true,
});
figure({
  bench,
  figure: `one decision, ${of}, p50 beside a bare scan`,
  value: median(single),
  unit: 'ms',
  baseline: median(bare),
});
figure({ bench, figure: `all slices, ${of}, p50`, value: median(all), unit: 'ms', target: TARGET_MS, atMost: true });
figure({ bench, figure: `all slices, ${of}, p99`, value: p99(all), unit: 'ms' });
figure({
  bench,
  figure: `all ${String(slices)} slices, ${of}, first after a change of the registry`,
  value: cold,
  unit: 'ms',
});

await ofManyChildren();

/**
 * The directives of 100,000 children in a log: a decision on any of them reads its stream or finds it folded, and so many folds as fit are kept.
 * Beside it the bare reading of the same streams, without folding or deciding.
 */
async function ofManyChildren(): Promise<void> {
  const CHILDREN = process.argv.includes('--quick') ? 10_000 : 100_000;
  const ASKED = 20_000;
  const folder = mkdtempSync(join(process.env['BENCH_DIR'] ?? tmpdir(), 'decide-'));
  const log = await openSqliteLog({ path: join(folder, 'log.db') });
  try {
    for (let from = 0; from < CHILDREN; from += 1_000)
      await Promise.all(
        Array.from({ length: 1_000 }, (_, n) =>
          log.append(`protection-${idOf(from + n)}`, 'none', directives(idOf(from + n))),
        ),
      );
    const tails = await currentTails(log, async (each) => [each]);
    const { registry } = question;
    const ask = async (n: number): Promise<void> => {
      const protections = await tails.protections(idOf((n * 7_919) % CHILDREN));
      if (decide({ ...question, registry, protections }, one).effect !== 'permit') throw new Error('refused');
    };
    const read = async (n: number): Promise<void> => {
      const events = await log.readStream(`protection-${idOf((n * 7_919) % CHILDREN)}`);
      if (events.length !== DIRECTIVES) throw new Error('not the directives that are claimed');
    };
    // As many as are kept are folded first: what grows after that would grow for ever.
    for (let n = 0; n < ASKED; n++) await ask(n);
    globalThis.gc?.();
    const before = process.memoryUsage().heapUsed;
    const [asked, reads]: [number[], number[]] = [[], []];
    for (let n = ASKED; n < 2 * ASKED; n++) {
      const start = performance.now();
      await ask(n);
      const between = performance.now();
      await read(n);
      asked.push(between - start);
      reads.push(performance.now() - between);
    }
    globalThis.gc?.();
    const grown = (process.memoryUsage().heapUsed - before) / 2 ** 20;
    const children = `${CHILDREN.toLocaleString('en-GB')} children's directives`;
    figure({
      bench,
      figure: `one decision, ${of}, ${children}, read anew, p50`,
      value: median(asked),
      unit: 'ms',
      target: TARGET_MS,
      atMost: true,
    });
    figure({
      bench,
      figure: `one decision, ${of}, ${children}, p50 beside reading the stream`,
      value: median(asked),
      unit: 'ms',
      baseline: median(reads),
    });
    figure({
      bench,
      figure: `heap grown by ${ASKED.toLocaleString('en-GB')} children more`,
      value: grown,
      unit: 'MiB',
      target: 16,
      atMost: true,
    });
  } finally {
    await log.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function idOf(n: number): ChildId {
  return `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}` as ChildId;
}

function directives(of: ChildId) {
  const stream = `protection-${of}`;
  const about = { format: 1, stream, recordedAt: question.at, by: reader, correlationId: 'bench' } as const;
  const scope = {
    categories: shared,
    purposes: ['ehc-needs-assessment'],
    authority: 'parental-responsibility',
  } as const;
  const data = [
    [
      'relationship.started.v1',
      { fact: 'f', organisation: reader, kind: 'caseload', name: 'case', from: '2026-01-01' },
    ],
    ['consent.given.v1', { consent: 'c', ...scope, until: null }],
    ['consent.refused.v1', { consent: 'r', ...scope, categories: ['identity.contact'], purposes: ['early-help'] }],
    [
      'sharing.decided.v1',
      {
        decision: 'd',
        outcome: 'not-to-share',
        source: 'source-1',
        recipient: null,
        categories: ['voice'],
        purposes: ['early-help'],
        ground: 'not-necessary',
        by: 'x',
        from: '2026-01-01',
        until: null,
      },
    ],
  ] as const;
  return data.map(([type, each], revision) => encodeRecord({ ...about, revision, type, data: each }));
}
