import { jest } from '@jest/globals';
import { STEP_UP_ACR } from '#nest-platform';
import { demonstrationPerson, type Answer, type HubClient } from '#nest-platform/client';
import { fakeClock, type FakeClock } from '#testing';
import { caughtUp, mustBe, organisation, runningHub, type HubOptions, type RunningHub } from '../running-hub.ts';
import { standingDate } from '../fake-date.ts';
import { MAYA, tellWorld, type World } from '../trust/world.ts';

export const START = '2026-11-24T09:00:00.000Z';
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
export const WHY = 'Found alone at night near the river, needs to be placed now.';
export const AFTERWARDS = 'The child was placed with a carer; the reason was confirmed by the police.';

/** A child nobody has told of, with a number whose check digit is right. */
export const NOBODY_KNOWN = { nhsNumber: '9991774602', surname: 'Nobody', birthDate: '2018-03-14' };
/** Maya as anybody may have her from a letter. */
export const BY_NUMBER = { nhsNumber: MAYA.nhsNumber, surname: MAYA.surname, birthDate: MAYA.birthDate };

/** A hub whose clock, and that of its tokens, is set by the spec; social care has told nothing of Maya and works with her not. */
export interface EmergencyHub {
  readonly hub: RunningHub;
  readonly world: World;
  readonly clock: FakeClock;
  /** Time goes on: for the hub, and for whoever signs in. */
  pass(milliseconds: number): void;
  /** Signs in anew, so that the token is of the time it is now. */
  person(key: string): HubClient;
  /** The same with the step-up level. */
  stepped(key: string): HubClient;
  start(body?: object, who?: HubClient, purpose?: string): Promise<Answer>;
}

/** Starts it; `remove` of the hub and `jest.useRealTimers()` are the caller's. */
export async function emergencyHub(options: HubOptions = {}): Promise<EmergencyHub> {
  standingDate(Date.parse(START));
  const clock = fakeClock(START);
  const hub = await runningHub({ clock, ...options });
  const world = await tellWorld(hub);
  await organisation(hub, 'childrens-social-care', 'social-care');
  await organisation(hub, 'bridgewater-high', 'education');
  const person = (key: string) => hub.person(key);
  const stepped = (key: string) => demonstrationPerson(hub.url, key, { acr: STEP_UP_ACR });
  return {
    hub,
    world,
    clock,
    person,
    stepped,
    pass: (milliseconds) => {
      clock.advance(milliseconds);
      jest.setSystemTime(Date.parse(clock.now()));
    },
    start: (body = BY_NUMBER, who = stepped('social-worker'), purpose = 'safeguarding') =>
      who.ask('/v1/break-glass-grants', {
        json: { reason: 'risk-of-serious-harm', words: WHY, ...body },
        headers: { 'hub-purpose': purpose },
      }),
  };
}

/** Asks until the answer is as it should be, which what follows the log makes it soon; the last answer where it is not. */
export async function eventually<T>(ask: () => Promise<T>, isThere: (value: T) => boolean): Promise<T> {
  let value = await ask();
  for (let tries = 0; tries < 200 && !isThere(value); tries++) {
    await new Promise((resolve) => setTimeout(resolve, 25));
    value = await ask();
  }
  return value;
}

/** What the API says of one. */
export interface Grant {
  readonly grant: string;
  readonly childId: string;
  readonly until: string;
  readonly active: boolean;
  readonly toExplain: boolean;
  readonly outcome: string | null;
}
/** What the API says of one. */
export interface Review {
  readonly grant: string;
  readonly words: readonly string[];
  readonly outcome: string | null;
  readonly overdue: boolean;
  readonly bars: boolean;
}
/** What the API says of one. */
export interface Notice {
  readonly kind: string;
  readonly reference: string;
  readonly says: string;
  readonly next: string;
}

/** The requests of these specs, by the people they are for unless said. */
export function asking(given: () => EmergencyHub) {
  const read = (grant?: string, who = 'social-worker', purpose = 'safeguarding') =>
    given()
      .person(who)
      .ask(`/v1/children/${given().world.child}/timeline`, {
        headers: { 'hub-purpose': purpose, ...(grant === undefined ? {} : { 'hub-break-glass': grant }) },
      });
  const own = async () =>
    mustBe(
      200,
      await given()
        .person('social-worker')
        .ask('/v1/break-glass-grants', { headers: { 'hub-purpose': 'safeguarding' } }),
    ).json as { grants: readonly Grant[]; suspensions: readonly string[] };
  const end = (grant: string, who = 'social-worker', purpose = 'safeguarding') =>
    given()
      .person(who)
      .ask(`/v1/break-glass-grants/${grant}`, { method: 'DELETE', headers: { 'hub-purpose': purpose } });
  const explain = (grant: string, said = AFTERWARDS) =>
    given()
      .person('social-worker')
      .ask(`/v1/break-glass-grants/${grant}/explanations`, {
        json: { words: said },
        headers: { 'hub-purpose': 'safeguarding' },
      });
  const review = (grant: string, outcome: string, who = 'dpo') =>
    given()
      .person(who)
      .ask(`/v1/break-glass-grants/${grant}/reviews`, {
        json: { outcome },
        headers: { 'hub-purpose': 'audit' },
      });
  const queue = async (who = 'dpo', query = '') => {
    await caughtUp(given().hub);
    const path = `/v1/break-glass-reviews${query}`;
    const answer = mustBe(
      200,
      await given()
        .person(who)
        .ask(path, { headers: { 'hub-purpose': 'audit' } }),
    );
    return (answer.json as { reviews: readonly Review[] }).reviews;
  };
  /** Detections see what the specs do too; what they tell of is held elsewhere. */
  const notices = async (who: string) =>
    (mustBe(200, await given().person(who).ask('/v1/notices')).json as { notices: readonly Notice[] }).notices.filter(
      ({ kind }) => kind !== 'detection-raised' && kind !== 'organisation-keys-changed',
    );

  return { read, own, end, explain, review, queue, notices };
}
