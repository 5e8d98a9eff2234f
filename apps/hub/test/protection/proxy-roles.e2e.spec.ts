import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import type { ChildId } from '#kernel';
import type { EventLog } from '#event-log';
import { CORE, type Core } from '#nest-platform';
import { handIn as submit, SAMPLES, taken, type WholeReceipt } from '../input/submitting.ts';
import {
  organisation,
  PUBLIC_TASK,
  runningHub,
  type HubOptions,
  type RunningHub,
  type TestOrganisation,
} from '../running-hub.ts';
import { MAYA, seen, stopProjectors, tellWorld, type World } from '../trust/world.ts';

const PROFILE = 'voice.one-page-profile-written.v1';
const numbered = (value: string) => ({ identifier: { system: 'https://fhir.nhs.uk/Id/nhs-number', value } });
const role = (change: object = {}) => ({
  resourceType: 'Consent',
  id: 'ROLE-1',
  status: 'active',
  patient: numbered(MAYA.nhsNumber ?? ''),
  performer: [numbered('9000000017'), { identifier: { system: 'urn:tellonce:person', value: 'person-3d77' } }],
  policyRule: {
    coding: [
      {
        system: 'https://fhir.nhs.uk/England/CodeSystem/England-NHSProxyLegalBasis',
        code: 'parental-responsibility',
      },
    ],
  },
  provision: { type: 'permit', period: { start: '2025-02-11' } },
  meta: { lastUpdated: '2026-02-17T14:30:00Z' },
  ...change,
});
const patient = {
  resourceType: 'Patient',
  identifier: [numbered(MAYA.nhsNumber ?? '').identifier],
  name: [{ use: 'usual', family: MAYA.surname, given: [MAYA.givenName] }],
  birthDate: MAYA.birthDate,
};
const bundle = (consent: object) => ({
  resourceType: 'Bundle',
  entry: [patient, consent].map((resource) => ({ resource })),
});
const ACTIVE = bundle(role());
const INACTIVE = bundle(role({ status: 'inactive', meta: { lastUpdated: '2026-03-01T08:00:00Z' } }));
const ERROR = bundle(role({ status: 'entered-in-error', meta: { lastUpdated: '2026-03-02T08:00:00Z' } }));

let hub: RunningHub;
let world: World;
let surgery: TestOrganisation;
const start = async (options: HubOptions = {}) => {
  hub = await runningHub(options);
  world = await tellWorld(hub);
  surgery = await organisation(hub, 'gp-federation', 'health', { 'any.authority-recorded.v1': PUBLIC_TASK });
};
afterEach(() => hub.remove());

const handIn = (file: unknown): Promise<WholeReceipt> =>
  taken(surgery, { body: JSON.stringify(file), type: 'application/fhir+json' });
const protection = async () => {
  const [own] = await hub.composed.app.get<Core>(CORE).tails.protections(world.child as ChildId);
  return [...(own?.authorities.values() ?? [])];
};
const sees = async () => {
  const types = await seen(hub.person('senco'), world.child, 'sen-support');
  return typeof types !== 'number' && types.includes(PROFILE);
};

describe('a proxy role of the NHS', () => {
  it('stands on the child’s protection when its receipt is there; switched off, what rested on it is gone', async () => {
    await start();
    await stopProjectors(hub);
    expect((await handIn(ACTIVE)).items).toMatchObject([{ outcome: 'published' }]);
    expect(await protection()).toMatchObject([
      {
        kind: 'parental-responsibility',
        evidence: 'nhs-validated-role',
        person: 'person-3d77',
        organisation: surgery.id,
        until: null,
      },
    ]);
    expect((await handIn(ACTIVE)).items).toMatchObject([{ outcome: 'published', repeated: true }]);
    expect(await sees()).toBe(true);
    await handIn(INACTIVE);
    expect(await protection()).toMatchObject([{ until: '2026-02-28' }]);
    expect(await sees()).toBe(false);
    // Entered in error it never was: the parent's own word counts again.
    expect((await handIn(ERROR)).items).toMatchObject([{ outcome: 'withdrawn' }]);
    expect(await protection()).toEqual([]);
    expect(await sees()).toBe(true);
  });

  it.each([
    ['active last', [INACTIVE, ACTIVE]],
    ['each twice', [ACTIVE, ACTIVE, INACTIVE, INACTIVE]],
    ['twice over', [INACTIVE, ACTIVE, INACTIVE, ACTIVE]],
  ])(
    'ends alike in every order of arrival: %s',
    async (_name, files) => {
      await start();
      for (const file of files) await handIn(file);
      expect(await protection()).toMatchObject([{ until: '2026-02-28' }]);
      expect(await sees()).toBe(false);
    },
    30_000,
  );

  it('that a crash left out of the protection is recorded from the log', async () => {
    let armed = false;
    const failing = (log: EventLog): EventLog =>
      new Proxy(log, {
        get: (target, name) => {
          const member = Reflect.get(target, name) as unknown;
          if (typeof member !== 'function') return member;
          return (...given: readonly unknown[]) => {
            if (name === 'append' && armed && String(given[0]).startsWith('protection-')) {
              armed = false;
              return Promise.reject(new Error('crash'));
            }
            return Reflect.apply(member, target, given) as unknown;
          };
        },
      });
    await start({ openLog: async (open) => failing(await open()) });
    armed = true;
    const answer = await submit(surgery, { body: JSON.stringify(ACTIVE), type: 'application/fhir+json' });
    expect([armed, answer.status]).toEqual([false, expect.any(Number)]);
    for (let tries = 0; tries < 400 && (await protection()).length === 0; tries++)
      await new Promise((resolve) => setTimeout(resolve, 10));
    expect(await protection()).toMatchObject([{ evidence: 'nhs-validated-role', person: 'person-3d77' }]);
  });

  it('goes with its record to the child it belongs to, and leaves nothing that lets somebody in', async () => {
    await start();
    await handIn(ACTIVE);
    const { identity } = hub.composed.opened;
    const records = await identity.recordsOf(world.child as ChildId);
    const record = records.find(({ organisation: of }) => of === surgery.id);
    if (record === undefined) throw new Error('no record');
    const moved = await identity.unlink(record.recordId, 'wrong-match', { correlationId: 'spec' });
    const tails = hub.composed.app.get<Core>(CORE).tails;
    for (let tries = 0; tries < 400 && (await protection()).length > 0; tries++)
      await new Promise((resolve) => setTimeout(resolve, 10));
    expect(await protection()).toEqual([]);
    const [there] = await tails.protections(moved);
    expect([...(there?.authorities.values() ?? [])]).toMatchObject([{ person: 'person-3d77' }]);
    expect(await sees()).toBe(true);
  });
});

const folder = join(SAMPLES, 'vrs');
const sampled = existsSync(folder) ? it : it.skip;

describe('the examples of the service', () => {
  sampled(
    `are taken or set aside, item by item, alike in both orders and twice${existsSync(folder) ? '' : ' (skipped: set SAMPLES_DIR)'}`,
    async () => {
      const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.yaml'))
        .toSorted()
        .flatMap((name) =>
          Object.values((parse(readFileSync(join(folder, name), 'utf8')) ?? {}) as Record<string, { value?: unknown }>),
        )
        .map(({ value }) => value)
        .filter((value) => JSON.stringify(value ?? null).includes('"resourceType":"Consent"'));
      expect(files.length).toBeGreaterThan(10);
      await start();
      const told = async (order: readonly unknown[]) => {
        const outcomes: string[] = [];
        for (const file of order)
          for (const { outcome, reasons } of (await handIn(file)).items) {
            expect(['published', 'quarantined']).toContain(outcome);
            if (outcome === 'quarantined') expect(reasons).not.toEqual([]);
            outcomes.push(`${outcome} ${reasons.map(({ code }) => code).join()}`);
          }
        return outcomes.toSorted();
      };
      const known = await told(files);
      expect(await told(files.toReversed())).toEqual(known);
      expect(known.filter((each) => each.includes('CHECK_DIGIT')).length).toBeGreaterThan(files.length / 2);
      // Nobody of the examples is a child of this area.
      expect(await protection()).toEqual([]);
    },
    60_000,
  );
});
