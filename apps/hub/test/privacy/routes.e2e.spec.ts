import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createLogger, compose, listRoutes, loadConfig, type ComposedHub, type Composition } from '#nest-platform';
import { temporaryFolder } from '#testing';
import { join } from 'node:path';
import { EducationModule } from '../../../education/src/education.module.ts';
import { HealthModule } from '../../../health/src/health.module.ts';
import { SharingProtocolModule, sharingProtocolParts } from '../../../sharing-protocol/src/sharing-protocol.module.ts';
import { SocialCareModule } from '../../../social-care/src/social-care.module.ts';
import { appParts } from '../../src/hub.module.ts';

/** Each process an area may run, with what it serves. */
const APPS: Readonly<Record<string, Composition['parts']>> = {
  hub: appParts,
  education: async () => ({ modules: [EducationModule], resources: [] }),
  health: async () => ({ modules: [HealthModule], resources: [] }),
  'social-care': async () => ({ modules: [SocialCareModule], resources: [] }),
  'sharing-protocol': async (...given) => {
    const { views, desks, resources } = await sharingProtocolParts(...given);
    return { modules: [SharingProtocolModule.of(views, desks)], resources };
  },
};

/** Routes that ask for no purpose, and why none is needed: whatever else is about a child. */
const NO_PURPOSE: Readonly<Record<string, string>> = {
  'GET /health/live': 'says that the process runs',
  'GET /health/ready': 'says that it should get requests',
  'GET /health/startup': 'says that it has started',
  'GET /info': 'versions of what runs',
  'GET /metrics': 'numbers with labels of closed lists',
  'GET /openapi.json': 'the description of the API',
  'GET /v1/organisations': 'legal bodies',
  'GET /v1/organisations/:organisation': 'a legal body',
  'POST /v1/organisations': 'a legal body',
  'POST /v1/organisations/:organisation/keys/:kid/revocations': 'a key of a legal body',
  'GET /v1/signal-subscriptions': 'what a system asked to be told of, and where',
  'POST /v1/signal-subscriptions': 'what a system asks to be told of, and where',
  'GET /v1/signal-subscriptions/:id': 'what a system asked to be told of, and where',
  'PATCH /v1/signal-subscriptions/:id': 'what a system asked to be told of, and where',
  'DELETE /v1/signal-subscriptions/:id': 'what a system asked to be told of, and where',
  'GET /v1/signal-subscriptions/:id/deliveries':
    'ids, codes and times of signals that the system was told; of whom is asked by each',
  'POST /v1/signal-subscriptions/:id/replays': 'how many signals are sent again',
  'GET /v1/subject-access-questions': 'ids of requests that wait for the caller, and by when; nothing of a child',
  'GET /v1/subject-access-questions/:id': 'has one purpose, subject access, under which its look is kept',
  'POST /v1/subject-access-questions/:id/answers': 'has one purpose, subject access, under which its look is kept',
  'GET /v1/agreements': 'agreements between legal bodies',
  'GET /v1/agreements/:agreement': 'agreements between legal bodies',
  'POST /v1/agreements/:agreement/endings': 'agreements between legal bodies',
  'POST /v1/agreements/:agreement/resumptions': 'agreements between legal bodies',
  'POST /v1/agreements/:agreement/suspensions': 'agreements between legal bodies',
  'POST /v1/agreements/:agreement/undoings': 'agreements between legal bodies',
  'POST /v1/agreements/:agreement/versions': 'agreements between legal bodies',
  'GET /v1/agreements/:agreement/versions/:version': 'agreements between legal bodies',
  'POST /v1/agreements/:agreement/versions/:version/approvals': 'agreements between legal bodies',
  'GET /v1/agreements/:agreement/versions/:version/changes': 'agreements between legal bodies',
  'POST /v1/agreements/:agreement/versions/:version/withdrawals': 'agreements between legal bodies',
  'GET /v1/checkpoint': 'hashes and signatures',
  'GET /v1/checkpoint/key': 'a public key',
  'GET /v1/proofs/consistency': 'hashes',
  'GET /v1/detection-rules': 'what the hub looks out for, whoever it is',
  'GET /v1/retention/schedule': 'how long each category is kept',
  'GET /v1/notices': 'kinds and references, of whoever asks',
  'GET /v1/proofs/inclusion': 'hashes',
  'GET /v1/tlog/checkpoint': 'hashes and signatures',
  'GET /v1/tlog/tile/:level/:a': 'hashes',
  'GET /v1/tlog/tile/:level/:a/:b': 'hashes',
  'GET /v1/tlog/tile/:level/:a/:b/:c': 'hashes',
  'GET /v1/tlog/tile/:level/:a/:b/:c/:d': 'hashes',
  'GET /v1/submissions/:id/receipts/:factId': 'proof of what the organisation stated itself',
  'GET /v1/looks/:decision/receipt': 'proof of a look, without a word of it',
  'POST /v1/organisations/:organisation/submissions': 'what an organisation states, with its basis in each fact',
  'GET /v1/submissions/:id': 'what became of what the organisation stated itself',
  'GET /v1/organisations/:organisation/quarantine': 'codes and pointers of the organisation’s own items',
  'POST /v1/organisations/:organisation/quarantine/:factId/resolutions': 'the organisation’s own item',
};

describe.each(Object.keys(APPS))('every route of %s', (name) => {
  let composed: ComposedHub;
  const folder = temporaryFolder();
  beforeAll(async () => {
    const config = loadConfig({ TELLONCE_VAR: join(folder.path, 'var'), TELLONCE_LOG_LEVEL: 'silent' });
    const parts = APPS[name];
    if (!config.ok || parts === undefined) throw new Error('no such app');
    composed = await compose({ version: 'routes', demoPeople: () => [], parts })(config.value, createLogger('silent'));
    await composed.app.init();
    await composed.app.getHttpAdapter().getInstance().ready();
  });
  afterAll(async () => {
    await composed.app.close();
    for (const resource of composed.resources) await resource.close();
    folder.remove();
  });

  it('that the router answers is a handler with declared roles and purpose', () => {
    const declared = new Map(listRoutes(composed.app).map((route) => [`${route.method} ${route.path}`, route.access]));
    const answered = routerOf(composed);
    expect(answered.length).toBeGreaterThan(5);
    expect(answered.filter((route) => declared.get(route) === undefined)).toEqual([]);
    expect([...declared.keys()].filter((route) => !answered.includes(route))).toEqual([]);
  });

  it('asks for a purpose, but for those that are about no child', () => {
    const free = listRoutes(composed.app)
      .filter(({ access }) => access?.purpose === 'none')
      .map(({ method, path }) => `${method} ${path}`);
    expect(free.filter((route) => !Object.hasOwn(NO_PURPOSE, route))).toEqual([]);
  });
});

it('no reason is kept for a route that is gone', async () => {
  const folder = temporaryFolder();
  const config = loadConfig({ TELLONCE_VAR: join(folder.path, 'var'), TELLONCE_LOG_LEVEL: 'silent' });
  if (!config.ok) throw new Error('configuration');
  const hub = await compose({ version: 'routes', demoPeople: () => [], parts: appParts })(
    config.value,
    createLogger('silent'),
  );
  const there = new Set(listRoutes(hub.app).map(({ method, path }) => `${method} ${path}`));
  for (const resource of hub.resources) await resource.close();
  folder.remove();
  expect(Object.keys(NO_PURPOSE).filter((route) => !there.has(route))).toEqual([]);
});

/** What the HTTP router itself answers, whoever registered it; HEAD goes with its GET. */
function routerOf({ app }: ComposedHub): readonly string[] {
  const printed = app.getHttpAdapter().getInstance().printRoutes({ commonPrefix: false, includeHooks: false });
  const routes: string[] = [];
  const open: string[] = [];
  for (const line of printed.split('\n')) {
    const found = /^((?:[│ ] {3})*)[├└]── (.*?) \(([A-Z, ]+)\)$/u.exec(line);
    if (found === null) {
      const part = /^((?:[│ ] {3})*)[├└]── (\S*)$/u.exec(line);
      if (part !== null) open.splice((part[1]?.length ?? 0) / 4, Infinity, part[2] ?? '');
      continue;
    }
    const [, indent = '', segment = '', methods = ''] = found;
    open.splice(indent.length / 4, Infinity, segment);
    for (const method of methods.split(', '))
      if (method !== 'HEAD' && method !== 'OPTIONS') routes.push(`${method} ${open.join('')}`);
  }
  return [...new Set(routes)];
}
