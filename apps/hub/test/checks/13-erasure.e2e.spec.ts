import { cpSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Answer, Asking } from '#nest-platform/client';
import { temporaryFolder } from '#testing';
import { parseReceipt, parseVkey, verifyReceipt } from '#transparency';
import type { SharingBasis, SubjectIdentity } from '#contracts';
import { verifyFolder } from '../../../cli/src/commands/log.ts';
import { VIEWS, type Views } from '../../src/hub.module.ts';
import { wordsUnder } from '../privacy/canary-scan.ts';
import { inOneProcess } from '../one-process.ts';
import { MAYA, seen, tellWorld, VOICE, type World } from '../trust/world.ts';
import {
  caughtUp,
  mustBe,
  ON_SERVERS,
  organisation,
  PUBLIC_TASK,
  receiptOf,
  runningHub,
  timeline,
  type RunningHub,
  type Telling,
  type TestOrganisation,
} from '../running-hub.ts';
const SAFEGUARDING: SharingBasis = {
  lawful: 'legal-obligation',
  condition: 'safeguarding-of-children',
  confidentiality: 'statute',
  purposes: ['safeguarding'],
};
const WORDS = ['Ottilie Quillfeather', 'Zinnober waits', 'Zinnober contradicts'] as const;
const CANARIES: readonly string[] = [MAYA.surname ?? '', MAYA.nhsNumber ?? '', VOICE, ...WORDS];
const CARE: SubjectIdentity = { ...MAYA, localId: 'care-1' };
const PLAN_UNFOUNDED: Telling = {
  id: 'plan-1',
  type: 'social-care.child-protection-plan-started.v1',
  category: 'social.child-protection',
  subject: CARE,
  fact: { startDate: '2026-05-19', abuseCategory: 'neglect', leadProfessional: WORDS[0] },
};
const PLAN: Telling = { ...PLAN_UNFOUNDED, basis: SAFEGUARDING };
/** One without a basis, and one that says of a known child what can't be. Both wait, whole. */
const WAITING: readonly Telling[] = [
  { ...PLAN_UNFOUNDED, id: 'plan-2', fact: { ...PLAN.fact, leadProfessional: WORDS[1] } },
  {
    ...PLAN,
    id: 'plan-3',
    subject: { ...CARE, nhsNumber: '9991234005' },
    fact: { ...PLAN.fact, leadProfessional: WORDS[2] },
  },
];

const NOBODY = '11111111-1111-4111-8111-111111111111';
const PLAN_TYPE = PLAN.type;
const RELATIONSHIP = 'any.relationship-started.v1';

const folder = temporaryFolder();
const kept = temporaryFolder();
let hub: RunningHub;
let world: World;
let care: TestOrganisation;
let vkey: string;
let look: { readonly decision: string; readonly receipt: string };
let before: Kept;
let after: Kept;

/** What of keys, rows and views is in the files: by the id of the key, record or statement. */
interface Kept {
  readonly keys: ReadonlyMap<string, Buffer>;
  readonly records: readonly string[];
  readonly texts: readonly Buffer[];
}

beforeAll(async () => {
  hub = await runningHub({ folder: folder.path, witness: true });
  world = await tellWorld(hub);
  care = await organisation(hub, 'childrens-social-care', 'social-care');
  const involved = { kind: 'allocation', name: 'social-worker', person: 'person-90aa', startDate: '2026-05-18' };
  const identity = { type: 'any.relationship-started.v1', category: 'identity.core', basis: PUBLIC_TASK };
  const started = await care.tell({ ...identity, id: 'involved-1', subject: CARE, fact: involved });
  const outcomes = [started.outcome, (await care.tell(PLAN)).outcome];
  for (const item of WAITING) outcomes.push((await care.tell(item)).outcome);
  expect(outcomes).toEqual(['published', 'published', 'quarantined', 'quarantined']);
  await caughtUp(hub);
  vkey = hub.composed.opened.core.proof.vkey;
  const looked = mustBe(200, await timeline(hub.person('senco'), world.child, 'sen-support'));
  const decision = looked.headers.get('hub-decision-id') ?? '';
  look = { decision, receipt: await receiptOf(hub.person('senco'), decision) };
  before = await inStores();
  for (const name of readdirSync(hub.varDir).filter((each) => each.startsWith('keys.db')))
    cpSync(join(hub.varDir, name), join(kept.path, name));
});
afterAll(async () => {
  await hub.stop();
  folder.remove();
  kept.remove();
});

async function inStores(): Promise<Kept> {
  const statements = await hub.rows({ store: 'timeline', table: 'statement' });
  return {
    keys: new Map(
      (await hub.rows({ store: 'keys', table: 'keys' })).map(({ id, wrapped }) => [
        String(id),
        Buffer.from(wrapped as Uint8Array),
      ]),
    ),
    records: (await hub.rows({ store: 'identity', table: 'source_record' })).map((row) => String(row['record_id'])),
    texts: statements.flatMap(({ sealed_text: text }) => (typeof text === 'string' ? [Buffer.from(text)] : [])),
  };
}

/** Names of the files under the folders that have any of the bytes; of servers, those of their tables. */
async function filesWith(folders: readonly string[], bytes: readonly Buffer[]): Promise<readonly string[]> {
  await hub.dump();
  return folders.flatMap((top) =>
    readdirSync(top, { recursive: true, encoding: 'utf8' }).filter((name) => {
      const file = join(top, name);
      if (!statSync(file).isFile()) return false;
      const content = readFileSync(file);
      return bytes.some((each) => content.includes(each));
    }),
  );
}

/** The bytes of keys that were and are not. */
function gone(from: Kept, to: Kept): readonly Buffer[] {
  return [...from.keys].filter(([id]) => !to.keys.has(id)).map(([, wrapped]) => wrapped);
}

/** What a parent wrote with the request; it must stand nowhere in the clear either. */
const PLEA = 'Please forget our Marmaduke altogether';

function officer(path: string, json: object, person = 'dpo'): Promise<Answer> {
  return hub.person(person).ask(path, { json, headers: { 'hub-purpose': 'audit' } });
}

function requested(json: object = {}, person = 'dpo'): Promise<Answer> {
  const body = { childId: world.child, from: 'parent', identity: 'photo-identity-seen', words: PLEA, ...json };
  return officer('/v1/erasure-requests', body, person);
}

/** Asks, grants and erases. */
async function erase(json: object = {}, person = 'dpo'): Promise<Answer> {
  const { request } = mustBe(201, await requested(json, person)).json as { request: string };
  mustBe(200, await officer(`/v1/erasure-requests/${request}/decisions`, { outcome: 'grant', ground: 'c' }, person));
  return officer('/v1/erasures', { childId: world.child, ground: 'article-17', request, ...json }, person);
}

async function requestOf(request: string, person = 'dpo'): Promise<Record<string, unknown>> {
  return mustBe(200, await as(person, 'audit', `/v1/erasure-requests/${request}`)).json as Record<string, unknown>;
}

function as(person: string, purpose: string, path: string, asking: Asking = {}): Promise<Answer> {
  return hub.person(person).ask(path, { ...asking, headers: { 'hub-purpose': purpose } });
}

async function restarted(): Promise<void> {
  const port = Number(new URL(hub.url).port);
  await hub.stop();
  hub = await runningHub({ folder: folder.path, witness: true, port });
  await caughtUp(hub);
}

async function rebuilt(): Promise<void> {
  const generation = async () => (await hub.composed.app.get<Views>(VIEWS).timeline.status()).generation;
  const old = await generation();
  const path = '/v1/admin/projections/timeline/rebuilds';
  mustBe(202, await as('administrator', 'system-support', path, { method: 'POST' }));
  for (let tries = 0; tries < 200; tries++) {
    if ((await generation()) > old) return caughtUp(hub);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('the rebuild does not end');
}

const pupilSees = () => seen(hub.person('senco'), world.child, 'sen-support');
const workerSees = () => seen(hub.person('social-worker'), world.child, 'safeguarding');

describe('check 13: erasure', () => {
  it('is refused to an organisation’s officer for another’s record, and for nobody’s', async () => {
    for (const asked of [{ organisation: 'childrens-social-care' }, {}]) {
      expect((await requested(asked, 'dpo-oakfield')).status).toBe(404);
      const body = { childId: world.child, ground: 'court-order', ...asked };
      expect((await officer('/v1/erasures', body, 'dpo-oakfield')).status).toBe(404);
    }
    expect((await requested({ childId: NOBODY })).status).toBe(404);
    expect((await officer('/v1/erasures', { childId: NOBODY, ground: 'court-order' })).status).toBe(404);
    expect(await workerSees()).toEqual([RELATIONSHIP, PLAN_TYPE]);
    expect(gone(before, await inStores())).toEqual([]);
  });

  it('needs a granted request about the same; a refusal is recorded with its exemption, and erases nothing', async () => {
    const { request } = mustBe(201, await requested()).json as { request: string };
    const body = { childId: world.child, ground: 'article-17' };
    for (const asked of [body, { ...body, request }]) expect((await officer('/v1/erasures', asked)).status).toBe(409);
    expect((await officer('/v1/erasures', { ...body, request, organisation: 'oakfield-primary' })).status).toBe(404);
    const refusal = { outcome: 'refuse', exemption: 'public-task', words: 'Kept under the Children Act' };
    const decisions = `/v1/erasure-requests/${request}/decisions`;
    expect((await officer(decisions, refusal, 'dpo-oakfield')).status).toBe(404);
    expect(mustBe(200, await officer(decisions, refusal)).json).toEqual({ request, status: 'refused' });
    expect((await officer(decisions, { outcome: 'grant', ground: 'a' })).status).toBe(409);
    expect((await officer('/v1/erasures', { ...body, request })).status).toBe(409);
    const decided = { exemption: 'public-task', words: 'Kept under the Children Act' };
    expect(await requestOf(request)).toMatchObject({ status: 'refused', words: PLEA, decision: decided });
    expect((await as('dpo-oakfield', 'audit', `/v1/erasure-requests/${request}`)).status).toBe(404);
    expect((await officer('/v1/erasures', { ...body, ground: 'retention-ended' })).json).toMatchObject({
      code: 'CALLER_RETENTION_NOT_OVER',
    });
    expect(gone(before, await inStores())).toEqual([]);
  });

  it('yields to a legal hold, which only the officers concerned are told of', async () => {
    const path = `/v1/children/${world.child}/legal-holds`;
    const placing = { reason: 'public-inquiry', reviewOn: '2099-01-01', words: 'Module three asks for it' };
    const { hold } = mustBe(201, await officer(path, placing)).json as { hold: string };
    for (const [asked, person] of [
      [{ organisation: 'childrens-social-care' }, 'dpo'],
      [{ organisation: 'oakfield-primary' }, 'dpo-oakfield'],
    ] as const) {
      const held = await erase(asked, person);
      expect([held.status, held.json]).toMatchObject([409, { code: 'HUB_LEGAL_HOLD' }]);
      expect(held.text).toContain(hold);
    }
    const ordered = await officer('/v1/erasures', { childId: world.child, ground: 'court-order' });
    expect(ordered.json).toMatchObject({ code: 'HUB_LEGAL_HOLD', errors: [{ code: 'PUBLIC_INQUIRY' }] });
    expect(gone(before, await inStores())).toEqual([]);
    expect((await hub.person('senco').ask(path, { headers: { 'hub-purpose': 'sen-support' } })).status).toBe(403);
    const holds = async (person: string) => (await as(person, 'audit', path)).json;
    const shown = { hold, organisation: null, reason: 'public-inquiry', reviewDue: false, words: placing.words };
    expect([await holds('dpo'), await holds('dpo-oakfield')]).toMatchObject([{ holds: [shown] }, { holds: [shown] }]);
    const change = (person: string) =>
      as(person, 'audit', `${path}/${hold}`, { method: 'PATCH', json: { change: 'lift' } });
    expect((await change('dpo-oakfield')).status).toBe(404);
    mustBe(200, await change('dpo'));
    expect(await holds('dpo')).toEqual({ holds: [] });
  });

  it('takes what one organisation told from every reader at once, and nothing else', async () => {
    const pupil = await seen(hub.person('senco'), world.child, 'sen-support');
    const erased = mustBe(201, await erase({ organisation: 'childrens-social-care' })).json as { request: string };
    expect(await workerSees()).not.toContain(PLAN_TYPE);
    expect(erased).toMatchObject({ status: 'carried-out', records: 1, keysDestroyed: 2, failing: [] });
    const stores = hub.composed.opened.core.erasers();
    const counted = (await requestOf(erased.request))['carriedOut'] as { stores: readonly { store: string }[] };
    expect(counted.stores.map(({ store }) => store).toSorted()).toEqual([...stores, 'identity', 'keys'].toSorted());
    expect(await seen(hub.person('senco'), world.child, 'sen-support')).toEqual(pupil);
    expect(pupil).toHaveLength(3);
    after = await inStores();
  });

  it('destroys the keys of what waited of the record too, also where only its own id told whose it is', async () => {
    expect(gone(before, after)).toHaveLength(2 + WAITING.length);
    const waiting = async () => (await care.system.ask('/v1/organisations/childrens-social-care/quarantine')).json;
    await caughtUp(hub);
    expect(await waiting()).toEqual({ items: [] });
  });

  it('leaves neither keys nor rows nor sealed words in any file but the log', async () => {
    const records = before.records.filter((record) => !after.records.includes(record));
    expect([records.length, after.records.length]).toEqual([1, 3]);
    const kept = after.texts.map(String);
    const texts = before.texts.filter((each) => !kept.includes(String(each)));
    expect(texts).toHaveLength(2);
    expect(await filesWith([hub.folder], gone(before, after))).toEqual([]);
    const words = [...texts, ...records.map((record) => Buffer.from(record))];
    expect((await filesWith([hub.folder], words)).filter((name) => !/^(var\/log|event-store)\.db/.test(name))).toEqual(
      [],
    );
  });

  it('brings nothing back by a rebuild, a restart or a late fact', async () => {
    const late = { outcome: 'rejected', reasons: [{ code: 'RECORD_ERASED' }] };
    expect(await care.tell({ ...PLAN, id: 'plan-4' })).toMatchObject(late);
    await rebuilt();
    expect(await workerSees()).not.toContain(PLAN_TYPE);
    await restarted();
    for (const id of [PLAN.id, 'plan-5']) expect(await care.tell({ ...PLAN, id })).toMatchObject(late);
    await caughtUp(hub);
    expect(await workerSees()).not.toContain(PLAN_TYPE);
    expect((await inStores()).records).toEqual(after.records);
    expect((await requested({ organisation: 'childrens-social-care' })).status).toBe(404);
  });

  it('is done by an organisation’s own officer for what it told', async () => {
    const leak = join(hub.varDir, 'leak.txt');
    writeFileSync(leak, Buffer.from(`of ${MAYA.nhsNumber ?? ''}`).toString('base64'));
    const found = mustBe(202, await erase({ organisation: 'oakfield-primary' }, 'dpo-oakfield')).json;
    expect(found).toMatchObject({ status: 'in-progress', failing: ['scan'], records: 1 });
    rmSync(leak);
    const { request } = found as { request: string };
    const again = { childId: world.child, ground: 'article-17', request, organisation: 'oakfield-primary' };
    const own = await officer('/v1/erasures', again, 'dpo-oakfield');
    expect(mustBe(201, own).json).toMatchObject({ records: 1, scan: { hits: 0 } });
    expect(await pupilSees()).not.toContain('education.enrolment-started.v1');
  });

  it('goes on after a restart where a store failed, tells who had read of it, and searches every file', async () => {
    hub.composed.opened.core.addEraser({ name: 'failing', erase: () => Promise.reject(new Error('crash')) });
    const begun = mustBe(202, await erase()).json as { request: string };
    expect(begun).toMatchObject({
      status: 'in-progress',
      failing: ['failing'],
      records: 0,
      told: ['childrens-social-care', 'oakfield-primary'],
    });
    expect(await requestOf(begun.request)).toMatchObject({ status: 'in-progress', failing: ['failing'] });
    const seenThen = [await pupilSees(), await workerSees()];
    for (const sees of seenThen) expect([403, 404, []]).toContainEqual(sees);
    await restarted();
    for (let tries = 0; tries < 500 && (await requestOf(begun.request))['status'] !== 'carried-out'; tries++)
      await new Promise((resolve) => setTimeout(resolve, 20));
    const done = await requestOf(begun.request);
    expect(done).toMatchObject({
      status: 'carried-out',
      carriedOut: { records: 2, told: ['childrens-social-care', 'oakfield-primary'] },
    });
    const { scan } = done['carriedOut'] as { scan: { files: number; words: number; hits: number } };
    expect(scan.hits).toBe(0);
    expect([scan.files > 5, scan.words > 2]).toEqual([true, true]);
    const again = { childId: world.child, ground: 'article-17', request: begun.request };
    expect(mustBe(201, await officer('/v1/erasures', again)).json).toMatchObject({ records: 2 });
    expect((await requested()).status).toBe(404);
  });

  inOneProcess('it goes by the files of one').it(
    'reaches every store that is kept: a file is of one of them, or it is said here why it need not be',
    () => {
      const { core } = hub.composed.opened;
      const reached: Readonly<Record<string, RegExp>> = {
        keys: /^keys\.db/,
        identity: /^identity\.db/,
        quarantine: /^views.quarantine/,
        timeline: /^views.timeline/,
        notices: /^views.notices/,
        signals: /^delivery\.db/,
      };
      const excused: Readonly<Record<string, RegExp>> = {
        'cipher text without keys, random ids; hashes of them': /^(log\.db|tree\.db|checkpoints|heads\.db)/,
        'looks, kept as the account of who read': /^views.usage/,
        'keyed hashes of whose looks and at whom': /^(views.audit|detections\.db)/,
        'requests, holds, emergency accesses, findings and cases by random ids, kept as the account of what was done':
          /^views.(requests|break-glass|reviews)/,
        'ids and outcomes of what organisations handed in, ids of tokens used': /^(receipts|jti)\.db/,
        'a place in the log, or a lock': /^positions\.db|lock/,
      };
      const known = [...Object.values(reached), ...Object.values(excused)];
      const files = readdirSync(hub.varDir, { recursive: true, encoding: 'utf8' }).filter((name) =>
        statSync(join(hub.varDir, name)).isFile(),
      );
      expect(files.filter((name) => !known.some((pattern) => pattern.test(name)))).toEqual([]);
      expect(['keys', 'identity', ...core.erasers()].toSorted()).toEqual(
        [...Object.keys(reached), 'subject-access'].toSorted(),
      );
    },
  );

  it('leaves nothing of the child, and the looks at it to those who may ask', async () => {
    await caughtUp(hub);
    after = await inStores();
    expect([after.records, after.texts]).toEqual([[], []]);
    expect(await filesWith([hub.folder], gone(before, after))).toEqual([]);
    expect(wordsUnder(hub.folder, [...CANARIES, PLEA])).toEqual([]);
    for (const sees of [await workerSees(), await pupilSees()]) expect([403, 404, []]).toContainEqual(sees);
    for (const [person, purpose] of [
      ['dpo', 'audit'],
      ['parent', 'subject-access'],
    ] as const) {
      const usage = mustBe(200, await as(person, purpose, `/v1/children/${world.child}/usage?limit=200`));
      expect(usage.text).toContain(look.decision);
    }
  });

  it('holds every proof, old ones too', async () => {
    const bytes = parseReceipt(look.receipt)?.extra ?? new Uint8Array();
    expect(verifyReceipt(look.receipt, bytes, [parseVkey(vkey)])).toMatchObject({ ok: true });
    expect(await receiptOf(hub.person('dpo'), look.decision)).toContain('c2sp.org/tlog-proof@v1');
    // On servers the log is no file that can be verified without a hub.
    if (ON_SERVERS) return;
    const witness = join(hub.folder, 'witness');
    expect(await verifyFolder({ varDir: hub.varDir, vkey, witness })).toMatchObject({ ok: true });
  });

  inOneProcess('keys there are in files').it('destroys again the keys of a backup from before', async () => {
    const lost = gone(before, after);
    await hub.stop();
    for (const name of readdirSync(hub.varDir).filter((each) => each.startsWith('keys.db')))
      rmSync(join(hub.varDir, name));
    for (const name of readdirSync(kept.path)) cpSync(join(kept.path, name), join(hub.varDir, name));
    expect(await filesWith([hub.varDir], lost)).not.toEqual([]);
    await restarted();
    await rebuilt();
    expect(await filesWith([hub.folder], lost)).toEqual([]);
    expect((await inStores()).texts).toEqual([]);
    for (const sees of [await workerSees(), await pupilSees()]) expect([403, 404, []]).toContainEqual(sees);
  });
});
