import type { Asking } from '#nest-platform/client';
import { bodyOf } from '../agreements.ts';

export const NOBODY = '11111111-1111-4111-8111-111111111111';
const CONSENT_TO_GIVE = {
  consent: 'voice-7',
  decision: 'give',
  categories: ['voice'],
  purposes: ['sen-support'],
  authority: 'parental-responsibility',
};

const SCOPE = { categories: ['voice'], purposes: ['sen-support'] };
const TO_RECORD = {
  kind: 'parental-responsibility',
  evidence: 'birth-registration',
  person: 'person-3d77',
  from: '2020-01-01',
};
const TO_ASSESS = {
  ...SCOPE,
  test: 'gillick',
  person: 'person-77c1',
  ...{ understands: true, retains: true, weighs: true, communicates: true, voluntary: true },
  on: '2026-09-01',
  until: '2026-12-01',
};

/** One request to a route with ids that are somebody else's, and the same with ids that are nobody's. */
export interface Crawled {
  readonly path: (ids: Ids) => string;
  readonly asking?: (ids: Ids) => Asking;
}
export interface Ids {
  readonly child: string;
  readonly organisation: string;
  readonly submission: string;
  readonly fact: string;
  readonly decision: string;
  readonly agreement: string;
  readonly query: string;
  readonly grant: string;
  readonly subscription: string;
  readonly signal: string;
}

/** A version that a stranger drafts of an agreement of others. */
const DRAFT = bodyOf({
  id: 'any',
  version: 2,
  source: 'bridgewater-community-trust',
  recipient: 'oakfield-primary',
  categories: ['health.screening'],
  purposes: ['sen-support'],
  roles: ['senco'],
});

/** Every route that takes an id of somebody's; a new one must be added here or below. */
export const CRAWLED: Readonly<Record<string, Crawled>> = {
  'POST /v1/agreements/:agreement/versions': {
    path: ({ agreement }) => `/v1/agreements/${agreement}/versions`,
    asking: () => ({ json: DRAFT }),
  },
  'GET /v1/agreements/:agreement/versions/:version': {
    path: ({ agreement }) => `/v1/agreements/${agreement}/versions/1`,
  },
  'GET /v1/agreements/:agreement/versions/:version/changes': {
    path: ({ agreement }) => `/v1/agreements/${agreement}/versions/1/changes`,
  },
  'POST /v1/agreements/:agreement/versions/:version/approvals': {
    path: ({ agreement }) => `/v1/agreements/${agreement}/versions/1/approvals`,
    asking: () => ({ json: { jws: 'a.b.c' } }),
  },
  'POST /v1/agreements/:agreement/versions/:version/withdrawals': {
    path: ({ agreement }) => `/v1/agreements/${agreement}/versions/1/withdrawals`,
    asking: () => ({ json: { reason: 'not ours' } }),
  },
  'POST /v1/agreements/:agreement/suspensions': {
    path: ({ agreement }) => `/v1/agreements/${agreement}/suspensions`,
    asking: () => ({ json: { reason: 'not ours' } }),
  },
  'POST /v1/agreements/:agreement/resumptions': {
    path: ({ agreement }) => `/v1/agreements/${agreement}/resumptions`,
    asking: () => ({ method: 'POST' }),
  },
  'POST /v1/agreements/:agreement/endings': {
    path: ({ agreement }) => `/v1/agreements/${agreement}/endings`,
    asking: () => ({ json: { reason: 'not ours' } }),
  },
  'POST /v1/agreements/:agreement/undoings': {
    path: ({ agreement }) => `/v1/agreements/${agreement}/undoings`,
    asking: () => ({ json: { version: 1, reason: 'not ours' } }),
  },
  'GET /v1/signal-subscriptions/:id': { path: ({ subscription }) => `/v1/signal-subscriptions/${subscription}` },
  'PATCH /v1/signal-subscriptions/:id': {
    path: ({ subscription }) => `/v1/signal-subscriptions/${subscription}`,
    asking: () => ({ method: 'PATCH', json: { change: 'switch-off' } }),
  },
  'DELETE /v1/signal-subscriptions/:id': {
    path: ({ subscription }) => `/v1/signal-subscriptions/${subscription}`,
    asking: () => ({ method: 'DELETE' }),
  },
  'GET /v1/signal-subscriptions/:id/deliveries': {
    path: ({ subscription }) => `/v1/signal-subscriptions/${subscription}/deliveries`,
  },
  'POST /v1/signal-subscriptions/:id/replays': {
    path: ({ subscription }) => `/v1/signal-subscriptions/${subscription}/replays`,
    asking: ({ signal }) => ({ json: { signal } }),
  },
  'GET /v1/signals/:id': { path: ({ signal }) => `/v1/signals/${signal}` },
  'GET /v1/children/:childId/timeline': { path: ({ child }) => `/v1/children/${child}/timeline` },
  'GET /v1/children/:childId/usage': { path: ({ child }) => `/v1/children/${child}/usage` },
  'GET /v1/children/:childId/find-usage': { path: ({ child }) => `/v1/children/${child}/find-usage` },
  'GET /v1/children/:childId/usage-period': { path: ({ child }) => `/v1/children/${child}/usage-period` },
  'GET /v1/children/:childId/consents': { path: ({ child }) => `/v1/children/${child}/consents` },
  'GET /v1/children/:childId/access': { path: ({ child }) => `/v1/children/${child}/access` },
  'POST /v1/access-decisions': {
    path: () => '/v1/access-decisions',
    asking: ({ child }) => ({
      json: { childId: child, organisation: 'oakfield-primary', role: 'senco', purpose: 'sen-support' },
    }),
  },
  'POST /v1/children/:childId/consents': {
    path: ({ child }) => `/v1/children/${child}/consents`,
    asking: () => ({ json: CONSENT_TO_GIVE }),
  },
  'PATCH /v1/children/:childId/consents/:consent': {
    path: ({ child }) => `/v1/children/${child}/consents/voice-1`,
    asking: () => ({ method: 'PATCH', json: { decision: 'withdraw' } }),
  },
  'GET /v1/children/:childId/authorities': { path: ({ child }) => `/v1/children/${child}/authorities` },
  'POST /v1/children/:childId/authorities': {
    path: ({ child }) => `/v1/children/${child}/authorities`,
    asking: () => ({ json: TO_RECORD }),
  },
  'POST /v1/children/:childId/authorities/:authority/endings': {
    path: ({ child }) => `/v1/children/${child}/authorities/${NOBODY}/endings`,
    asking: () => ({ json: {} }),
  },
  'POST /v1/children/:childId/competence-assessments': {
    path: ({ child }) => `/v1/children/${child}/competence-assessments`,
    asking: () => ({ json: TO_ASSESS }),
  },
  'POST /v1/children/:childId/directions': {
    path: ({ child }) => `/v1/children/${child}/directions`,
    asking: () => ({ json: { ...SCOPE, decision: 'refuse', authority: 'court-order' } }),
  },
  'POST /v1/children/:childId/directions/:direction/endings': {
    path: ({ child }) => `/v1/children/${child}/directions/voice-1/endings`,
    asking: () => ({ json: { because: 'order-ended' } }),
  },
  'GET /v1/children/:childId/sharing-decisions': { path: ({ child }) => `/v1/children/${child}/sharing-decisions` },
  'POST /v1/children/:childId/sharing-decisions': {
    path: ({ child }) => `/v1/children/${child}/sharing-decisions`,
    asking: () => ({ json: { ...SCOPE, outcome: 'not-to-share', ground: 'risk-to-child', words: 'Why.' } }),
  },
  'POST /v1/children/:childId/sharing-decisions/:decision/endings': {
    path: ({ child }) => `/v1/children/${child}/sharing-decisions/${NOBODY}/endings`,
    asking: () => ({ json: { because: 'no-longer-needed' } }),
  },
  'GET /v1/children/:childId/objections': { path: ({ child }) => `/v1/children/${child}/objections` },
  'POST /v1/children/:childId/objections': {
    path: ({ child }) => `/v1/children/${child}/objections`,
    asking: () => ({ json: { ...SCOPE, organisation: 'oakfield-primary' } }),
  },
  'POST /v1/children/:childId/objections/:objection/answers': {
    path: ({ child }) => `/v1/children/${child}/objections/${NOBODY}/answers`,
    asking: () => ({ json: { outcome: 'upheld' } }),
  },
  'POST /v1/children/:childId/relationship-claims': {
    path: ({ child }) => `/v1/children/${child}/relationship-claims`,
    asking: () => ({ json: { reason: 'new-referral', words: 'Why.' } }),
  },
  'POST /v1/children/:childId/relationship-claims/:claim/endings': {
    path: ({ child }) => `/v1/children/${child}/relationship-claims/${NOBODY}/endings`,
    asking: () => ({ json: { because: 'no-longer-needed' } }),
  },
  'GET /v1/children/:childId/notices': { path: ({ child }) => `/v1/children/${child}/notices` },
  'POST /v1/break-glass-grants': {
    path: () => '/v1/break-glass-grants',
    asking: ({ child }) => ({
      json: { childId: child, reason: 'child-missing', words: 'Has not come home since noon.' },
    }),
  },
  'DELETE /v1/break-glass-grants/:grant': {
    path: ({ grant }) => `/v1/break-glass-grants/${grant}`,
    asking: () => ({ method: 'DELETE' }),
  },
  'POST /v1/break-glass-grants/:grant/explanations': {
    path: ({ grant }) => `/v1/break-glass-grants/${grant}/explanations`,
    asking: () => ({ json: { words: 'It was because of something.' } }),
  },
  'POST /v1/break-glass-grants/:grant/reviews': {
    path: ({ grant }) => `/v1/break-glass-grants/${grant}/reviews`,
    asking: () => ({ json: { outcome: 'appropriate' } }),
  },
  'POST /v1/break-glass-grants/:grant/reinstatements': {
    path: ({ grant }) => `/v1/break-glass-grants/${grant}/reinstatements`,
  },
  'GET /v1/submissions/:id': { path: ({ submission }) => `/v1/submissions/${submission}` },
  'GET /v1/submissions/:id/receipts/:factId': {
    path: ({ submission, fact }) => `/v1/submissions/${submission}/receipts/${fact}`,
  },
  'GET /v1/children/:childId/usage/:decision/receipt': {
    path: ({ child, decision }) => `/v1/children/${child}/usage/${decision}/receipt`,
  },
  'GET /v1/looks/:decision/receipt': { path: ({ decision }) => `/v1/looks/${decision}/receipt` },
  'GET /v1/audit-queries/:id': { path: ({ query }) => `/v1/audit-queries/${query}` },
  'GET /v1/audit-queries/:id/results': { path: ({ query }) => `/v1/audit-queries/${query}/results` },
  'GET /v1/audit-queries/:id/export': { path: ({ query }) => `/v1/audit-queries/${query}/export?format=csv` },
  'GET /v1/audit-queries/:id/export/manifest': {
    path: ({ query }) => `/v1/audit-queries/${query}/export/manifest?format=csv`,
  },
  'GET /v1/organisations/:organisation/quarantine': {
    path: ({ organisation }) => `/v1/organisations/${organisation}/quarantine`,
  },
  'POST /v1/organisations/:organisation/quarantine/:factId/resolutions': {
    path: ({ organisation, fact }) => `/v1/organisations/${organisation}/quarantine/${fact}/resolutions`,
    asking: () => ({ json: { action: 'discard' } }),
  },
  'POST /v1/organisations/:organisation/submissions': {
    path: ({ organisation }) => `/v1/organisations/${organisation}/submissions`,
    asking: () => ({ body: '[]', headers: { 'content-type': 'application/cloudevents-batch+json' } }),
  },
  'GET /v1/reviews/:review': { path: ({ decision }) => `/v1/reviews/${decision}` },
  'POST /v1/reviews': {
    path: () => '/v1/reviews',
    asking: ({ decision }) => ({ json: { cause: 'by-hand', reference: decision } }),
  },
  'POST /v1/reviews/:review/assignments': {
    path: ({ decision }) => `/v1/reviews/${decision}/assignments`,
    asking: () => ({ json: { to: 'person-d0d0' } }),
  },
  'POST /v1/reviews/:review/outcomes': {
    path: ({ decision }) => `/v1/reviews/${decision}/outcomes`,
    asking: () => ({ json: { outcome: 'appropriate', reason: 'It was explained.' } }),
  },
  'POST /v1/reviews/:review/answers': {
    path: ({ decision }) => `/v1/reviews/${decision}/answers`,
    asking: ({ decision }) => ({ json: { question: decision, answer: 'It was for the meeting.' } }),
  },
  'POST /v1/reviews/:review/reopenings': {
    path: ({ decision }) => `/v1/reviews/${decision}/reopenings`,
    asking: () => ({ json: { reason: 'Something new was found.' } }),
  },
  'POST /v1/detection-suppressions/:suppression/endings': {
    path: ({ decision }) => `/v1/detection-suppressions/${decision}/endings`,
    asking: () => ({ method: 'POST' }),
  },
  'POST /v1/watched-children/:watch/endings': {
    path: ({ decision }) => `/v1/watched-children/${decision}/endings`,
    asking: () => ({ method: 'POST' }),
  },
};

/** Routes that are not crawled, and why. */
export const NOT_CRAWLED: Readonly<Record<string, string>> = {
  'GET /v1/cohort-counts': 'no id of anybody',
  'GET /v1/cohort-counts/:table': 'names of tables',
  'GET /health/live': 'says nothing of anybody',
  'GET /health/ready': 'says nothing of anybody',
  'GET /health/startup': 'says nothing of anybody',
  'GET /info': 'versions of what runs',
  'GET /metrics': 'numbers of the process',
  'GET /openapi.json': 'the description',
  'GET /v1/checkpoint': 'hashes of the whole area’s log',
  'GET /v1/checkpoint/key': 'a public key',
  'GET /v1/proofs/consistency': 'hashes of the whole area’s log',
  'GET /v1/proofs/inclusion': 'hashes of the whole area’s log',
  'GET /v1/tlog/checkpoint': 'hashes of the whole area’s log',
  'GET /v1/tlog/tile/:level/:a': 'hashes of the whole area’s log',
  'GET /v1/tlog/tile/:level/:a/:b': 'hashes of the whole area’s log',
  'GET /v1/tlog/tile/:level/:a/:b/:c': 'hashes of the whole area’s log',
  'GET /v1/tlog/tile/:level/:a/:b/:c/:d': 'hashes of the whole area’s log',
  'GET /v1/organisations': 'the register is open to everybody signed in',
  'GET /v1/organisations/:organisation': 'the register is open to everybody signed in',
  'GET /v1/agreements': 'the register is open to everybody signed in',
  'GET /v1/agreements/:agreement': 'the register is open to everybody signed in',
  'POST /v1/organisations': 'the area’s administrator only, held below',
  'POST /v1/organisations/:organisation/keys/:kid/revocations': 'the area’s administrator only, held below',
  'GET /v1/admin/projections': 'the area’s administrator only, held below',
  'POST /v1/admin/projections/:name/rebuilds': 'the area’s administrator only, held below',
  'POST /v1/erasures': 'the data-protection officer only, held below',
  'POST /v1/policy-simulations': 'officers only, each on agreements of its own: workbench.e2e.spec.ts',
  'GET /v1/policy-simulations/:simulation': 'officers only, each on simulations of its own: workbench.e2e.spec.ts',
  'POST /v1/audit-queries': 'data-protection officers only; what another’s finds is held in audit-queries.e2e.spec.ts',
  'GET /v1/notices': 'one’s own only, in notices.e2e.spec.ts',
  'GET /v1/break-glass-grants': 'one’s own only, in checks/09-break-glass.e2e.spec.ts',
  'GET /v1/break-glass-reviews': 'the data-protection officers’ only, in checks/09-break-glass.e2e.spec.ts',
  'GET /v1/erasure-requests': 'data-protection officers only, held below and in requests/foreign.e2e.spec.ts',
  'POST /v1/erasure-requests': 'data-protection officers only, held below and in requests/foreign.e2e.spec.ts',
  'GET /v1/erasure-requests/:id': 'data-protection officers only, held below and in requests/foreign.e2e.spec.ts',
  'POST /v1/erasure-requests/:id/decisions':
    'data-protection officers only, held below and in requests/foreign.e2e.spec.ts',
  'GET /v1/children/:childId/legal-holds':
    'data-protection officers only, held below and in requests/foreign.e2e.spec.ts',
  'POST /v1/children/:childId/legal-holds':
    'data-protection officers only, held below and in requests/foreign.e2e.spec.ts',
  'PATCH /v1/children/:childId/legal-holds/:hold':
    'data-protection officers only, held below and in requests/foreign.e2e.spec.ts',
  'GET /v1/retention/due': 'data-protection officers only, held below and in requests/foreign.e2e.spec.ts',
  'GET /v1/signal-subscriptions': 'lists the caller’s own; in signals/strangers.e2e.spec.ts',
  'POST /v1/signal-subscriptions': 'no id of anybody; in signals/strangers.e2e.spec.ts',
  'GET /v1/subject-access-questions': 'lists what waits for the caller itself; in requests/subject-access.e2e.spec.ts',
  'GET /v1/subject-access-questions/:id': 'to systems only, held in requests/foreign.e2e.spec.ts',
  'POST /v1/subject-access-questions/:id/answers': 'to systems only, held in requests/foreign.e2e.spec.ts',
  'GET /v1/subject-access-requests': 'family and officers only, held below and in requests/foreign.e2e.spec.ts',
  'POST /v1/subject-access-requests': 'family and officers only, held below and in requests/foreign.e2e.spec.ts',
  'GET /v1/subject-access-requests/:id': 'family and officers only, held below and in requests/foreign.e2e.spec.ts',
  'GET /v1/subject-access-requests/:id/pack':
    'family and officers only, held below and in requests/foreign.e2e.spec.ts',
  'POST /v1/subject-access-requests/:id/identity':
    'family and officers only, held below and in requests/foreign.e2e.spec.ts',
  'POST /v1/subject-access-requests/:id/pauses':
    'family and officers only, held below and in requests/foreign.e2e.spec.ts',
  'POST /v1/subject-access-requests/:id/resumptions':
    'family and officers only, held below and in requests/foreign.e2e.spec.ts',
  'POST /v1/subject-access-requests/:id/extensions':
    'family and officers only, held below and in requests/foreign.e2e.spec.ts',
  'POST /v1/subject-access-requests/:id/answers':
    'family and officers only, held below and in requests/foreign.e2e.spec.ts',
  'POST /v1/subject-access-requests/:id/redactions':
    'family and officers only, held below and in requests/foreign.e2e.spec.ts',
  'POST /v1/subject-access-requests/:id/approvals':
    'family and officers only, held below and in requests/foreign.e2e.spec.ts',
  'POST /v1/subject-access-requests/:id/releases':
    'family and officers only, held below and in requests/foreign.e2e.spec.ts',
  'POST /v1/subject-access-requests/:id/refusals':
    'family and officers only, held below and in requests/foreign.e2e.spec.ts',
  'POST /v1/subject-access-requests/:id/withdrawals':
    'family and officers only, held below and in requests/foreign.e2e.spec.ts',
  'GET /v1/retention/schedule': 'the schedule is open to everybody signed in',
  'POST /v1/child-matches': 'takes identifiers, not ids; in worlds.e2e.spec.ts',
  'GET /v1/detection-rules': 'the rules are open to everybody signed in',
  'GET /v1/detections': 'lists what is the officer’s own; to officers only, held below',
  'GET /v1/detection-suppressions': 'lists what is the officer’s own; to officers only, held below',
  'POST /v1/detection-suppressions': 'to officers only, held below',
  'GET /v1/watched-children': 'the area’s officer only, held below',
  'POST /v1/watched-children': 'the area’s officer only, held below',
  'GET /v1/reviews': 'lists what is the officer’s own; to officers only, held below',
  'GET /v1/reviews/questions': 'lists the caller’s own questions',
  'GET /v1/review-sampling-plan': 'to officers only, held below',
  'PUT /v1/review-sampling-plan': 'the area’s officer only, held below',
  'GET /v1/review-samples': 'lists what is the officer’s own; to officers only, held below',
};
