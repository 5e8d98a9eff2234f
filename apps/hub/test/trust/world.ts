import type { SubjectIdentity } from '#contracts';
import type { Answer, HubClient } from '#nest-platform/client';
import type { Composition } from '#nest-platform';
import {
  agree,
  childIdOf,
  CONSENT,
  DIRECT_CARE,
  mustBe,
  organisation,
  PUBLIC_TASK,
  type RunningHub,
  type Told,
  type TestOrganisation,
} from '../running-hub.ts';

/** The child of these specs, as its tellers know it. */
export const MAYA: SubjectIdentity = {
  localId: 'oak-1',
  nhsNumber: '9991234004',
  surname: 'Okafor',
  givenName: 'Maya',
  birthDate: '2018-03-14',
};

/** The words that rest on consent: searched for in answers as they are written. */
export const VOICE = 'Face me when you speak.';

/** Three organisations, one child, one agreement each for a fact that rests on consent and one that does not. */
export interface World {
  readonly school: TestOrganisation;
  readonly trust: TestOrganisation;
  readonly family: TestOrganisation;
  readonly child: string;
  /** Of what has been told so far. */
  readonly told: readonly Told[];
}

/** Tells the world to a hub without data. */
export async function tellWorld(hub: RunningHub): Promise<World> {
  const school = await organisation(hub, 'oakfield-primary', 'education');
  const trust = await organisation(hub, 'bridgewater-community-trust', 'health');
  const family = await organisation(hub, 'family', 'family');
  const recipient = 'oakfield-primary';
  const common = { recipient, purposes: ['sen-support'], roles: ['senco'] as const };
  await agree(hub, { id: 'hearing', source: trust.id, categories: ['health.screening'], ...common });
  await agree(hub, { id: 'voice', source: family.id, categories: ['voice'], ...common });
  const told = [
    await school.tell({
      id: 'enrol-1',
      type: 'education.enrolment-started.v1',
      category: 'education.enrolment',
      basis: PUBLIC_TASK,
      subject: MAYA,
      fact: { setting: '100101', startDate: '2022-09-01' },
    }),
    await trust.tell({
      id: 'hearing-1',
      type: 'health.newborn-hearing-outcome.v1',
      category: 'health.screening',
      basis: DIRECT_CARE,
      subject: { ...MAYA, localId: 'trust-1' },
      fact: { screenedOn: '2018-03-29', outcomeCode: '276781000000109', outcome: 'Clear response' },
    }),
    await trust.tell({
      id: 'caseload-1',
      type: 'any.relationship-started.v1',
      category: 'identity.core',
      basis: PUBLIC_TASK,
      subject: { ...MAYA, localId: 'trust-1' },
      fact: { kind: 'caseload', name: 'health-visiting', startDate: '2022-09-06' },
    }),
    await family.tell({
      id: 'parent-1',
      type: 'any.relationship-started.v1',
      category: 'identity.core',
      basis: PUBLIC_TASK,
      subject: { ...MAYA, localId: 'fam-1' },
      fact: { kind: 'family', name: 'parent', person: 'person-3d77', startDate: '2022-09-01' },
    }),
  ];
  const child = await childIdOf(trust, MAYA);
  await consent(hub, child, 'voice-1', { decision: 'give' });
  told.push(
    await family.tell({
      id: 'profile-1',
      type: 'voice.one-page-profile-written.v1',
      category: 'voice',
      basis: CONSENT,
      subject: { ...MAYA, localId: 'fam-1' },
      fact: {
        writtenOn: '2022-09-02',
        whatMattersToMe: 'Drawing horses.',
        howBestToSupportMe: VOICE,
        whatPeopleLikeAboutMe: 'I notice when somebody is sad.',
      },
    }),
  );
  for (const { outcome, reasons } of told)
    if (outcome !== 'published') throw new Error(`the world is not told: ${JSON.stringify(reasons)}`);
  return { school, trust, family, child, told };
}

/** The parent gives or refuses a consent. */
export async function consent(
  hub: RunningHub,
  child: string,
  name: string,
  change: { readonly decision: 'give' | 'refuse' },
): Promise<Answer> {
  const json = {
    consent: name,
    ...change,
    categories: ['voice'],
    purposes: ['sen-support'],
    authority: 'parental-responsibility',
  };
  const headers = { 'hub-purpose': 'subject-access' };
  return mustBe(201, await hub.person('parent').ask(`/v1/children/${child}/consents`, { json, headers }));
}

/** The parent withdraws a consent. */
export async function withdraw(hub: RunningHub, child: string, name: string): Promise<Answer> {
  const json = { decision: 'withdraw' };
  const headers = { 'hub-purpose': 'subject-access' };
  const path = `/v1/children/${child}/consents/${name}`;
  return mustBe(200, await hub.person('parent').ask(path, { method: 'PATCH', json, headers }));
}

/** Types of the facts on the timeline as somebody sees it, sorted; the status where it is not 200. */
export async function seen(client: HubClient, child: string, purpose: string): Promise<readonly string[] | number> {
  const answer = await client.ask(`/v1/children/${child}/timeline`, { headers: { 'hub-purpose': purpose } });
  if (answer.status !== 200) return answer.status;
  return (answer.json as { items: readonly { type: string }[] }).items.map(({ type }) => type).sort();
}

/** Stops the projectors of the timeline and the usage view; decisions must not need them. */
export async function stopProjectors(hub: RunningHub): Promise<void> {
  const { VIEWS } = await import('../../../sharing-protocol/src/views/views.ts');
  await hub.composed.app.get<{ stop(): Promise<void> }>(VIEWS).stop();
}

/** Stops one request at a stage of its disclosure until it is let go. */
export interface Barrier {
  readonly stage: NonNullable<Composition['stage']>;
  /** The next request that comes to this stage waits there. */
  arm(at: 'decided' | 'looked'): { readonly reached: Promise<void>; readonly release: () => void };
}

/** A barrier that lets everybody pass until it is armed, and everybody but the first then. */
export function barrier(): Barrier {
  let armed: { readonly at: string; readonly reach: () => void; readonly gate: Promise<undefined> } | undefined;
  return {
    stage: async (at) => {
      if (armed?.at !== at) return;
      const { reach, gate } = armed;
      armed = undefined;
      reach();
      await gate;
    },
    arm: (at) => {
      const reached = Promise.withResolvers<undefined>();
      const gate = Promise.withResolvers<undefined>();
      armed = { at, reach: () => reached.resolve(undefined), gate: gate.promise };
      return { reached: reached.promise, release: () => gate.resolve(undefined) };
    },
  };
}
