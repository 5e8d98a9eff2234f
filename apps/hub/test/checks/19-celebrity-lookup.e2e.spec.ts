import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CORE, type Core } from '#nest-platform';
import { MAYA, tellWorld, type World } from '../trust/world.ts';
import { caughtUp, mustBe, organisation, receiptOf, runningHub, timeline, type RunningHub } from '../running-hub.ts';
import type { HubClient } from '#nest-platform/client';
import { signedIn } from './person.ts';

const AUDIT = { headers: { 'hub-purpose': 'audit' } };
const NOBODY = '11111111-1111-4111-8111-111111111111';

interface Finding {
  readonly finding: string;
  readonly rule: string;
  readonly organisation: string;
  readonly person: string | null;
  readonly words: string;
  readonly state: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly evidence: readonly string[];
}

describe('check 19: thirty people without a relationship look for one child', () => {
  let hub: RunningHub;
  let world: World;
  let dpo: HubClient;
  const crowd: HubClient[] = [];
  const elsewhere = ['bridgewater-high', 'riverside-special', 'mersey-view-college'] as const;

  beforeAll(async () => {
    hub = await runningHub();
    world = await tellWorld(hub);
    for (const id of elsewhere) await organisation(hub, id, 'education');
    for (let n = 0; n < 30; n++) {
      const organisationOf = elsewhere[n % 3] ?? 'bridgewater-high';
      crowd.push(await signedIn(hub, { sub: `curious-${String(n)}`, organisation: organisationOf, role: 'senco' }));
    }
    dpo = await signedIn(hub, { sub: 'officer-area', organisation: 'hub', role: 'data-protection-officer' });
  });
  afterAll(() => hub.remove());

  const findings = async (query = ''): Promise<readonly Finding[]> => {
    await caughtUp(hub);
    const answer = mustBe(200, await dpo.ask(`/v1/detections?limit=200${query}`, AUDIT));
    return (answer.json as { findings: readonly Finding[] }).findings;
  };

  it('is blocked for each of them, looked for and opened', async () => {
    const { nhsNumber, surname, birthDate } = MAYA;
    const headers = { 'hub-purpose': 'sen-support' };
    for (const person of crowd) {
      const match = mustBe(
        200,
        await person.ask('/v1/child-matches', { json: { nhsNumber, surname, birthDate }, headers }),
      );
      expect(match.json).toEqual({ outcome: 'NoMatch' });
      mustBe(404, await person.ask(`/v1/children/${world.child}/timeline`, { headers }));
    }
  });

  it('is told as many people after one child, the failed attempts counted, with the looks it rests on', async () => {
    const found = (await findings()).filter(({ rule }) => rule === 'one-record-curiosity');
    expect(found).toHaveLength(1);
    const [one] = found;
    // Raised at the third organisation or the fifth person, whichever came first: not after the thirtieth.
    expect(one).toMatchObject({ organisation: 'hub', person: null, state: 'open', counts: { organisations: 3 } });
    expect(one?.counts['refused']).toBe(one?.counts['accesses']);
    expect(one?.evidence.length).toBeGreaterThanOrEqual(3);
    expect(JSON.stringify(found)).not.toContain(world.child);
  });

  it('is told once, and the officers by a notice without a name', async () => {
    const before = await findings();
    mustBe(
      404,
      await (crowd[0] ?? dpo).ask(`/v1/children/${world.child}/timeline`, {
        headers: { 'hub-purpose': 'sen-support' },
      }),
    );
    expect((await findings()).map(({ finding }) => finding)).toEqual(before.map(({ finding }) => finding));
    const notices: string[] = [];
    for await (const batch of hub.composed.app.get<Core>(CORE).log.readAll({ families: ['notice'] }))
      for (const { data } of batch) notices.push(Buffer.from(data).toString('utf8'));
    const raised = notices.filter((notice) => notice.includes('"kind":"detection-raised"'));
    expect(raised.filter((notice) => notice.includes('"to":"area-dpo"'))).toHaveLength(before.length);
    expect(raised.join()).not.toMatch(new RegExp(`${world.child}|curious`));
  });

  it('is told of somebody who guesses at children nobody knows, too', async () => {
    const guesser = await signedIn(hub, { sub: 'guesser', organisation: 'bridgewater-high', role: 'senco' });
    const headers = { 'hub-purpose': 'sen-support' };
    for (let n = 0; n < 10; n++) {
      const json = { surname: 'Nobody', birthDate: `2016-01-${String(n + 10)}`, nhsNumber: '9991774602' };
      mustBe(200, await guesser.ask('/v1/child-matches', { json, headers }));
    }
    const found = (await findings()).filter(({ person }) => person === 'guesser').map(({ rule }) => rule);
    expect(found).toEqual(expect.arrayContaining(['match-guessing', 'refused-attempts']));
  });

  it('is not told of the SENCo who works with the child', async () => {
    mustBe(200, await timeline(hub.person('senco'), world.child, 'sen-support'));
    expect((await findings()).filter(({ person }) => person === 'person-7f3a')).toEqual([]);
  });

  it('is answered in one call: who looked, why, under what; and proven by a receipt', async () => {
    mustBe(200, await timeline(hub.person('senco'), world.child, 'sen-support'));
    await caughtUp(hub);
    const answer = mustBe(200, await dpo.ask(`/v1/children/${world.child}/usage?limit=200`, AUDIT));
    const { usages } = answer.json as {
      usages: readonly { decision: string; organisation: string; role: string; purpose: string; effect: string }[];
    };
    const refused = usages.filter(({ organisation: of, effect }) => of !== 'hub' && effect === 'deny');
    expect(refused.length).toBeGreaterThanOrEqual(60);
    const seen = usages.find(({ effect, organisation: of }) => effect === 'permit' && of === world.school.id);
    expect(seen).toMatchObject({ role: 'senco', purpose: 'sen-support' });
    for (const { decision } of [seen, refused[0]].filter((each) => each !== undefined))
      expect(await receiptOf(hub.person('dpo'), decision)).toContain('c2sp.org/tlog-proof@v1');
  });

  it('is reviewed: evidence recomputed, the person asked and answering, an outcome with its reason', async () => {
    const [one] = (await findings('&rule=match-guessing')).filter(({ person }) => person === 'guesser');
    const opening = { json: { cause: 'finding', reference: one?.finding }, ...AUDIT };
    const { review } = mustBe(200, await dpo.ask('/v1/reviews', opening)).json as { review: string };
    expect(mustBe(200, await dpo.ask('/v1/reviews', opening)).json).toEqual({ review });
    const read = mustBe(200, await dpo.ask(`/v1/reviews/${review}`, AUDIT));
    expect(read.json).toMatchObject({
      person: 'guesser',
      organisation: 'bridgewater-high',
      truncated: false,
      history: [{ what: 'opened', by: 'officer-area' }],
    });
    const { evidence, around } = read.json as { evidence: readonly object[]; around: readonly object[] };
    expect(evidence).toHaveLength(10);
    expect(evidence[0]).toMatchObject({ effect: 'deny', relationship: { then: 'none', knownSince: false } });
    expect(around.length).toBeGreaterThanOrEqual(10);

    const asked = { json: { outcome: 'ask-user', reason: 'Which list did these names come from?' }, ...AUDIT };
    const { question } = mustBe(200, await dpo.ask(`/v1/reviews/${review}/outcomes`, asked)).json as {
      question: string;
    };
    const guesser = await signedIn(hub, { sub: 'guesser', organisation: 'bridgewater-high', role: 'senco' });
    const own = { headers: { 'hub-purpose': 'sen-support' } };
    await caughtUp(hub);
    const questions = mustBe(200, await guesser.ask('/v1/reviews/questions', own));
    expect(questions.json).toMatchObject({
      questions: [{ review, question, words: 'Which list did these names come from?' }],
    });
    const other = crowd[0] ?? dpo;
    expect(mustBe(200, await other.ask('/v1/reviews/questions', own)).json).toEqual({ questions: [] });
    const answer = { json: { question, answer: 'From the transition meeting.' }, ...own };
    mustBe(404, await other.ask(`/v1/reviews/${review}/answers`, answer));
    mustBe(404, await other.ask(`/v1/reviews/${NOBODY}/answers`, answer));
    mustBe(200, await guesser.ask(`/v1/reviews/${review}/answers`, answer));
    mustBe(409, await guesser.ask(`/v1/reviews/${review}/answers`, answer));
    const closing = { json: { outcome: 'appropriate', reason: 'The list was confirmed by the head.' }, ...AUDIT };
    mustBe(200, await dpo.ask(`/v1/reviews/${review}/outcomes`, closing));
    mustBe(409, await dpo.ask(`/v1/reviews/${review}/outcomes`, closing));
    const { history } = mustBe(200, await dpo.ask(`/v1/reviews/${review}`, AUDIT)).json as {
      history: readonly object[];
    };
    expect(history).toMatchObject([
      { what: 'opened' },
      { what: 'decided', outcome: 'ask-user', question },
      { what: 'answered', by: 'guesser', words: 'From the transition meeting.' },
      { what: 'decided', outcome: 'appropriate', words: 'The list was confirmed by the head.' },
    ]);
    expect((await findings('&state=closed')).map(({ finding }) => finding)).toEqual([one?.finding]);
    const queue = mustBe(200, await dpo.ask('/v1/reviews?status=closed', AUDIT)).json;
    expect(queue).toMatchObject({ reviews: [{ review, status: 'closed', outcome: 'appropriate' }] });
  });

  it('is reviewed by nobody whose own access it was, and by no officer of another organisation', async () => {
    const officer = await signedIn(hub, {
      sub: 'guesser',
      organisation: 'bridgewater-high',
      role: 'data-protection-officer',
    });
    const [one] = (await findings('&rule=refused-attempts')).filter(({ person }) => person === 'guesser');
    const opening = { json: { cause: 'finding', reference: one?.finding }, ...AUDIT };
    const unknown = { json: { cause: 'finding', reference: NOBODY }, ...AUDIT };
    // Before the case is opened and after, what is about oneself reads like what is not there.
    const untold = async () => {
      const [own, none] = [await officer.ask('/v1/reviews', opening), await officer.ask('/v1/reviews', unknown)];
      const [refused, missing] = [mustBe(404, own).json as object, mustBe(404, none).json as object];
      // Each answer has an instance of its own.
      expect({ ...refused, instance: '' }).toEqual({ ...missing, instance: '' });
    };
    await untold();
    const { review } = mustBe(200, await dpo.ask('/v1/reviews', opening)).json as { review: string };
    await untold();
    const elsewhereOfficer = hub.person('dpo-oakfield');
    const closing = { json: { outcome: 'appropriate', reason: 'I find nothing wrong in it.' }, ...AUDIT };
    for (const who of [officer, elsewhereOfficer]) {
      mustBe(404, await who.ask(`/v1/reviews/${review}`, AUDIT));
      mustBe(404, await who.ask(`/v1/reviews/${review}/outcomes`, closing));
    }
    mustBe(404, await elsewhereOfficer.ask('/v1/reviews', opening));
    const list = mustBe(200, await elsewhereOfficer.ask('/v1/detections', AUDIT));
    expect(list.json).toEqual({ findings: [] });
    const mine = mustBe(200, await officer.ask('/v1/detections?rule=match-guessing', AUDIT));
    expect(mine.json).toEqual({ findings: [] });
  });

  it('is suppressed with reason and last day: found all the same, told to nobody', async () => {
    const suppression = {
      rule: 'match-guessing',
      organisation: 'riverside-special',
      until: new Date(Date.now() + 5 * 86_400_000).toISOString().slice(0, 10),
      reason: 'The school checks its whole intake this week.',
    };
    const asking = { json: suppression, ...AUDIT };
    mustBe(201, await dpo.ask('/v1/detection-suppressions', asking));
    mustBe(
      400,
      await dpo.ask('/v1/detection-suppressions', { ...asking, json: { ...suppression, until: '2020-01-01' } }),
    );
    mustBe(400, await dpo.ask('/v1/detection-suppressions', { ...asking, json: { ...suppression, rule: 'gossip' } }));
    mustBe(403, await hub.person('dpo-oakfield').ask('/v1/detection-suppressions', asking));
    const checker = await signedIn(hub, { sub: 'checker', organisation: 'riverside-special', role: 'senco' });
    await caughtUp(hub);
    for (let n = 0; n < 10; n++) {
      const json = { surname: 'Nobody', birthDate: `2016-01-${String(n + 10)}`, nhsNumber: '9991774602' };
      mustBe(200, await checker.ask('/v1/child-matches', { json, headers: { 'hub-purpose': 'sen-support' } }));
    }
    const found = (await findings('&rule=match-guessing')).filter(({ person }) => person === 'checker');
    expect(found).toMatchObject([{ state: 'suppressed' }]);
    const list = mustBe(200, await dpo.ask('/v1/detection-suppressions', AUDIT)).json;
    expect(list).toMatchObject({ suppressions: [{ state: 'in-force', reason: suppression.reason }] });
  });

  it('is heard of at the first try where an officer watches over the child', async () => {
    const json = {
      childId: world.child,
      until: new Date(Date.now() + 30 * 86_400_000).toISOString().slice(0, 10),
      reason: 'A relative was in the newspapers.',
    };
    mustBe(201, await dpo.ask('/v1/watched-children', { json, ...AUDIT }));
    mustBe(403, await hub.person('dpo-oakfield').ask('/v1/watched-children', { json, ...AUDIT }));
    await caughtUp(hub);
    const reporter = await signedIn(hub, { sub: 'reporter', organisation: 'bridgewater-high', role: 'senco' });
    mustBe(404, await timeline(reporter, world.child, 'sen-support'));
    const found = (await findings('&rule=watched-child')).map(({ person }) => person);
    expect(found).toEqual(['reporter']);
  });

  it('draws the same sample from the ids of the looks, and nobody picks it', async () => {
    const lines = [
      { of: 'permits', percent: 5 },
      { of: 'refusals', percent: 5 },
    ];
    mustBe(200, await dpo.ask('/v1/review-sampling-plan', { method: 'PUT', json: { lines }, ...AUDIT }));
    const wrong = { lines: [{ of: 'permits', percent: 50 }] };
    mustBe(400, await dpo.ask('/v1/review-sampling-plan', { method: 'PUT', json: wrong, ...AUDIT }));
    const { weekOf, drawOf, isDrawn } = await import('#sharing');
    const { dayOf, toInstant } = await import('#kernel');
    const week = weekOf(dayOf(toInstant(Date.now())));
    const answer = mustBe(200, await dpo.ask(`/v1/review-samples?week=${week}&limit=200`, AUDIT));
    const { samples } = answer.json as { samples: readonly { decision: string; draw: number; of: string }[] };
    const usage = mustBe(200, await dpo.ask(`/v1/children/${world.child}/usage?limit=200`, AUDIT));
    const { usages } = usage.json as { usages: readonly { decision: string; organisation: string; effect: string }[] };
    const drawn = usages.filter(({ decision, effect }) => effect === 'deny' && isDrawn(drawOf(decision as never), 5));
    const decisions = samples.map(({ decision }) => decision);
    expect(decisions).toEqual(expect.arrayContaining(drawn.map(({ decision }) => decision)));
    expect(samples.every(({ draw }) => isDrawn(draw, 5))).toBe(true);
    expect(samples.map(({ draw }) => draw)).toEqual(samples.map(({ draw }) => draw).toSorted((a, b) => a - b));
    for (const decision of decisions.slice(0, 1))
      mustBe(200, await dpo.ask('/v1/reviews', { json: { cause: 'sample', reference: decision }, ...AUDIT }));
  });
});
