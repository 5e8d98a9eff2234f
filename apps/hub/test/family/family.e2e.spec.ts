import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Answer } from '#nest-platform/client';
import {
  agree,
  caughtUp,
  mustBe,
  organisation,
  PUBLIC_TASK,
  runningHub,
  timeline,
  type RunningHub,
} from '../running-hub.ts';
import { MAYA, tellWorld, type World } from '../trust/world.ts';

const VERIFIER = join(import.meta.dirname, '../../../../libs/transparency/verifier/verify-proof.mjs');
interface Access {
  readonly organisations: readonly {
    readonly name: string;
    readonly because: readonly string[];
    readonly since: string;
    readonly may: readonly { readonly source: string; readonly since?: string; readonly words: readonly string[] }[];
  }[];
}
interface Usages {
  readonly usages: readonly {
    readonly decision: string;
    readonly purpose: string;
    readonly reason: string;
    readonly organisationName: string;
    readonly because: string | null;
  }[];
}
interface Found {
  readonly totalUsages: number;
  readonly usages: readonly { readonly logtime: string; readonly action: string; readonly decision: string }[];
}

describe('a parent asks', () => {
  let hub: RunningHub;
  let world: World;
  beforeAll(async () => {
    hub = await runningHub();
    world = await tellWorld(hub);
    const care = await organisation(hub, 'childrens-social-care', 'social-care');
    await agree(hub, {
      id: 'care',
      source: world.school.id,
      recipient: care.id,
      categories: ['education.enrolment'],
      purposes: ['safeguarding', 'early-help'],
      roles: ['social-worker'],
    });
    const allocated = await care.tell({
      id: 'allocated-1',
      type: 'any.relationship-started.v1',
      category: 'identity.core',
      basis: PUBLIC_TASK,
      subject: { ...MAYA, localId: 'care-1' },
      fact: { kind: 'allocation', name: 'social-worker', startDate: '2026-05-18' },
    });
    expect(allocated.outcome).toBe('published');
    await caughtUp(hub);
    mustBe(200, await timeline(hub.person('senco'), world.child, 'sen-support'));
    mustBe(200, await timeline(hub.person('social-worker'), world.child, 'safeguarding'));
    await caughtUp(hub);
  });
  afterAll(() => hub.remove());

  const asks = (path: string, person = 'parent', child = world.child): Promise<Answer> =>
    hub.person(person).ask(`/v1/children/${child}${path}`, { headers: { 'hub-purpose': 'subject-access' } });
  const told = async <T>(path: string): Promise<T> => mustBe(200, await asks(path)).json as T;

  it('what is shared about my child, with whom, why, since when: in words', async () => {
    const { organisations } = await told<Access>('/access');
    const school = organisations.find(({ name }) => name === 'oakfield-primary');
    expect([school?.because, school?.since]).toEqual([['on-roll'], '2022-09-01']);
    const hearing = school?.may.find(({ source }) => source === world.trust.id);
    expect(hearing).toMatchObject({ since: '2018-01-01' });
    expect(hearing?.words.join(' ')).toMatch(
      /SENCOs\) may see results of health checks.*to support the child’s learning.*agreement "hearing".*public duty/,
    );
  });

  it('and is not told that social care works with the child, nor of a look for safeguarding', async () => {
    const [access, usage] = [mustBe(200, await asks('/access')).text, mustBe(200, await asks('/usage')).text];
    for (const text of [access, usage, mustBe(200, await asks('/find-usage')).text]) {
      expect(text).not.toContain('childrens-social-care');
      expect(text).not.toContain('safeguarding');
    }
    const officer = await hub
      .person('dpo')
      .ask(`/v1/children/${world.child}/access`, { headers: { 'hub-purpose': 'audit' } });
    expect(mustBe(200, officer).text).toContain('childrens-social-care');
  });

  it('who has looked: time, reason in words, organisation, system, role and purpose', async () => {
    const { usages } = await told<Usages>('/usage');
    expect(usages.find(({ purpose }) => purpose === 'sen-support')).toMatchObject({
      organisationName: 'oakfield-primary',
      reason:
        'Somebody of oakfield-primary (special needs coordinators (SENCOs)) looked to support the child’s learning.',
      because: 'on-roll',
      system: 'demonstration',
    });
  });

  it('the same in the form of findUsage, by period and place', async () => {
    const all = await told<Found>('/find-usage');
    expect(all.totalUsages).toBe(all.usages.length);
    const times = all.usages.map(({ logtime }) => logtime);
    expect(times).toEqual(times.toSorted().reverse());
    const one = await told<Found>('/find-usage?limit=1&offset=1');
    // Asking is a look too: it stands in front of what was there.
    expect([one.usages.length, one.totalUsages]).toEqual([1, all.totalUsages + 1]);
    expect((await told<Found>('/find-usage?periodEnd=2020-01-01')).usages).toEqual([]);
    const { periodStart } = await told<{ periodStart: string }>('/usage-period');
    expect(periodStart).toBe(times.at(-1));
    for (const query of ['?periodStart=2020-13-01', '?limit=1001', '?offset=-1'])
      expect((await asks(`/find-usage${query}`)).status).toBe(400);
  });

  it('for the proof of a look, and checks it with nothing of ours but a script and the key', async () => {
    const { usages } = await told<Usages>('/usage');
    const decision = usages.find(({ purpose }) => purpose === 'sen-support')?.decision ?? '';
    const receipt = await eventually(() => asks(`/usage/${decision}/receipt`));
    const file = join(hub.folder, 'look.tlog-proof');
    writeFileSync(file, receipt.text);
    const vkey = (await hub.person('parent').ask('/v1/checkpoint/key')).text.trim();
    expect(execFileSync(process.execPath, [VERIFIER, file, vkey], { encoding: 'utf8' })).toMatch(/^PROVEN/);
  });

  it('and another parent is told what is told of a child that is not there', async () => {
    const nobody = '11111111-1111-4111-8111-111111111111';
    for (const path of ['/access', '/usage', '/find-usage', '/usage-period', '/consents', '/objections', '/notices']) {
      const [foreign, absent] = [await asks(path, 'young-person'), await asks(path, 'young-person', nobody)];
      expect([path, foreign.status, absent.status]).toEqual([path, 404, 404]);
    }
  });
});

async function eventually(ask: () => Promise<Answer>): Promise<Answer> {
  for (let tries = 0; tries < 100; tries++) {
    const answer = await ask();
    if (answer.status === 200) return answer;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('it does not come');
}
