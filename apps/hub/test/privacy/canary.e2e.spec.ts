import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createLogger, type DeclaredRoute } from '#nest-platform';
import type { Asking, HubClient } from '#nest-platform/client';
import { program } from '../../../cli/src/program.ts';
import { classList, handIn, nems, SAMPLES, SAMPLES_THERE, taken } from '../input/submitting.ts';
import { bodyOf } from '../agreements.ts';
import { numbersOf, outsideLists } from '../operate/label-values.ts';
import { seen, withdraw } from '../trust/world.ts';
import { caughtUp, mustBe, ON_SERVERS, runningHub, type RunningHub } from '../running-hub.ts';
import { CANARIES, CANARY, tellOfCanary, WORDS, type CanaryWorld } from './canary-child.ts';
import { wordsIn, wordsUnder, writingsOf } from './canary-scan.ts';

const { nhsNumber, upn, surname, givenName, postcode, birthDate } = CANARY;
const DETAIL = `About ${givenName} ${nhsNumber} of ${postcode}`;
const sampled = SAMPLES_THERE ? it : it.skip;
const why = SAMPLES_THERE ? '' : ' (skipped: the samples are absent, set SAMPLES_DIR)';
const linux = existsSync('/proc/self/fd') ? it : it.skip;
const found = (text: string) => wordsIn(Buffer.from(text), CANARIES);

/** What the hub said to anybody, by the way it said it. */
const heard = { log: [] as string[], console: [] as string[], head: [] as string[], refusal: [] as string[] };
const plainFetch = globalThis.fetch;
let hub: RunningHub;
let world: CanaryWorld;

beforeAll(async () => {
  for (const way of ['log', 'info', 'warn', 'error', 'debug'] as const)
    jest.spyOn(console, way).mockImplementation((...said) => void heard.console.push(said.map(String).join(' ')));
  globalThis.fetch = async (...asked) => {
    const answer = await plainFetch(...asked);
    heard.head.push(JSON.stringify([...answer.headers]));
    if (answer.status >= 400) heard.refusal.push(`${String(answer.status)} ${await answer.clone().text()}`);
    return answer;
  };
  const logger = createLogger('trace', { write: (line) => void heard.log.push(line) });
  hub = await runningHub({ witness: true, logger });
  world = await tellOfCanary(hub);
  await caughtUp(hub);
});
afterAll(async () => {
  globalThis.fetch = plainFetch;
  jest.restoreAllMocks();
  await hub.remove();
});

describe('the search', () => {
  it.each(CANARIES)('finds %s in every writing, wherever it stands', (word) => {
    for (const [writing, forms] of writingsOf(word)) {
      expect([writing, forms.length]).not.toEqual([writing, 0]);
      for (const form of forms)
        expect(wordsIn(Buffer.concat([Buffer.from('{"a":"'), form, Buffer.from('"}')]), CANARIES).join()).toContain(
          word,
        );
    }
    for (const before of ['', 'a', 'ab', 'abc'])
      for (const alphabet of ['base64', 'base64url', 'hex'] as const) {
        const text = Buffer.from(`${before}${word}, and more`).toString(alphabet);
        expect(wordsIn(Buffer.from(text), [word])).toContain(`${word} as ${alphabet}`);
      }
  });
});

describe('check 24: a child whose every identifier is searched for', () => {
  it('was told of in every way', () => {
    expect(world.outcomes).toMatchObject({
      'enrol-1': 'published',
      'correct-1': 'published',
      'withdraw-1': 'withdrawn',
      'profile-1': 'published',
      'plan-1': 'published',
      'plan-2': 'quarantined',
      'odd-1': 'quarantined',
      'odd-2': 'quarantined',
    });
  });

  it('is in a class list with rows that can be used and rows that cannot', async () => {
    const header = 'CHILD_FIRST_NAME,CHILD_LAST_NAME,CHILD_DATE_OF_BIRTH,CHILD_NHS_NUMBER,CHILD_POSTCODE';
    const rows = [
      [givenName, surname, birthDate, nhsNumber, postcode],
      [givenName, surname, 'tomorrow', nhsNumber, postcode],
      [givenName, surname, birthDate, `${nhsNumber}1`, surname],
      [givenName, surname, `"${birthDate}`, nhsNumber],
    ];
    const body = [header, ...rows.map((row) => row.join(','))].join('\n');
    const headers = { 'idempotency-key': `list-${surname.toLowerCase().replace('ö', 'o')}` };
    const receipt = await taken(world.school, { ...classList(body), headers });
    expect(new Set(receipt.items.map(({ outcome }) => outcome))).toEqual(new Set(['published', 'quarantined']));
    expect(found(JSON.stringify(receipt))).toEqual([]);
  });

  sampled(`is in messages of the NEMS: taken, and refused${why}`, async () => {
    const sample = readFileSync(join(SAMPLES, 'nems', 'newborn-hearing-1-new.xml'), 'utf8');
    const body = sample
      .replaceAll('9912003888', nhsNumber)
      .replaceAll(/dawkins/gi, surname)
      .replaceAll('Jack', givenName)
      .replaceAll('2013-10-12', birthDate);
    expect(found(body)).not.toEqual([]);
    const receipt = await taken(world.trust, nems(body));
    expect(receipt.items.map(({ outcome }) => outcome)).toEqual(['published']);
    for (const broken of [
      body.replace('</Bundle>', ''),
      `<!DOCTYPE ${givenName}>${body}`,
      body.replace('<Bundle', `<${givenName}`),
    ])
      await handIn(world.trust, nems(broken));
    const odd = await handIn(world.trust, nems(body.replaceAll(nhsNumber, `${nhsNumber}${surname}`)));
    expect(found(odd.text)).toEqual([]);
  });

  it('is looked at, by name, by people who see the words; the consent is withdrawn afterwards', async () => {
    const asking = { headers: { 'hub-purpose-detail': DETAIL } };
    const look = (key: string, purpose: string) =>
      hub
        .person(key)
        .ask(`/v1/children/${world.child}/timeline`, { headers: { ...asking.headers, 'hub-purpose': purpose } });
    await caughtUp(hub);
    const senco = mustBe(200, await look('senco', 'sen-support'));
    expect(found(senco.text).join()).toContain(WORDS.voice);
    expect(mustBe(200, await look('social-worker', 'safeguarding')).text).toContain(WORDS.lead);
    mustBe(200, await look('parent', 'subject-access'));
    expect((await look('teacher-elsewhere', 'sen-support')).status).toBe(404);
    const json = { nhsNumber, upn, surname, givenName, birthDate };
    const headers = { 'hub-purpose': 'sen-support', 'hub-purpose-detail': DETAIL };
    for (const key of ['senco', 'teacher-elsewhere']) {
      const answer = mustBe(200, await hub.person(key).ask('/v1/child-matches', { json, headers }));
      expect(found(answer.text)).toEqual([]);
    }
    await withdraw(hub, world.child, 'voice-1');
    expect(await seen(hub.person('senco'), world.child, 'sen-support')).not.toContain(
      'voice.one-page-profile-written.v1',
    );
  });

  it('is in the words of decisions, objections and claims, which those they are for can read', async () => {
    const scope = { categories: ['voice'], purposes: ['sen-support'] };
    const say = async (key: string, purpose: string, path: string, json: object) => {
      const asked = { json, headers: { 'hub-purpose': purpose } };
      return mustBe(201, await hub.person(key).ask(`/v1/children/${world.child}/${path}`, asked));
    };
    const sharing = { ...scope, outcome: 'not-to-share', ground: 'risk-to-child' };
    await say('senco', 'sen-support', 'sharing-decisions', { ...sharing, words: DETAIL });
    await say('parent', 'subject-access', 'objections', {
      ...scope,
      organisation: world.school.id,
      words: WORDS.voice,
    });
    await say('senco', 'sen-support', 'relationship-claims', { reason: 'urgent-contact', words: DETAIL });
    const read = async (path: string) =>
      hub.person('senco').ask(`/v1/children/${world.child}/${path}`, { headers: { 'hub-purpose': 'sen-support' } });
    expect(mustBe(200, await read('sharing-decisions')).text).toContain(nhsNumber);
    expect(mustBe(200, await read('objections')).text).toContain(WORDS.voice);
  });

  it('is in every place of requests that fail, and in no answer', async () => {
    const before = heard.refusal.length;
    for (const route of hub.routes())
      for (const asking of wrongRequests(route)) {
        const { status } = await readerOf(route).ask(asking.path, asking);
        if (status >= 500) throw new Error(`${route.method} ${route.path}: ${String(status)}`);
      }
    for (const form of [
      `person=${surname}`,
      `${givenName}=${nhsNumber}`,
      surname,
      `grant_type=${surname}&client_id=${nhsNumber}`,
    ])
      for (const start of ['', 'grant_type=urn:tellonce:grant:demonstration-person&client_id=demonstration&'])
        await fetch(`${hub.url}/oidc/token`, { method: 'POST', body: new URLSearchParams(`${start}${form}`) });
    for (const path of [
      `/${surname}`,
      `/v1/${nhsNumber}`,
      `/oidc/${givenName}`,
      `/oidc/auth?client_id=${nhsNumber}`,
      `/%${givenName}`,
    ])
      for (const method of ['GET', 'PUT', 'POST']) await fetch(`${hub.url}${path}`, { method });
    expect(heard.refusal.length - before).toBeGreaterThan(300);
    expect([...new Set(heard.refusal.filter((text) => found(text).length > 0))]).toEqual([]);
    expect([...new Set(heard.head.filter((text) => found(text).length > 0))]).toEqual([]);
  }, 240_000);

  it('gives no name to a consent or an agreement: those stand in the log as they are', async () => {
    const scope = { categories: ['voice'], purposes: ['sen-support'] };
    const given = { ...scope, decision: 'give', authority: 'parental-responsibility' };
    const agreed = bodyOf({
      ...scope,
      id: 'of-one',
      source: world.family.id,
      recipient: world.school.id,
      roles: ['senco'],
    });
    const registered = { sector: 'education', codes: {}, keys: [], profile: {} };
    const wrong: readonly (readonly [string, string, object])[] = [nhsNumber, upn].flatMap((number) => [
      ['parent', `/v1/children/${world.child}/consents`, { ...given, consent: `voice-${number}` }],
      ['school', '/v1/agreements/of-one/versions', { ...agreed, title: `For ${number}` }],
      ['school', `/v1/agreements/of-${number}/versions`, agreed],
      ['school', '/v1/agreements/voice/endings', { reason: `Asked for by ${number}` }],
      ['school', '/v1/agreements/voice/suspensions', { reason: `Asked for by ${number}` }],
      ['school', '/v1/agreements/voice/undoings', { version: 1, reason: `Asked for by ${number}` }],
      ['school', '/v1/agreements/voice/versions/1/withdrawals', { reason: `Asked for by ${number}` }],
      ['administrator', '/v1/organisations', { ...registered, organisation: 'one', name: `Home of ${number}` }],
    ]);
    for (const [key, path, json] of wrong) {
      const answer =
        key === 'school'
          ? await world.school.system.ask(path, { json })
          : await hub.person(key).ask(path, { json, headers: { 'hub-purpose': purposeFor(path, key) } });
      expect([path, answer.status]).toEqual([path, 400]);
    }
  });

  linux('lies in the spool of a large body as nothing that can be read', async () => {
    const piece = Buffer.from(`${givenName},${surname},${nhsNumber}\n`.repeat(2000));
    const pause = Promise.withResolvers<undefined>();
    const sent = Promise.withResolvers<undefined>();
    const body = new ReadableStream<Uint8Array>({
      start: async (stream) => {
        stream.enqueue(Buffer.from('A,B,C\n'));
        for (let bytes = 0; bytes < 6_000_000; bytes += piece.length) stream.enqueue(piece);
        sent.resolve(undefined);
        await pause.promise;
        stream.close();
      },
    });
    const asked = world.school.system.ask(`/v1/organisations/${world.school.id}/submissions?setting=100101`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'text/csv' },
    });
    await sent.promise;
    let spooled = Buffer.alloc(0);
    for (let tries = 0; spooled.length < 4_500_000 && tries < 200; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      spooled = Buffer.concat(openSpools().map((file) => readFileSync(file)));
    }
    expect(spooled.length).toBeGreaterThan(4_000_000);
    expect(wordsIn(spooled, CANARIES)).toEqual([]);
    pause.resolve(undefined);
    expect((await asked).status).toBe(400);
    expect([openSpools(), readdirSync(tmpdir()).filter((name) => name.startsWith('tellonce-body-'))]).toEqual([[], []]);
  });

  it('is in no metric', async () => {
    const text = await hub.metrics();
    expect(text).toContain('tellonce_http_request_duration_seconds');
    expect(found(text)).toEqual([]);
    const shown = await numbersOf(hub);
    expect(shown.length).toBeGreaterThan(200);
    expect(outsideLists(shown, hub)).toEqual([]);
  });

  it('is in no line of the log, at its finest, nor on the console', () => {
    expect(heard.log.filter((line) => line.includes('"request"')).length).toBeGreaterThan(300);
    for (const line of heard.log) expect(line).toMatch(/^\{.*\}\n$/);
    expect(heard.log.filter((line) => found(line).length > 0)).toEqual([]);
    expect(heard.console.filter((line) => found(line).length > 0)).toEqual([]);
  });

  it('is in no file, nor in the name of one: the folder, the witness, the key, a backup', async () => {
    await hub.dump();
    if (!ON_SERVERS) await backedUp();
    const names = readdirSync(hub.folder, { recursive: true }).map(String);
    const kept = ON_SERVERS
      ? ['event-store.db', 'servers/keys.keys', 'servers/identity.source_record', 'var-education']
      : ['var/log.db', 'var/keys.db', 'var/receipts.db', 'backup/log.db'];
    expect(['witness', 'tellonce.key', ...kept].filter((name) => !names.includes(name))).toEqual([]);
    expect(wordsUnder(hub.folder, CANARIES)).toEqual([]);
    await hub.stop();
    expect(wordsUnder(hub.folder, CANARIES)).toEqual([]);
  });
});

/** Makes a backup of the folder, as an operator would. */
async function backedUp(): Promise<void> {
  const env = {
    TELLONCE_PUBLIC_URL: hub.url,
    TELLONCE_VAR: hub.varDir,
    TELLONCE_WITNESS_DIR: join(hub.folder, 'witness'),
  };
  await program(env, () => undefined).parseAsync(['node', 'tellonce', 'log', 'backup', join(hub.folder, 'backup')]);
}

/** Files of bodies that are open and have no name any more. */
function openSpools(): readonly string[] {
  return readdirSync('/proc/self/fd').flatMap((name) => {
    const file = join('/proc/self/fd', name);
    try {
      return readlinkSync(file).includes('tellonce-body-') ? [file] : [];
    } catch {
      return [];
    }
  });
}

/** Somebody who gets past the sign-in of a route. */
function readerOf({ access }: DeclaredRoute): HubClient {
  const roles = access?.roles ?? [];
  if (roles === 'anyone' || roles === 'signed-in' || roles.includes('senco')) return hub.person('senco');
  if (roles.includes('organisation-system')) return world.school.system;
  if (roles.includes('parent')) return hub.person('parent');
  return hub.person(roles.includes('data-protection-officer') ? 'dpo' : 'administrator');
}

/** Requests to a route with the canary in one place each: the path, the query, every header, bodies of wrong kinds. */
function wrongRequests({ method, path }: DeclaredRoute): readonly (Asking & { readonly path: string })[] {
  const real: Readonly<Record<string, string>> = { childId: world.child, organisation: world.school.id };
  const filled = (word?: string) =>
    path.replaceAll(/:(\w+)/g, (_whole, name: string) => encodeURIComponent(word ?? real[name] ?? 'nothing'));
  const headers = { 'hub-purpose': purposeFor(path), 'content-type': 'application/json' };
  const plain = { method, headers };
  const ascii = `${givenName} ${nhsNumber}`;
  const queries = [
    'q',
    'cursor',
    'limit',
    'type',
    'from',
    'asOf',
    'orderBy',
    'format',
    'statedAt',
    'setting',
    'to',
    surname,
  ];
  const named = [
    'x-request-id',
    'x-correlation-id',
    'hub-purpose',
    'hub-acting-role',
    'hub-min-token',
    'hub-break-glass',
  ];
  const carried = [
    'hub-purpose-detail',
    'accept',
    'content-type',
    'idempotency-key',
    'prefer',
    'traceparent',
    'origin',
    'forwarded',
  ];
  const object = {
    childId: givenName,
    organisation: surname,
    name: surname,
    consent: surname,
    nhsNumber,
    surname: [surname],
  };
  const deep = {
    [surname]: { [nhsNumber]: surname },
    ground: nhsNumber,
    decision: givenName,
    action: surname,
    keys: [object],
  };
  const bodies = [object, deep, [surname], surname, Number(nhsNumber), { ...object, ...deep, birthDate: surname }];
  const raw = [
    `{"${surname}":`,
    `{"a":"${surname}","a":"${nhsNumber}"}`,
    `{"__proto__":"${surname}"}`,
    surname,
    `[${nhsNumber}`,
  ];
  return [
    ...[surname, nhsNumber, `${givenName}/..`, 'x\u0000y'].map((word) => ({ ...plain, path: filled(word) })),
    ...queries.map((name) => ({
      ...plain,
      path: `${filled()}?${new URLSearchParams({ [name]: `${surname} ${nhsNumber}` }).toString()}`,
    })),
    ...[...named, ...carried].map((name) => ({ method, path: filled(), headers: { ...headers, [name]: ascii } })),
    ...(method === 'GET'
      ? []
      : [...bodies.map((json) => JSON.stringify(json)), ...raw].map((body) => ({ ...plain, path: filled(), body }))),
  ];
}

function purposeFor(path: string, key = ''): string {
  if (key === 'administrator') return 'system-support';
  if (/usage|consents|subject-access/.test(path)) return 'subject-access';
  if (/erasure|legal-holds|retention|audit-queries|detection|watched|review/.test(path)) return 'audit';
  return path.includes('admin') ? 'system-support' : 'sen-support';
}
