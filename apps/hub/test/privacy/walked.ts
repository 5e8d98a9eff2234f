export const NOBODY = '11111111-1111-4111-8111-111111111111';

/** What is asked on each route; a `limit` is followed to the last page. */
export const WALKED: Readonly<Record<string, (child: string) => readonly string[]>> = {
  'GET /health/live': () => ['/health/live'],
  'GET /health/ready': () => ['/health/ready'],
  'GET /health/startup': () => ['/health/startup'],
  'GET /info': () => ['/info'],
  'GET /openapi.json': () => ['/openapi.json'],
  'GET /v1/agreements': () => ['/v1/agreements', '/v1/agreements?reviewBy=2040-01-01'],
  'GET /v1/agreements/:agreement': () => ['voice', 'nobodys'].map((id) => `/v1/agreements/${id}`),
  'GET /v1/agreements/:agreement/versions/:version/changes': () =>
    ['voice', 'nobodys'].map((id) => `/v1/agreements/${id}/versions/1/changes`),
  'GET /v1/checkpoint/key': () => ['/v1/checkpoint/key'],
  'GET /v1/cohort-counts': () => ['/v1/cohort-counts'],
  'GET /v1/cohort-counts/:table': () =>
    ['on-roll-by-setting', 'equipment-by-kind'].map((t) => `/v1/cohort-counts/${t}`),
  'GET /v1/organisations': () => ['/v1/organisations'],
  'GET /v1/organisations/:organisation': () =>
    ['bridgewater-community-trust', 'childrens-social-care', 'nobody'].map((id) => `/v1/organisations/${id}`),
  'GET /v1/organisations/:organisation/quarantine': () =>
    ['childrens-social-care', 'riverside-special', 'nobody'].map((id) => `/v1/organisations/${id}/quarantine`),
  'GET /v1/submissions/:id': () => [`/v1/submissions/${NOBODY}`],
  'GET /v1/looks/:decision/receipt': () => [`/v1/looks/${NOBODY}/receipt`],
  'GET /v1/submissions/:id/receipts/:factId': () => [`/v1/submissions/${NOBODY}/receipts/${NOBODY}`],
  'GET /v1/children/:childId/usage/:decision/receipt': (child) => [`/v1/children/${child}/usage/${NOBODY}/receipt`],
  'GET /v1/children/:childId/timeline': (child) => [
    ...[
      '',
      '?limit=1',
      '?limit=1&orderBy=recorded',
      '?limit=2',
      '?limit=3',
      `?type=health.newborn-hearing-outcome.v1`,
      `?limit=1&type=social-care.child-protection-plan-started.v1,education.enrolment-started.v1`,
      '?from=2018-01-01&to=2018-12-31',
      '?limit=1&asOf=2026-01-01',
      '?cursor=AAAA',
    ].map((query) => `/v1/children/${child}/timeline${query}`),
    `/v1/children/${NOBODY}/timeline`,
  ],
  'GET /v1/children/:childId/usage': (child) => [
    `/v1/children/${child}/usage?limit=7`,
    `/v1/children/${child}/usage`,
    `/v1/children/${NOBODY}/usage`,
  ],
  'GET /v1/audit-queries/:id': () => [`/v1/audit-queries/${NOBODY}`],
  'GET /v1/children/:childId/find-usage': (child) =>
    ['', '?limit=1&offset=1', '?periodStart=2018-01-01&periodEnd=2018-12-31']
      .map((query) => `/v1/children/${child}/find-usage${query}`)
      .concat(`/v1/children/${NOBODY}/find-usage`),
  'GET /v1/children/:childId/usage-period': (child) => [child, NOBODY].map((id) => `/v1/children/${id}/usage-period`),
  'GET /v1/children/:childId/consents': (child) => [child, NOBODY].map((id) => `/v1/children/${id}/consents`),
  'GET /v1/policy-simulations/:simulation': () => [`/v1/policy-simulations/${NOBODY}`],
  'GET /v1/children/:childId/access': (child) => [child, NOBODY].map((id) => `/v1/children/${id}/access`),
  'GET /v1/children/:childId/authorities': (child) => [child, NOBODY].map((id) => `/v1/children/${id}/authorities`),
  'GET /v1/children/:childId/objections': (child) => [child, NOBODY].map((id) => `/v1/children/${id}/objections`),
  'GET /v1/children/:childId/sharing-decisions': (child) =>
    [child, NOBODY].map((id) => `/v1/children/${id}/sharing-decisions`),
  'GET /v1/children/:childId/notices': (child) => [child, NOBODY].map((id) => `/v1/children/${id}/notices`),
  'GET /v1/notices': () => ['/v1/notices?limit=1', '/v1/notices?cursor=AAAA'],
  'GET /v1/break-glass-grants': () => ['/v1/break-glass-grants'],
  'GET /v1/break-glass-reviews': () => ['/v1/break-glass-reviews?limit=1', '/v1/break-glass-reviews?cursor=AAAA'],
  'GET /v1/erasure-requests': () => ['/v1/erasure-requests?limit=1', '/v1/erasure-requests?status=all'],
  'GET /v1/erasure-requests/:id': () => [`/v1/erasure-requests/${NOBODY}`],
  'GET /v1/children/:childId/legal-holds': (child) => [child, NOBODY].map((id) => `/v1/children/${id}/legal-holds`),
  'GET /v1/retention/schedule': () => ['/v1/retention/schedule'],
  'GET /v1/retention/due': () => ['/v1/retention/due'],
  'GET /v1/subject-access-questions': () => ['/v1/subject-access-questions?limit=1'],
  'GET /v1/subject-access-questions/:id': () => [`/v1/subject-access-questions/${NOBODY}`],
  'GET /v1/subject-access-requests': () => ['/v1/subject-access-requests'],
  'GET /v1/subject-access-requests/:id': () => [`/v1/subject-access-requests/${NOBODY}`],
  'GET /v1/subject-access-requests/:id/pack': () => [`/v1/subject-access-requests/${NOBODY}/pack`],
  'POST /v1/child-matches': () => ['/v1/child-matches'],
  'GET /v1/detection-rules': () => ['/v1/detection-rules'],
  'GET /v1/detections': () => ['/v1/detections', '/v1/detections?limit=2', '/v1/detections?rule=refused-attempts'],
  'GET /v1/detection-suppressions': () => ['/v1/detection-suppressions'],
  'GET /v1/watched-children': () => ['/v1/watched-children'],
  'GET /v1/reviews': () => ['/v1/reviews', '/v1/reviews?status=open'],
  'GET /v1/reviews/questions': () => ['/v1/reviews/questions'],
  'GET /v1/reviews/:review': () => [`/v1/reviews/${NOBODY}`],
  'GET /v1/review-sampling-plan': () => ['/v1/review-sampling-plan'],
  'GET /v1/review-samples': () => ['/v1/review-samples?week=2026-W48'],
};
/** Routes that are not walked, and why. */
export const EXCUSED: Readonly<Record<string, string>> = {
  'GET /v1/agreements/:agreement/versions/:version':
    'nothing of a child; the signatures of its approvals are by keys that each world makes anew',
  'GET /metrics': 'numbers of the process, to whoever runs it',
  'GET /v1/checkpoint': 'how long the area’s whole log is, to those with whom a head may be left',
  'GET /v1/proofs/consistency': 'proofs about that length',
  'GET /v1/proofs/inclusion': 'proofs about that length',
  'GET /v1/tlog/checkpoint': 'how long the log is, once more',
  'GET /v1/tlog/tile/:level/:a': 'hashes of the whole area’s log',
  'GET /v1/tlog/tile/:level/:a/:b': 'hashes of the whole area’s log',
  'GET /v1/tlog/tile/:level/:a/:b/:c': 'hashes of the whole area’s log',
  'GET /v1/tlog/tile/:level/:a/:b/:c/:d': 'hashes of the whole area’s log',
  'GET /v1/audit-queries/:id/results': 'of one’s own question only; two worlds in audit-queries.e2e.spec.ts',
  'GET /v1/audit-queries/:id/export': 'of one’s own question only; two worlds in audit-queries.e2e.spec.ts',
  'GET /v1/audit-queries/:id/export/manifest': 'proofs about the length of the area’s whole log',
  'GET /v1/admin/projections': 'how far the views have read of that length, to the administrator',
};
