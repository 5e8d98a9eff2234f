import { CATEGORIES, sensitivityOf, type AgreementInForce, type Category } from '#contracts';
import type { ChildId, FactId, Instant, OrganisationId, PlainDate } from '#kernel';
import {
  emptyProtection,
  emptyRegistry,
  evolveProtection,
  evolveRegistry,
  permittedSlices,
  type Question,
} from '#sharing';

/**
 * Deciding all slices of a child, at its worst: every one of the 1,000 agreements has the reader's organisation as recipient and
 * the purpose asked for, each of another source with five categories, and consent in force for all of them.
 */
const AGREEMENTS = 1_000;
const TARGET_MS = 0.5;
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

const coldStart = performance.now();
const slices = permittedSlices(question).length;
const cold = performance.now() - coldStart;
if (slices < AGREEMENTS * 10) throw new Error(`only ${slices} slices: not the work that is claimed`);
for (let n = 0; n < 2_000; n++) permittedSlices(question);

const times: number[] = [];
for (let n = 0; n < 5_000; n++) {
  const start = performance.now();
  permittedSlices(question);
  times.push(performance.now() - start);
}
times.sort((a, b) => a - b);

const print = (figure: string, value: number, target: number | null) =>
  console.log(
    JSON.stringify({
      bench: 'timeline',
      figure,
      value: Number(value.toFixed(4)),
      unit: 'ms',
      baseline: null,
      ratio: null,
      target,
      met: target === null ? null : value <= target,
    }),
  );
print('decide, all slices, 1,000 agreements', times[Math.floor(times.length * 0.5)] ?? NaN, TARGET_MS);
print('decide, all slices, 1,000 agreements, p99', times[Math.floor(times.length * 0.99)] ?? NaN, null);
print(`decide, all slices, 1,000 agreements, first after a change of the registry (${slices} slices)`, cold, null);
