import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Answer, Asking } from '#nest-platform/client';
import { MAYA, tellWorld, VOICE, type World } from '../trust/world.ts';
import { SAFEGUARDING } from '../privacy/canary-child.ts';
import {
  caughtUp,
  mustBe,
  organisation,
  PUBLIC_TASK,
  runningHub,
  type RunningHub,
  type TestOrganisation,
} from '../running-hub.ts';
import { standingDate } from '../fake-date.ts';

const NOBODY = '11111111-1111-4111-8111-111111111111';
const LEAD = 'Ottilie Quillfeather';
const HELD = 'Reading record <script>alert(1)</script> of Year 3';
const PATH = '/v1/subject-access-requests';
const ASKED = '/v1/subject-access-questions';
const YES = { confirm: 'yes' };
const DAY = 86_400_000;

describe('a subject access request across organisations', () => {
  let hub: RunningHub;
  let world: World;
  let care: TestOrganisation;
  let request: string;

  const as = (person: string, path: string, asking: Asking = {}): Promise<Answer> =>
    hub.person(person).ask(path, { ...asking, headers: { 'hub-purpose': 'subject-access' } });
  const step = (person: string, name: string, json: object = {}) =>
    as(person, `${PATH}/${request}/${name}`, { method: 'POST', json });
  const refusal = async (answer: Promise<Answer>) => {
    const { status, json } = await answer;
    return [status, (json as { errors?: readonly { code: string }[] }).errors?.[0]?.code];
  };
  const pack = async (person: string) => mustBe(200, await as(person, `${PATH}/${request}/pack`)).json as Pack;
  const advance = (milliseconds: number): void => {
    jest.setSystemTime(Date.now() + milliseconds);
  };
  interface Pack {
    readonly state: string;
    readonly facts: readonly { readonly factId: string; readonly type: string; readonly mark?: string }[];
    readonly sources: readonly { readonly organisation: string; readonly answer: string; readonly content?: string }[];
    readonly looks: readonly { readonly purpose: string }[];
  }

  beforeAll(async () => {
    standingDate(Date.now());
    hub = await runningHub();
    world = await tellWorld(hub);
    care = await organisation(hub, 'childrens-social-care', 'social-care');
    const plan = { startDate: '2026-05-19', abuseCategory: 'neglect', leadProfessional: LEAD };
    const told = await care.tell({
      id: 'plan-1',
      type: 'social-care.child-protection-plan-started.v1',
      category: 'social.child-protection',
      subject: { ...MAYA, localId: 'care-1' },
      basis: SAFEGUARDING,
      fact: plan,
    });
    expect(told.outcome).toBe('published');
    await caughtUp(hub);
  });
  afterAll(async () => {
    jest.useRealTimers();
    await hub.remove();
  });

  it('is made by the family for its own child, and by nobody for another’s', async () => {
    const json = { childId: world.child, words: 'Everything the school wrote' };
    for (const [person, childId] of [
      ['parent', NOBODY],
      ['dpo', NOBODY],
      ['dpo-oakfield', world.child],
    ] as const)
      expect([person, (await as(person, PATH, { json: { ...json, childId } })).status]).toEqual([person, 404]);
    expect((await hub.person('senco').ask(PATH, { json, headers: { 'hub-purpose': 'sen-support' } })).status).toBe(403);
    ({ request } = mustBe(201, await as('parent', PATH, { json })).json as { request: string });
    await caughtUp(hub);
    const own = mustBe(200, await as('parent', `${PATH}/${request}`)).json;
    expect(own).toMatchObject({ status: 'open', words: json.words, identityVerified: false });
    // Who is asked tells who knows the child.
    expect(JSON.stringify(own)).not.toContain('social-care');
  });

  it('is asked of nobody before it is known who asks', async () => {
    const waiting = async () =>
      (mustBe(200, await as('dpo-oakfield', PATH)).json as { requests: readonly object[] }).requests;
    expect(await waiting()).toEqual([]);
    expect((await step('dpo-oakfield', 'answers', { answer: 'nothing-held' })).status).toBe(404);
    expect(mustBe(200, await world.trust.system.ask(ASKED)).json).toEqual({ questions: [] });
    for (const path of [`${ASKED}/${request}`, `${ASKED}/${request}/answers`]) {
      const asking = path.endsWith('answers') ? { json: { answer: 'nothing-held' } } : {};
      expect((await world.trust.system.ask(path, asking)).status).toBe(404);
    }
    for (const person of ['dpo-oakfield', 'parent']) {
      const answer = await step(person, 'identity', { how: 'photo-identity-seen' });
      expect([403, 404]).toContain(answer.status);
    }
    mustBe(200, await step('dpo', 'identity', { how: 'signed-in-with-relationship' }));
    expect(await waiting()).toMatchObject([{ request, childId: world.child, due: { state: 'running' } }]);
  });

  it('takes one of three answers from each organisation, for its own system only', async () => {
    expect(await refusal(step('dpo', 'approvals', YES))).toEqual([409, 'SOURCES_NOT_ANSWERED']);
    expect((await step('dpo', 'answers', { answer: 'nothing-held' })).status).toBe(404);
    expect((await step('dpo-oakfield', 'answers', { answer: 'content' })).status).toBe(400);
    mustBe(200, await step('dpo-oakfield', 'answers', { answer: 'content', content: HELD }));
    const mine = mustBe(200, await as('dpo-oakfield', `${PATH}/${request}`)).json as { answers: readonly object[] };
    expect(mine.answers).toEqual([{ organisation: 'oakfield-primary', answer: 'content' }]);
    const asked = mustBe(200, await as('dpo', `${PATH}/${request}`)).json as {
      answers: readonly { organisation: string; answer: string | null }[];
    };
    expect(asked.answers.map(({ organisation: id, answer }) => [id, answer])).toEqual([
      ['bridgewater-community-trust', null],
      ['childrens-social-care', null],
      ['family', 'in-the-hub'],
      ['oakfield-primary', 'content'],
    ]);
  });

  it('cannot be handed over while somebody has not answered, and is not there for the family until it is', async () => {
    expect((await as('parent', `${PATH}/${request}/pack`)).status).toBe(404);
    expect(await refusal(step('dpo', 'releases', YES))).toEqual([409, 'REDACTIONS_NOT_APPROVED']);
  });

  it('is answered by the systems of organisations too; for what families told, the hub answers', async () => {
    const waiting = async ({ system }: TestOrganisation) =>
      (mustBe(200, await system.ask(ASKED)).json as { questions: readonly object[] }).questions;
    const say = ({ system }: TestOrganisation, json: object) => system.ask(`${ASKED}/${request}/answers`, { json });
    expect(await waiting(world.trust)).toEqual([{ request, due: expect.objectContaining({ state: 'running' }) }]);
    // The school's officer has answered; families have no system of their own.
    expect([await waiting(world.school), await waiting(world.family)]).toEqual([[], []]);
    expect((await world.family.system.ask(`${ASKED}/${request}`)).status).toBe(404);
    expect((await say(world.family, { answer: 'nothing-held' })).status).toBe(404);
    expect((await as('parent', ASKED)).status).toBe(403);

    const asked = mustBe(200, await world.trust.system.ask(`${ASKED}/${request}`)).json;
    expect(asked).toMatchObject({ childId: world.child, words: 'Everything the school wrote', answer: null });
    expect(JSON.stringify(asked)).not.toContain('social-care');
    expect((await say(world.trust, { answer: 'content' })).status).toBe(400);
    mustBe(200, await say(world.trust, { answer: 'content', content: 'Hearing aid fitted' }));
    expect(await refusal(step('dpo-deputy', 'approvals', YES))).toEqual([409, 'SOURCES_NOT_ANSWERED']);
    mustBe(200, await say(world.trust, { answer: 'nothing-held' }));
    mustBe(200, await say(care, { answer: 'not-known-here' }));
    await caughtUp(hub);
    expect([await waiting(world.trust), await waiting(care)]).toEqual([[], []]);
    const answers = (mustBe(200, await as('dpo', `${PATH}/${request}`)).json as { answers: readonly object[] }).answers;
    expect(answers).toEqual([
      { organisation: 'bridgewater-community-trust', answer: 'nothing-held' },
      { organisation: 'childrens-social-care', answer: 'not-known-here' },
      { organisation: 'family', answer: 'in-the-hub' },
      { organisation: 'oakfield-primary', answer: 'content' },
    ]);
  });

  it('is looked over by one person and agreed by another; restricted facts stay back unless somebody says otherwise', async () => {
    const draft = await pack('dpo');
    expect(draft.state).toBe('draft');
    const plan = draft.facts.find(({ type }) => type.startsWith('social-care.'));
    const hearing = draft.facts.find(({ type }) => type.startsWith('health.'));
    expect([plan?.mark, hearing?.mark]).toEqual(['not-marked', 'not-marked']);
    const item = hearing?.factId ?? '';
    expect((await step('dpo', 'redactions', { item, outcome: 'withhold' })).status).toBe(400);
    mustBe(200, await step('dpo', 'redactions', { item, outcome: 'withhold', reason: 'third-party' }));
    expect(await refusal(step('dpo', 'approvals', YES))).toEqual([409, 'SECOND_PERSON_NEEDED']);
    mustBe(200, await step('dpo-deputy', 'approvals', YES));
    expect(await refusal(step('dpo-deputy', 'releases', YES))).toEqual([409, 'SECOND_PERSON_NEEDED']);
    mustBe(200, await step('dpo', 'releases', YES));
  });

  it('is handed to whoever asked, as JSON and as a page without scripts, under a look of its own', async () => {
    advance(1000);
    await world.school.tell({
      id: 'enrol-late',
      type: 'education.enrolment-started.v1',
      category: 'education.enrolment',
      basis: PUBLIC_TASK,
      subject: MAYA,
      fact: { setting: '100102', startDate: '2023-09-01' },
    });
    await caughtUp(hub);
    const released = await pack('parent');
    expect(released.state).toBe('released');
    const types = released.facts.map(({ type }) => type);
    expect(types).toContain('voice.one-page-profile-written.v1');
    // Withheld, restricted and never looked at, told after it was agreed: none of them is there, and nothing says that any is.
    expect(types.filter((type) => /^(health|social-care)\.|enrolment/.test(type))).toEqual([
      'education.enrolment-started.v1',
    ]);
    expect(JSON.stringify(released)).not.toContain('mark');
    expect(JSON.stringify(released)).not.toContain(LEAD);
    expect(released.sources.find(({ organisation: id }) => id === 'oakfield-primary')).toMatchObject({ content: HELD });
    expect(released.sources.find(({ organisation: id }) => id === 'family')).toMatchObject({ answer: 'in-the-hub' });
    advance(1000);
    const page = mustBe(200, await as('parent', `${PATH}/${request}/pack?format=html`));
    expect(page.headers.get('content-type')).toContain('text/html');
    expect(page.text).toMatch(/^<!doctype html>\n<html lang="en-GB">/);
    expect(page.text).toContain(VOICE);
    expect(page.text).not.toContain('<script');
    expect(page.text).toContain('&lt;script&gt;');
    const decision = page.headers.get('hub-decision-id') ?? '';
    await caughtUp(hub);
    const usage = await as('parent', `/v1/children/${world.child}/usage?limit=1`);
    expect(mustBe(200, usage).json).toMatchObject({ usages: [{ decision, role: 'parent', facts: types.length }] });
    expect((await as('dpo-oakfield', `${PATH}/${request}/pack`)).status).toBe(404);
    expect(await refusal(step('dpo', 'pauses', { reason: 'identity' }))).toEqual([409, 'REQUEST_ALREADY_ENDED']);
  });

  it('has a clock that stands while the family is asked something', async () => {
    request = (mustBe(201, await as('parent', PATH, { json: { childId: world.child } })).json as { request: string })
      .request;
    await caughtUp(hub);
    const due = async () =>
      (
        (mustBe(200, await as('dpo', PATH)).json as { requests: readonly { due: Record<string, string> }[] })
          .requests[0] ?? { due: {} }
      ).due;
    const first = (await due())['due'] ?? '';
    mustBe(200, await step('dpo', 'pauses', { reason: 'clarification' }));
    expect(await refusal(step('dpo', 'pauses', { reason: 'identity' }))).toEqual([409, 'CLOCK_ALREADY_PAUSED']);
    expect(await due()).toMatchObject({ state: 'paused', reason: 'clarification' });
    advance(60 * DAY);
    mustBe(200, await step('dpo', 'resumptions'));
    const later = (await due())['due'] ?? '';
    const days = (Date.parse(later) - Date.parse(first)) / DAY;
    // Sixty days, and at most a weekend with bank holidays on either end.
    expect([days >= 56, days <= 66]).toEqual([true, true]);
    mustBe(200, await step('dpo', 'extensions', { reason: 'complex' }));
    expect((await due())['due'] ?? '' > later).toBeTruthy();
  });

  it('may be refused with a reason, or withdrawn by whoever asked', async () => {
    const made = async () =>
      (mustBe(201, await as('parent', PATH, { json: { childId: world.child } })).json as { request: string }).request;
    request = await made();
    mustBe(200, await step('dpo', 'refusals', { reason: 'manifestly-unfounded', words: 'Asked again for the same' }));
    expect(mustBe(200, await as('parent', `${PATH}/${request}`)).json).toMatchObject({
      status: 'refused',
      refused: 'manifestly-unfounded',
      refusedInWords: 'Asked again for the same',
    });
    expect((await as('parent', `${PATH}/${request}/pack`)).status).toBe(404);
    request = await made();
    expect((await step('dpo-oakfield', 'withdrawals', YES)).status).toBe(404);
    expect(mustBe(200, await step('parent', 'withdrawals', YES)).json).toEqual({ request, status: 'withdrawn' });
  });
});
