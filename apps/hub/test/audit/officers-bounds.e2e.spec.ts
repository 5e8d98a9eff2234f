import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Answer, HubClient } from '#nest-platform/client';
import { signedIn } from '../checks/person.ts';
import { caughtUp, mustBe, runningHub, timeline, type RunningHub } from '../running-hub.ts';
import { tellWorld, type World } from '../trust/world.ts';

const AUDIT = { headers: { 'hub-purpose': 'audit' } };
const LAST_DAY = new Date(Date.now() + 5 * 86_400_000).toISOString().slice(0, 10);
/** Pseudonyms of people of the demonstration. */
const SENCO = 'person-7f3a';
const PARENT = 'person-3d77';

let hub: RunningHub;
let world: World;
/** Of the trust, whose facts the school reads. */
let source: HubClient;

beforeAll(async () => {
  hub = await runningHub();
  world = await tellWorld(hub);
  source = await officer('officer-of-trust', 'bridgewater-community-trust');
});
afterAll(() => hub.remove());

function officer(sub: string, organisation: string): Promise<HubClient> {
  return signedIn(hub, { sub, organisation, role: 'data-protection-officer' });
}

async function ask(who: HubClient, path: string, json?: object): Promise<Answer> {
  await caughtUp(hub);
  return who.ask(path, { ...AUDIT, ...(json === undefined ? {} : { json }) });
}

async function caseBy(who: HubClient, decision: string): Promise<string> {
  const opened = await ask(who, '/v1/reviews', { cause: 'by-hand', reference: decision });
  return (mustBe(200, opened).json as { review: string }).review;
}

describe('an officer whose organisation’s facts were read', () => {
  let decision: string;
  beforeAll(async () => {
    const looked = mustBe(200, await timeline(hub.person('senco'), world.child, 'sen-support'));
    decision = looked.headers.get('hub-decision-id') ?? '';
  });

  it('learns by a case no more than by a question: nobody’s name, no words, no number of others’ facts', async () => {
    const review = await caseBy(source, decision);
    const asking = { outcome: 'ask-user', reason: 'Why did you read it on that day?' };
    mustBe(200, await ask(hub.person('dpo'), `/v1/reviews/${review}/outcomes`, asking));
    const read = mustBe(200, await ask(source, `/v1/reviews/${review}`));
    expect(read.json).toMatchObject({
      person: null,
      organisation: 'oakfield-primary',
      childId: world.child,
      history: [
        { what: 'opened', by: null },
        { what: 'decided', by: null, outcome: 'ask-user' },
      ],
      evidence: [{ decision, facts: null }],
    });
    const list = mustBe(200, await ask(source, '/v1/reviews'));
    expect(list.json).toMatchObject({ reviews: [{ review, person: null }] });
    for (const { text } of [read, list]) expect(text).not.toMatch(new RegExp(`${SENCO}|Why did you`));
    const own = mustBe(200, await ask(hub.person('dpo-oakfield'), `/v1/reviews/${review}`));
    expect(own.json).toMatchObject({ person: SENCO, history: [{}, { words: asking.reason }] });
  });

  it('learns by the list of looks at a child which of its own was read, not whose else and how much', async () => {
    interface Usages {
      readonly usages: readonly {
        readonly decision: string;
        readonly categories: object;
        readonly facts?: number;
      }[];
    }
    const lookSeenBy = async (who: HubClient) => {
      const { json } = mustBe(200, await ask(who, `/v1/children/${world.child}/usage?limit=200`));
      return (json as Usages).usages.find((each) => each.decision === decision);
    };
    const hearing = { organisation: 'bridgewater-community-trust', category: 'health.screening' };
    const part = await lookSeenBy(source);
    expect(part).toMatchObject({ categories: [hearing] });
    expect(part?.facts).toBeUndefined();
    const whole = await lookSeenBy(hub.person('dpo-oakfield'));
    expect(whole?.facts).toBeGreaterThan(1);
    expect(JSON.stringify(whole?.categories)).toContain('"family"');
    expect(await lookSeenBy(hub.person('dpo'))).toEqual(whole);
  });

  it('learns by a finding that there is one, not of whom and not how much else they read', async () => {
    // The parent of the child, as its SENCo.
    const parent = await signedIn(hub, { sub: PARENT, organisation: 'oakfield-primary', role: 'senco' });
    mustBe(200, await timeline(parent, world.child, 'sen-support'));
    const all = mustBe(200, await ask(hub.person('dpo'), '/v1/detections')).json as {
      findings: readonly { finding: string; rule: string; person: string | null; words: string }[];
    };
    const theirs = mustBe(200, await ask(source, '/v1/detections'));
    const { findings } = theirs.json as { findings: readonly { finding: string; words: string }[] };
    expect(findings.length).toBeGreaterThan(0);
    for (const found of findings) {
      expect(found).toMatchObject({ person: null, team: null, counts: {}, evidence: [] });
      const whole = all.findings.find(({ finding }) => finding === found.finding);
      expect(whole?.words).not.toBe(found.words);
    }
    expect(theirs.text).not.toContain(PARENT);
  });
});

describe('an officer whose own access is found', () => {
  it('suppresses it neither by name nor with everybody’s', async () => {
    const guesser = 'officer-and-senco';
    const own = await officer(guesser, 'oakfield-primary');
    const suppression = { rule: 'match-guessing', until: LAST_DAY, reason: 'We check our whole intake.' };
    const named = await ask(own, '/v1/detection-suppressions', { ...suppression, person: guesser });
    expect(mustBe(403, named).json).toMatchObject({ code: 'HUB_REVIEW_OF_OWN_ACCESS' });
    mustBe(201, await ask(own, '/v1/detection-suppressions', suppression));
    await caughtUp(hub);
    for (const sub of [guesser, 'colleague']) {
      const guessing = await signedIn(hub, { sub, organisation: 'oakfield-primary', role: 'senco' });
      for (let n = 0; n < 10; n++) {
        const json = { surname: 'Nobody', birthDate: `2016-01-${String(n + 10)}`, nhsNumber: '9991774602' };
        mustBe(200, await guessing.ask('/v1/child-matches', { json, headers: { 'hub-purpose': 'sen-support' } }));
      }
    }
    const { json } = mustBe(200, await ask(hub.person('dpo'), '/v1/detections?rule=match-guessing'));
    const { findings } = json as { findings: readonly { person: string; state: string }[] };
    const states = Object.fromEntries(findings.map(({ person, state }) => [person, state]));
    expect(states).toEqual({ [guesser]: 'open', colleague: 'suppressed' });
  });
});
