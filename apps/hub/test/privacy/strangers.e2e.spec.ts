import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { signedIn } from '../checks/person.ts';
import { caughtUp, organisation, runningHub, type RunningHub } from '../running-hub.ts';
import { stopProjectors, tellWorld } from '../trust/world.ts';
import { counted } from './counted.ts';
import { NOBODY } from './walked.ts';

/** Of an answer, what differs from request to request. */
const VARYING = ['date', 'x-request-id', 'x-correlation-id', 'hub-decision-id'];
const SCOPE = { categories: ['voice'], purposes: ['sen-support'] };
const DAYS = { from: '2026-01-01', until: '2026-12-31' };
const CRITERIA = { understands: true, retains: true, weighs: true, communicates: true, voluntary: true };
const CONSENT_GIVEN = { consent: 'voice-9', decision: 'give', authority: 'parental-responsibility', ...SCOPE };
const HOLD = { reason: 'public-inquiry', reviewOn: '2099-01-01', words: 'Module three asks for it' };
const HEARD = { from: 'parent', identity: 'photo-identity-seen' };
/** What is sent to each route of a child that takes something; to the others nothing. */
const SENT: Readonly<Record<string, object>> = {
  'POST /v1/children/:childId/authorities': {
    kind: 'parental-responsibility',
    evidence: 'birth-registration',
    person: 'person-3d77',
    from: '2026-01-01',
  },
  'POST /v1/children/:childId/authorities/:authority/endings': {},
  'POST /v1/children/:childId/competence-assessments': {
    test: 'gillick',
    person: 'person-3d77',
    on: DAYS.from,
    until: DAYS.until,
    ...CRITERIA,
    ...SCOPE,
  },
  'POST /v1/children/:childId/consents': CONSENT_GIVEN,
  'PATCH /v1/children/:childId/consents/:consent': { decision: 'withdraw' },
  'POST /v1/children/:childId/directions': { decision: 'refuse', authority: 'court-order', ...SCOPE },
  'POST /v1/children/:childId/directions/:direction/endings': { because: 'order-ended' },
  'POST /v1/children/:childId/legal-holds': HOLD,
  'PATCH /v1/children/:childId/legal-holds/:hold': { change: 'lift' },
  'POST /v1/children/:childId/objections': { organisation: 'millbrook-primary', ...SCOPE },
  'POST /v1/children/:childId/objections/:objection/answers': { outcome: 'upheld' },
  'POST /v1/children/:childId/relationship-claims': { reason: 'new-referral', words: 'Why.' },
  'POST /v1/children/:childId/relationship-claims/:claim/endings': { because: 'unfounded' },
  'POST /v1/children/:childId/sharing-decisions': { outcome: 'not-to-share', ground: 'risk-to-child', ...SCOPE },
  'POST /v1/children/:childId/sharing-decisions/:decision/endings': { because: 'no-longer-needed' },
  'POST /v1/access-decisions': { organisation: 'riverside-special', role: 'senco', purpose: 'sen-support' },
  'POST /v1/erasures': { ground: 'court-order', organisation: 'riverside-special' },
  'POST /v1/erasure-requests': { ...HEARD, organisation: 'riverside-special' },
  'POST /v1/subject-access-requests': {},
};
/** A child by its id in the body, not in the path. */
const BY_BODY = ['/v1/access-decisions', '/v1/erasures', '/v1/erasure-requests', '/v1/subject-access-requests'];
/** Who is refused by what is theirs on every route: of Riverside, who have told nothing of the child. */
const STRANGERS = [
  ['senco', 'sen-support'],
  ['social-worker', 'safeguarding'],
  ['health-visitor', 'direct-care'],
  ['send-caseworker', 'sen-support'],
  ['parent', 'subject-access'],
  ['young-person', 'subject-access'],
  ['data-protection-officer', 'audit'],
] as const;

describe('what strangers are refused of a child, and what is absent', () => {
  let hub: RunningHub;
  let child: string;
  let done: string[] = [];

  beforeAll(async () => {
    hub = await runningHub({
      openLog: async (open) => counted(await open(), (what) => done.push(what)),
    });
    ({ child } = await tellWorld(hub));
    for (const id of ['riverside-special', 'millbrook-primary']) await organisation(hub, id, 'education');
    await caughtUp(hub);
    // What reads the looks afterwards, at its own time, is nobody's answer.
    await stopProjectors(hub);
  });
  afterAll(() => hub.remove());

  it('are alike on every route of a child, for every role that may ask: the same words, reads, decisions and appends', async () => {
    const ofChildren = hub
      .routes()
      .map(({ method, path }) => `${method} ${path}`)
      .filter((route) => route.includes('/children/:childId') || BY_BODY.some((path) => route === `POST ${path}`));
    const unlike: string[] = [];
    const refused: Record<string, number> = {};
    for (const [role, purpose] of STRANGERS) {
      const stranger = await signedIn(hub, { sub: `stranger-${role}`, organisation: 'riverside-special', role });
      for (const route of ofChildren) {
        const [method = '', pattern = ''] = route.split(' ');
        if (method !== 'GET' && SENT[route] === undefined) throw new Error(`nothing is sent to ${route}`);
        const ask = async (childId: string) => {
          const path = pattern.replace(':childId', childId).replace(/:[a-zA-Z]+/g, NOBODY);
          const sent = SENT[route];
          const body = BY_BODY.includes(pattern) ? { ...sent, childId } : sent;
          done = [];
          const headers = { 'hub-purpose': purpose };
          const answer = await stranger.ask(path, { method, headers, ...(body === undefined ? {} : { json: body }) });
          const kept = [...answer.headers].filter(([name]) => !VARYING.includes(name));
          const text = answer.text.replace(/"instance":"[^"]*"/, '').replaceAll(childId, 'ID');
          return { status: answer.status, headers: kept.toSorted(), text, done: done.toSorted() };
        };
        await ask(child);
        await ask(NOBODY);
        const [known, absent] = [await ask(child), await ask(NOBODY)];
        if (JSON.stringify(known) !== JSON.stringify(absent))
          unlike.push(`${role}, ${route}: ${JSON.stringify([known, absent])}`);
        if (known.status === 404) refused[route] = (refused[route] ?? 0) + 1;
        if (known.status === 404 && known.done.filter((each) => each === 'append look').length !== 1)
          unlike.push(`${role}, ${route}: ${JSON.stringify(known)}`);
        if (known.status === 400) unlike.push(`${role}, ${route}: ${known.text}`);
      }
    }
    expect(unlike).toEqual([]);
    // Each route really refuses somebody by the one 404: what is sent to it is taken.
    expect(ofChildren.filter((route) => refused[route] === undefined)).toEqual([]);
  });
});
