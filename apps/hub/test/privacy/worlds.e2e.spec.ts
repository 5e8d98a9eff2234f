import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { parse } from 'yaml';
import type { Chance } from '#kernel';
import type { HubClient } from '#nest-platform/client';
import { fakeChance, fakeClock } from '#testing';
import { MAYA, consent, stopProjectors } from '../trust/world.ts';
import {
  agree,
  caughtUp,
  childIdOf,
  CONSENT,
  DIRECT_CARE,
  mustBe,
  organisation,
  PUBLIC_TASK,
  runningHub,
  type RunningHub,
  type Telling,
  type TestOrganisation,
} from '../running-hub.ts';
import { standingDate } from '../fake-date.ts';
import { counted } from './counted.ts';
import { EXCUSED, NOBODY, WALKED } from './walked.ts';
import { SAFEGUARDING } from './canary-child.ts';

type Teller = 'trust' | 'care' | 'family' | 'other';

/** One fact more. */
interface Hidden {
  readonly by: Teller;
  readonly fact: Omit<Telling, 'id' | 'subject'>;
  readonly outcome: string;
}

const SCREENING = {
  type: 'health.newborn-hearing-outcome.v1',
  category: 'health.screening',
  fact: { screenedOn: '2018-03-29', outcomeCode: '276781000000109', outcome: 'Clear response' },
};
const PLAN = {
  type: 'social-care.child-protection-plan-started.v1',
  category: 'social.child-protection',
  fact: { startDate: '2026-05-19', abuseCategory: 'neglect', leadProfessional: 'Allocated social worker' },
};
const HIDDEN: Readonly<Record<string, Hidden>> = {
  'of a category nobody agreed on': { by: 'trust', fact: { ...SCREENING, basis: DIRECT_CARE }, outcome: 'published' },
  'that is restricted': { by: 'care', fact: { ...PLAN, basis: SAFEGUARDING }, outcome: 'published' },
  'of another school': {
    by: 'other',
    fact: {
      type: 'education.enrolment-started.v1',
      category: 'education.enrolment',
      basis: PUBLIC_TASK,
      fact: { setting: '100102', startDate: '2023-01-09' },
    },
    outcome: 'published',
  },
  'withheld because its consent was refused': {
    by: 'family',
    fact: {
      type: 'voice.one-page-profile-written.v1',
      category: 'voice',
      basis: CONSENT,
      fact: {
        writtenOn: '2022-09-02',
        whatMattersToMe: 'Horses.',
        howBestToSupportMe: 'Face me.',
        whatPeopleLikeAboutMe: 'I notice.',
      },
    },
    outcome: 'withheld',
  },
  'in quarantine': { by: 'care', fact: { ...PLAN, basis: CONSENT }, outcome: 'quarantined' },
};

/** Everybody of the demonstration, and a system, with the purpose they state; none works where the hidden facts come from. */
const READERS: Readonly<Record<string, string>> = {
  senco: 'sen-support',
  'senco-riverside': 'sen-support',
  'social-worker': 'early-help',
  'teacher-elsewhere': 'sen-support',
  parent: 'subject-access',
  administrator: 'system-support',
  analyst: 'service-planning',
  dpo: 'audit',
  'system of riverside-special': 'sen-support',
};
/** People who are no readers here, and why. */
const NO_READERS: Readonly<Record<string, string>> = {
  'young-person': 'is of no family here, and would read what a parent reads',
  'health-visitor': 'works for the trust that screens, and sees what it told',
  'dpo-deputy': 'reads what the officer of the area reads here',
  'dpo-oakfield': 'reads looks of Oakfield only, which the officer of the area reads here',
};

/** Pages deep enough for all that is there; more would be a cursor that turns in a circle. */
const PAGES = 40;

/** Every answer on the way through the pages: status, headers minus the date, body. */
async function walk(client: HubClient, path: string, purpose: string): Promise<readonly string[]> {
  const { nhsNumber, surname, birthDate } = MAYA;
  const asking = path === '/v1/child-matches' ? { json: { nhsNumber, surname, birthDate } } : {};
  const said: string[] = [];
  for (let page = 0, at = path; page < PAGES; page++) {
    const answer = await client.ask(at, { ...asking, headers: { 'hub-purpose': purpose, 'x-request-id': NOBODY } });
    const headers = [...answer.headers].filter(([name]) => name !== 'date');
    said.push(String(answer.status), JSON.stringify(headers), answer.text);
    const { next } = (answer.json ?? {}) as { next?: string };
    if (next === undefined || !path.includes('limit=')) return said;
    at = `${path}&cursor=${encodeURIComponent(next)}`;
  }
  throw new Error(`${path} does not end`);
}

/** A fact that puts the child on another school's roll lets that school in: whom the hub tells who may read, it tells that. */
const TOLD = { kind: 'of another school', readers: ['parent', 'dpo'], path: /\/access$/ } as const;
function besidesTold(kind: string, key: string, said: Answers[string] = {}): Answers[string] {
  const told = kind === TOLD.kind && TOLD.readers.some((each) => each === key);
  return Object.fromEntries(Object.entries(said).filter(([path]) => !told || !TOLD.path.test(path)));
}

type Answers = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

async function tellBase(hub: RunningHub): Promise<Readonly<Record<Teller | 'riverside', TestOrganisation>>> {
  const school = await organisation(hub, 'oakfield-primary', 'education');
  const trust = await organisation(hub, 'bridgewater-community-trust', 'health');
  const care = await organisation(hub, 'childrens-social-care', 'social-care');
  const other = await organisation(hub, 'millbrook-primary', 'education');
  const family = await organisation(hub, 'family', 'family');
  await organisation(hub, 'bridgewater-high', 'education');
  const riverside = await organisation(hub, 'riverside-special', 'education');
  const common = { recipient: school.id, purposes: ['sen-support'], roles: ['senco'] as const };
  await agree(hub, { id: 'something-else', source: trust.id, categories: ['health.therapy'], ...common });
  await agree(hub, { id: 'voice', source: family.id, categories: ['voice'], ...common });
  for (const year of ['2022', '2023', '2024'])
    await school.tell({
      id: `enrol-${year}`,
      type: 'education.enrolment-started.v1',
      category: 'education.enrolment',
      basis: PUBLIC_TASK,
      subject: MAYA,
      fact: { setting: '100101', startDate: `${year}-09-01` },
    });
  for (const [teller, fact] of [
    [trust, { kind: 'caseload', name: 'health-visiting' }],
    [care, { kind: 'allocation', name: 'children-in-need' }],
    [family, { kind: 'family', name: 'parent', person: 'person-3d77' }],
  ] as const)
    await teller.tell({
      id: 'relationship-1',
      type: 'any.relationship-started.v1',
      category: 'identity.core',
      basis: PUBLIC_TASK,
      subject: { ...MAYA, localId: 'theirs' },
      fact: { ...fact, startDate: '2022-09-06' },
    });
  return { trust, care, family, other, riverside };
}

/** What a world answers to every reader on every route that is walked. */
async function answersOf(hidden: Hidden | undefined, clock: ReturnType<typeof fakeClock>, port?: number) {
  let drawn: Chance = fakeChance('telling');
  const beside = fakeChance('beside');
  // Ids take sixteen bytes; what the hub seals on its own account meanwhile moves none of them.
  const chance: Chance = { bytes: (count) => (count === 16 ? drawn : beside).bytes(count) };
  const hub = await runningHub({ clock, chance, ...(port === undefined ? {} : { port }) });
  try {
    const tellers = await tellBase(hub);
    const child = await childIdOf(tellers.trust, MAYA);
    await consent(hub, child, 'voice-1', { decision: 'refuse' });
    if (hidden !== undefined) {
      const told = await tellers[hidden.by].tell({
        id: 'hidden-1',
        subject: { ...MAYA, localId: 'theirs' },
        ...hidden.fact,
      });
      if (told.outcome !== hidden.outcome) throw new Error(JSON.stringify(told));
    }
    await caughtUp(hub);
    // The key under which the hub seals what it finds is there before ids are compared.
    const elsewhere = '22222222-2222-4222-8222-222222222222';
    await hub.person('dpo').ask(`/v1/children/${elsewhere}/usage`, { headers: { 'hub-purpose': 'audit' } });
    const answers: Record<string, Record<string, readonly string[]>> = {};
    for (const [key, purpose] of Object.entries(READERS)) {
      const client = key.startsWith('system of') ? tellers.riverside.system : hub.person(key);
      await client.ask('/v1/organisations');
      drawn = fakeChance(`reading ${key}`);
      const said: Record<string, readonly string[]> = {};
      for (const paths of Object.values(WALKED))
        for (const path of paths(child)) {
          // What was looked at before this is in the view of looks, and was searched by the detections.
          if (/usage|detections|reviews/.test(path)) await caughtUp(hub);
          said[path] = await walk(client, path, purpose);
        }
      answers[key] = said;
    }
    const routes = hub.routes().map(({ method, path }) => `${method} ${path}`);
    return { answers: answers as Answers, port: Number(new URL(hub.url).port), routes };
  } finally {
    await hub.remove();
  }
}

describe('check 6: two worlds that differ in one hidden fact', () => {
  let without: Answers;
  let routes: readonly string[];
  const withIt: Record<string, Answers> = {};

  beforeAll(async () => {
    // The worlds are told one after another; what the systems sign is dated by the same moment as what the hub reads.
    standingDate(Date.now());
    const clock = fakeClock(new Date().toISOString());
    const first = await answersOf(undefined, clock);
    ({ answers: without, routes } = first);
    for (const [kind, hidden] of Object.entries(HIDDEN))
      withIt[kind] = (await answersOf(hidden, clock, first.port)).answers;
  }, 900_000);

  afterAll(() => void jest.useRealTimers());

  it('leave no route and nobody out', () => {
    const read = routes.filter((route) => route.startsWith('GET ') || route === 'POST /v1/child-matches');
    expect(read.toSorted()).toEqual([...Object.keys(WALKED), ...Object.keys(EXCUSED)].toSorted());
    const area = readFileSync(join(import.meta.dirname, '../../../../infra/seed/area.yaml'), 'utf8');
    const people = (parse(area) as { readonly people: readonly { readonly key: string }[] }).people.map(
      ({ key }) => key,
    );
    expect(Object.keys({ ...READERS, ...NO_READERS })).toEqual(expect.arrayContaining(people));
  });

  describe.each(Object.keys(HIDDEN))('a fact %s', (kind) => {
    it.each(Object.keys(READERS))('is nothing to %s, byte for byte', (key) =>
      expect(besidesTold(kind, key, withIt[kind]?.[key])).toEqual(besidesTold(kind, key, without[key])),
    );
  });

  it('are read at all: the SENCo turns the pages of the enrolments, the officer those of the looks', () => {
    const pages = (key: string, end: string) =>
      Object.entries(without[key] ?? {}).find(([path]) => path.endsWith(end))?.[1] ?? [];
    expect(pages('senco', '/timeline?limit=1').filter((said) => said === '200')).toHaveLength(3);
    expect(pages('senco', '/timeline').join()).toContain('education.enrolment-started.v1');
    expect(pages('dpo', '/usage?limit=7').filter((said) => said === '200').length).toBeGreaterThan(3);
    expect(pages('parent', '/consents').join()).toContain('voice-1');
    expect(pages('dpo', '/v1/detections').join()).toContain('refused-attempts');
    expect(JSON.stringify(withIt)).not.toContain('276781000000109');
  });
});

describe('what is refused and what is absent cost the same', () => {
  let hub: RunningHub;
  let child: string;
  let done: string[] = [];
  beforeAll(async () => {
    hub = await runningHub({
      openLog: async (open) => counted(await open(), (what) => done.push(what)),
    });
    child = await childIdOf((await tellBase(hub)).trust, MAYA);
    await caughtUp(hub);
    // What reads the looks afterwards, at its own time, is nobody's answer.
    await stopProjectors(hub);
  });
  afterAll(() => hub.remove());

  const BODIES: Readonly<Record<string, object>> = { 'relationship-claims': { reason: 'new-referral', words: 'Why.' } };
  const absent = { ...MAYA, nhsNumber: '9991774602', surname: 'Nobody' };
  it.each([
    ['senco-riverside', 'sen-support', 'timeline', 404],
    ['teacher-elsewhere', 'sen-support', 'timeline', 404],
    ['administrator', 'system-support', 'timeline', 404],
    ['administrator', 'system-support', 'usage', 403],
    ['senco-riverside', 'sen-support', 'authorities', 404],
    ['senco-riverside', 'sen-support', 'sharing-decisions', 404],
    ['senco-riverside', 'sen-support', 'objections', 404],
    ['senco-riverside', 'sen-support', 'relationship-claims', 404],
    ['teacher-elsewhere', 'sen-support', 'relationship-claims', 404],
    ['senco-riverside', 'sen-support', 'child-matches', 200],
    ['administrator', 'system-support', 'child-matches', 200],
  ] as const)('%s, %s, %s: the same reads, decisions and appends', async (key, purpose, route, status) => {
    const ask = async (known: boolean) => {
      const { nhsNumber, surname, birthDate } = known ? MAYA : absent;
      const matching = route === 'child-matches';
      const path = matching ? '/v1/child-matches' : `/v1/children/${known ? child : NOBODY}/${route}`;
      const body = matching ? { nhsNumber, surname, birthDate } : BODIES[route];
      const asking = body === undefined ? {} : { json: body };
      done = [];
      const answer = mustBe(
        status,
        await hub.person(key).ask(path, { ...asking, headers: { 'hub-purpose': purpose } }),
      );
      return [done.toSorted(), answer.text.replace(/"instance":"[^"]*"/, '')] as const;
    };
    await ask(true);
    await ask(false);
    const [refused, gone] = [await ask(true), await ask(false)];
    expect(refused).toEqual(gone);
    expect(refused[0].filter((each) => each === 'append look')).toHaveLength(1);
  });
});
